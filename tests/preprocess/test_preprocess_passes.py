"""Several boluses in one series: which are found, and which one is used."""

import numpy as np
import pytest
from tiny_head import arterial_curve, tissue_of

from bolus.data import FrameWindow, SeriesError
from bolus.preprocess import find_frames


def signal(doses, dt=1.5, depth=0.25, snr=200.0, duration=190.0, seed=0):
    """Mean signal of injections (s after the first, dose); the bolus of 1 takes ``depth``."""
    fine = np.arange(0, duration, 0.02)
    onset = max(18.0, 5 * dt)
    curve = sum(dose * tissue(fine - onset - after) for after, dose in doses)
    frames = int(duration / dt)
    out = (1 - depth) ** np.interp(np.arange(frames) * dt, fine, curve)
    return 1000 * (out + np.random.default_rng(seed).normal(0, 1 / snr, frames)), onset / dt


def tissue(time):
    fine = np.arange(0, time[-1] - time[0] + 0.01, 0.02)
    rise = tissue_of(fine, arterial_curve(fine), 4.0, 0.02)
    return np.interp(time, fine, rise, left=0.0)


@pytest.mark.parametrize("dt", [0.7, 1.5, 2.0, 3.0])
@pytest.mark.parametrize(
    ("doses", "number"),
    [
        (((0, 1), (75, 1)), 1),
        (((0, 1), (75, 0.5)), 1),
        (((0, 0.5), (75, 1)), 2),
        (((0, 1), (50, 1), (100, 1)), 1),
        (((0, 0.5), (60, 0.5), (120, 1)), 3),
    ],
)
def test_one_of_several_boluses_is_used(doses, number, dt):
    curve, onset = signal(doses, dt)
    window = find_frames(curve)
    onsets = onset + np.array([after for after, _ in doses]) / dt
    late = max(3.0, 4 / dt)
    assert (window.number, len(window.others)) == (number, len(doses) - 1)
    found = np.sort([window.onset, *window.others])
    assert (found > onsets - 1).all()
    assert (found < onsets + late).all()
    # the agent of the one before is spread, and that of the next has not come
    assert number == 1 or window.first > onsets[number - 2] + 25 / dt
    assert number == len(doses) or window.stop <= onsets[number] + max(1, 1.5 / dt)


@pytest.mark.parametrize("dose", [0.0, 1.0])
@pytest.mark.parametrize("after", [5.0, 9.0, 12.0])
def test_neither_recirculation_nor_a_bolus_in_two_parts_is_a_second_bolus(dose, after):
    doses = ((0, 1),) if dose == 0 else ((0, 1), (after / 2, dose))
    for seed in range(5):
        assert find_frames(signal(doses, seed=seed)[0]).others == ()


@pytest.mark.parametrize("length", [2, 5, 10])
def test_a_head_that_moves_and_comes_back_is_no_bolus(length):
    curve, onset = signal(((0, 1),))
    curve[60 : 60 + length] *= 0.85
    window = find_frames(curve)
    assert window.others == ()
    assert abs(window.onset - onset) < 2


def test_boluses_too_close_to_be_measured_are_refused():
    with pytest.raises(SeriesError, match=r"2 boluses pass, at frames \[7, 17\]"):
        find_frames(signal(((0, 1), (30, 1)), dt=3.0)[0])


def test_another_bolus_within_the_used_frames_is_a_contradiction():
    assert FrameWindow(first=2, onset=10, stop=40, others=(40, 60)).number == 1
    assert FrameWindow(first=50, onset=60, stop=90, others=(10, 95)).number == 2
    with pytest.raises(SeriesError, match="other boluses"):
        FrameWindow(first=2, onset=10, stop=40, others=(39,))


@pytest.mark.parametrize("doses", [((0, 1), (14, 1)), ((0, 1), (13.5, 1))])
def test_boluses_that_overlap_are_refused_by_name(doses):
    with pytest.raises(SeriesError, match=r"two boluses overlap, deepest at frames \d+ and \d+"):
        find_frames(signal(doses)[0])


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (lambda onset, deepest: slice(deepest, None), "begins within the bolus"),
        (lambda onset, deepest: slice(0, deepest + 2), "its peak is cut off"),
        (lambda onset, deepest: slice(onset, None), "the bolus begins in the first frames"),
    ],
)
def test_a_bolus_of_which_an_end_is_missing_is_refused_by_name(part, words):
    curve, onset = signal(((0, 1),), duration=75.0, dt=1.0)
    with pytest.raises(SeriesError, match=words):
        find_frames(curve[part(int(onset), int(np.argmin(curve)))])
