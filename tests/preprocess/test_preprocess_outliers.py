"""Spikes and dropouts: slices of single frames that are found, and what is none."""

from dataclasses import replace

import numpy as np
import pytest
from tiny_head import tiny_head

from bolus.preprocess.outliers import outlier_samples


def spoilt(series, slices, frames, factor):
    signal = series.signal.copy()
    for k in slices:
        signal[:, :, k, frames] *= factor
    return signal


def samples(found):
    return [(int(k), int(n)) for k, n in np.argwhere(found)]


@pytest.fixture(scope="module")
def head():
    return tiny_head(unsteady=2)


@pytest.mark.parametrize("factor", [0.0, 0.5, 0.7, 0.9, 1.1, 1.3, 3.0])
@pytest.mark.parametrize("frames", [[5], [13], [15], [15, 16], [30], [49]])
def test_a_spoilt_slice_is_found_and_nothing_else(head, factor, frames):
    signal = spoilt(head.series, [3], frames, factor)
    found = outlier_samples(signal, head.labels > 0)
    assert samples(found) == [(3, n) for n in frames]


@pytest.mark.parametrize("dt", [0.7, 1.5, 3.0])
@pytest.mark.parametrize("unsteady", [0, 3])
def test_a_bolus_that_is_deeper_or_later_in_a_slice_is_none(dt, unsteady):
    head = tiny_head(dt=dt, unsteady=unsteady, duration=90.0, snr=50)
    late = tiny_head(dt=dt, unsteady=unsteady, duration=90.0, snr=50, t0=16.0)
    series = head.series
    signal = series.signal.copy()
    signal[:, :, 0] = late.series.signal[:, :, 0]
    signal[:, :, 1] **= 1.6
    signal[:, :, 2] **= 0.6
    assert not outlier_samples(signal, head.labels > 0).any()


def test_a_spoilt_frame_of_a_single_slice_is_found(head):
    mask = head.labels[:, :, :1] > 0
    signal = spoilt(head.series, [0], [14], 0.7)[:, :, :1]
    assert samples(outlier_samples(signal, mask)) == [(0, 14)]
    assert not outlier_samples(head.series.signal[:, :, :1], mask).any()


def test_what_lasts_is_no_spike(head):
    signal = spoilt(head.series, [3], slice(20, 26), 0.7)
    assert not outlier_samples(signal, head.labels > 0).any()


def test_frames_without_signal_and_bare_slices_are_not_judged(head):
    mask = head.labels > 0
    series = replace(head.series, signal=spoilt(head.series, range(5), [30], np.nan))
    assert not outlier_samples(series.signal, mask).any()
    mask[:, :, 3] = False
    assert not outlier_samples(spoilt(head.series, [3], [20], 0.5), mask).any()
    assert not outlier_samples(0 * head.series.signal, mask).any()


def test_a_slice_without_finite_signal_in_one_frame_is_a_dropout(head):
    found = outlier_samples(spoilt(head.series, [2], [20], np.nan), head.labels > 0)
    assert samples(found) == [(2, 20)]
