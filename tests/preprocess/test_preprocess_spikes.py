"""Spikes and dropouts replaced before motion is corrected, and censored after."""

from dataclasses import replace

import numpy as np
import pytest
from tiny_head import tiny_head

from bolus.data import Motion, SeriesError
from bolus.estimators.bayes.estimator import Bayes
from bolus.patient.quantify import _flagged_frames
from bolus.preprocess import censor_moved, censor_spoilt, despike, prepare


@pytest.fixture(scope="module")
def head():
    return tiny_head()


def spoilt(head, slices, frames, factor=0.7):
    signal = head.series.signal.copy()
    signal[:, :, np.array(slices)[:, None], np.array(frames)] *= factor
    return replace(head.series, signal=signal)


def test_what_was_spoilt_is_interpolated_and_the_rest_untouched(head):
    found = despike(spoilt(head, [3], [15, 16]))
    assert np.argwhere(found.spoilt).tolist() == [[3, 15], [3, 16]]
    expected = head.series.signal.copy()
    logs = np.log(expected[:, :, 3, [14, 17]].astype(float))
    for frame, weight in ((15, 1 / 3), (16, 2 / 3)):
        expected[:, :, 3, frame] = np.exp((1 - weight) * logs[..., 0] + weight * logs[..., 1])
    np.testing.assert_allclose(found.series.signal, expected, rtol=1e-5)


def test_a_clean_series_comes_back_itself(head):
    found = despike(head.series)
    assert found.series is head.series
    ready = prepare(found.series)
    assert censor_spoilt(ready, found.spoilt) is ready


def test_spoilt_samples_are_not_measured(head):
    found = despike(spoilt(head, [1], [20]))
    ready = censor_spoilt(prepare(found.series), found.spoilt)
    first = ready.frames.first
    assert np.argwhere(~ready.measured).tolist() == [[1, 20 - first]]
    assert (ready.spoilt == ~ready.measured).all()


def test_a_spike_is_told_from_a_frame_that_moved(head):
    """Of all slices with brain in frame 20, which is flagged as well and may be kept."""
    made = spoilt(head, range(head.series.grid.shape[2]), [20])
    still = np.zeros((head.series.n_frames, 6))
    flagged = np.arange(len(still)) == 20
    motion = Motion(pose=still, displacement=3.0 * flagged, flagged=flagged, limit=1.0)
    mask = prepare(head.series).mask.copy()
    mask[:, :, 0] = False
    every = np.zeros((mask.shape[2], len(still)), dtype=bool)
    every[:, 20] = True
    ready = censor_spoilt(prepare(made, mask, motion=motion), every)
    at = 20 - ready.frames.first
    assert np.flatnonzero(~ready.measured_frames).tolist() == [at]
    assert ready.spoilt[1:, at].all()
    assert _flagged_frames(ready, Bayes()) == "kept"
    moved = censor_moved(ready)
    assert not moved.spoilt.any()
    assert _flagged_frames(moved, Bayes()) == "left out"
    assert censor_moved(moved) is moved


def test_a_frame_moved_through_its_slices_takes_the_neighbours_along(head):
    found = despike(spoilt(head, [1], [20]))
    pose = np.zeros((head.series.n_frames, 6))
    pose[20, 2] = 4.0
    still = np.zeros(len(pose), dtype=bool)
    motion = Motion(pose=pose, displacement=np.zeros(len(pose)), flagged=still, limit=1.0)
    ready = censor_spoilt(prepare(found.series, motion=motion), found.spoilt)
    assert np.flatnonzero(~ready.measured[:, 20 - ready.frames.first]).tolist() == [0, 1, 2]


def test_a_slice_that_is_spoilt_too_often_is_refused_and_says_what_to_do(head):
    found = despike(spoilt(head, [1], [6, 9, 20, 22, 25, 28, 31, 34, 37, 40, 43, 46]))
    many = found.spoilt.copy()
    many[1, 20:] = True
    with pytest.raises(SeriesError, match=r"spike or a dropout.*leave that slice out"):
        censor_spoilt(prepare(found.series), many)
    away = prepare(found.series, (head.labels > 0) & (np.arange(5) != 1))
    assert censor_spoilt(away, many) is away
