"""What a series, as read or prepared, must be."""

import pickle

import numpy as np
import pytest

from bolus.data import DSCSeries, FrameWindow, Grid, MaskError, Motion, PreparedSeries, SeriesError

SHAPE, FRAMES = (3, 4, 5), 30


def series(**more):
    signal = np.arange(60.0 * FRAMES, dtype=np.float32).reshape(*SHAPE, FRAMES)
    grid = Grid(shape=SHAPE, affine=np.eye(4))
    return DSCSeries(**{"signal": signal, "dt": 1.5, "te": 0.03, "grid": grid, **more})


def prepared(**more):
    still = {"pose": np.zeros((FRAMES, 6)), "displacement": np.zeros(FRAMES)}
    flagged = np.isin(np.arange(FRAMES), [1, 9])
    given = {
        "series": series(),
        "frames": FrameWindow(first=2, onset=8, stop=28),
        "mask": np.ones(SHAPE, dtype=bool),
        "motion": Motion(**still, flagged=flagged, limit=1.0),
        "measured": np.ones((5, 26), dtype=bool),
    }
    return PreparedSeries(**{**given, **more})


@pytest.mark.parametrize(
    ("times", "words"),
    [
        (np.array([0, 0.3, 0.6, 0.9, 1.5]), "below the repetition time"),
        (np.array([0, 0.3, 0.6, 0.9, -0.1]), "below the repetition time"),
        (np.array([0, 0.3, 0.6, 0.9, np.nan]), "below the repetition time"),
    ],
)
def test_times_of_slices_that_cannot_be(times, words):
    with pytest.raises(SeriesError, match=words):
        series(slice_times=times)


@pytest.mark.parametrize(
    ("more", "error", "words"),
    [
        ({"frames": FrameWindow(first=2, onset=8, stop=31)}, SeriesError, "of 30 frames"),
        ({"mask": np.ones((2, 4, 5), dtype=bool)}, MaskError, "grid"),
        ({"mask": np.zeros(SHAPE, dtype=bool)}, MaskError, "0 voxels"),
        ({"measured": np.ones((5, 30), dtype=bool)}, SeriesError, "26 used frames"),
        ({"series": series(signal=np.ones((*SHAPE, 29)))}, SeriesError, "motion of 30 frames"),
    ],
)
def test_parts_that_do_not_fit(more, error, words):
    with pytest.raises(error, match=words):
        prepared(**more)


def test_what_it_says_of_its_frames_and_samples():
    measured = np.ones((5, 26), dtype=bool)
    measured[:, 3], measured[4, 7] = False, False
    made = prepared(measured=measured)
    assert np.flatnonzero(~made.measured_frames).tolist() == [3]
    assert np.flatnonzero(made.moved_frames).tolist() == [7]
    assert not prepared(motion=None).moved_frames.any()
    mask = np.zeros(SHAPE, dtype=bool)
    mask[1, 2, [0, 4]] = mask[2, 0, 4] = True
    np.testing.assert_array_equal(made.measured_in(mask), measured[[0, 4, 4]])
    np.testing.assert_array_equal(made.baseline, made.signal[..., 2:8].mean(axis=3))


def test_voxels_are_grouped_by_what_was_measured_of_them():
    measured = np.ones((5, 26), dtype=bool)
    measured[:, 3] = False
    ((rows, samples),) = prepared(measured=measured).alike(np.ones(SHAPE, dtype=bool))
    assert rows == slice(None)
    np.testing.assert_array_equal(samples, measured[0])
    measured[4, 7] = False
    made, mask = prepared(measured=measured), np.ones(SHAPE, dtype=bool)
    together = np.empty((60, 26), dtype=bool)
    for rows, samples in made.alike(mask):
        together[rows] = samples
    np.testing.assert_array_equal(together, made.measured_in(mask))


def test_it_goes_to_another_process_whole():
    made = prepared(series=series(slice_times=np.arange(5) / 4))
    again = pickle.loads(pickle.dumps(made))
    np.testing.assert_array_equal(again.signal, made.signal)
    np.testing.assert_array_equal(again.slice_times, made.slice_times)
    np.testing.assert_array_equal(again.measured, made.measured)
    assert again.frames == made.frames


@pytest.mark.parametrize("times", [{"te": 30.0}, {"te": 0.5}, {"te": np.nan}, {"dt": 1500.0}])
def test_times_in_milliseconds_are_refused(times):
    usual = {"dt": 1.5, "te": 0.03} | times
    with pytest.raises(SeriesError, match=r"(an echo time|a time between frames) of .* s is"):
        DSCSeries(
            signal=np.ones((2, 2, 2, 20), np.float32),
            grid=Grid(shape=(2, 2, 2), affine=np.eye(4)),
            **usual,
        )
