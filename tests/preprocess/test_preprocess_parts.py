"""A brain half of which is late: one bolus, though its mean signal does not look so."""

from functools import lru_cache

import numpy as np
import pytest

from bolus.data import BolusNotFoundError
from bolus.phantom import LateSide, Realism, simulate_patient
from bolus.preprocess import find_frames, find_series_frames
from bolus.preprocess.frames import mean_signal
from bolus.preprocess.parts import two_parts

SHAPE = (32, 32, 5)


@lru_cache(maxsize=2)
def half_late(later, snr):
    side = LateSide(later=later, mtt=1.75, flow=0.6)
    made = simulate_patient(
        seed=1001, shape=SHAPE, frames=80, snr=snr, realism=Realism(late_side=side)
    )
    return made, made.masks.brain & side.mask(SHAPE)


@pytest.mark.parametrize("snr", [50, 10])
@pytest.mark.parametrize("later", [14.0, 20.0])
def test_frames_are_those_of_the_half_that_is_in_time(later, snr):
    made, late = half_late(later, snr)
    brain = made.masks.brain
    frames = find_series_frames(made.series, brain)
    in_time = find_series_frames(made.series, brain & ~late)
    assert (frames.first, frames.stop, frames.others) == (in_time.first, in_time.stop, ())
    assert abs(frames.onset - in_time.onset) <= 1


def test_the_mean_of_both_halves_is_no_bolus():
    made, _ = half_late(14.0, 50)
    with pytest.raises(BolusNotFoundError):
        find_frames(mean_signal(made.series.signal, made.masks.brain))


def test_the_parts_are_the_halves():
    made, late = half_late(14.0, 50)
    brain = made.masks.brain
    found = two_parts(made.series.signal, brain)
    assert max((part == late)[brain].mean() for part in found) > 0.9
    assert not (found[0] & found[1]).any()


@pytest.mark.parametrize("snr", [50, 10])
def test_two_doses_stay_two_boluses(snr):
    realism = Realism(doses=((0, 1), (75, 1)))
    made = simulate_patient(seed=4, shape=SHAPE, frames=110, snr=snr, realism=realism)
    assert len(find_series_frames(made.series, made.masks.brain).others) == 1


def test_nothing_differs_where_nothing_changes():
    brain = np.ones((4, 4, 2), dtype=bool)
    assert two_parts(np.full((4, 4, 2, 30), 7.0), brain) is None
    one = np.full((4, 4, 2, 30), 7.0)
    one[0, 0, 0, 12] = 3.0
    assert two_parts(one, brain) is None
