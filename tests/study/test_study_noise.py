"""The SNR of a series: mean of its baseline over its SD, and what is added to reach a lower one."""

import math
from dataclasses import replace

import numpy as np
import pytest

from bolus.data import DSCSeries, FrameWindow, Grid, PreparedSeries
from bolus.study.noise import Baseline, baseline, missing_noise, with_noise

SHAPE = (24, 24, 8)


def still_head(sd, seed=0, level=500.0):
    """A prepared series of one level and known noise, its outermost voxels far noisier."""
    rng = np.random.default_rng(seed)
    signal = level + sd * rng.standard_normal((*SHAPE, 40))
    edge = np.zeros(SHAPE, dtype=bool)
    edge[:1] = True
    signal[edge] += 20 * sd * rng.standard_normal((int(edge.sum()), 40))
    grid = Grid(shape=SHAPE, affine=np.eye(4))
    return PreparedSeries(
        series=DSCSeries(signal=signal.astype(np.float32), dt=1.5, te=0.03, grid=grid),
        frames=FrameWindow(first=2, onset=10, stop=40),
        mask=np.ones(SHAPE, dtype=bool),
        motion=None,
        measured=np.ones((SHAPE[2], 38), dtype=bool),
    )


def noisier(series, sd):
    return series.with_signal(with_noise(series.signal, sd, [1]))


def test_it_is_the_mean_over_the_sd_of_the_median_voxel():
    found = baseline(still_head(10.0))
    assert found.level == pytest.approx(500, rel=0.01)
    assert found.snr == pytest.approx(50, rel=0.05)  # 4 % of the voxels are far noisier


@pytest.mark.parametrize("snr", [50.0, 40.0, 20.0, 10.0])
def test_the_level_asked_for_is_the_level_reached(snr):
    """The data's own noise (SNR 62) is part of it: what is added is the difference of variances."""
    series = still_head(8.0)
    own = baseline(series)
    sd = missing_noise(own, snr)
    assert sd == pytest.approx(math.sqrt((500 / snr) ** 2 - 8**2), rel=0.1)
    assert baseline(noisier(series, sd)).snr == pytest.approx(snr, rel=0.05)


def test_noise_is_never_taken_away():
    series = still_head(10.0)
    assert missing_noise(baseline(series), 80.0) == 0.0
    assert missing_noise(baseline(series), math.inf) == 0.0
    assert with_noise(series.signal, 0.0, [1]) is series.signal


def test_the_same_key_gives_the_same_noise():
    signal = still_head(1.0).signal
    first, again, other = (with_noise(signal, 5.0, key) for key in ([1, 2], [1, 2], [1, 3]))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert (first - signal).std() == pytest.approx(5.0, rel=0.01)


def test_a_series_without_noise_has_no_end_of_snr():
    assert Baseline(level=5.0, sd=0.0).snr == math.inf


def test_a_censored_frame_has_no_part():
    """What is interpolated in time has less noise than what was measured."""
    series = still_head(10.0)
    signal, measured = series.signal.copy(), series.measured.copy()
    signal[..., 4:8], measured[:, 2:6] = 500.0, False
    spoilt = replace(series.with_signal(signal), measured=measured)
    assert baseline(spoilt).snr == pytest.approx(50, rel=0.1)
    assert baseline(replace(spoilt, measured=series.measured)).snr > 60
