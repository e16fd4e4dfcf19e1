import tracemalloc
import warnings
from dataclasses import replace

import numpy as np
import pytest
from tiny_head import FLUID, GREY, TE, WHITE, tiny_head

from altered import altered
from bolus.data import DSCSeries, FrameWindow, Grid, Quality
from bolus.preprocess import explained_share, prepare, tissue_curves
from bolus.preprocess.noise import pooled_sd


def flagged(curves, bit):
    return (curves.quality & bit) > 0


def test_curves_equal_the_definition():
    series = prepare(tiny_head(unsteady=1).series)
    curves = tissue_curves(series)
    used, baseline = series.frames.used, series.frames.baseline
    voxels = series.signal[series.mask].astype(float)
    s0 = np.exp(np.log(voxels[:, baseline]).mean(axis=1, keepdims=True))
    expected = -np.log(voxels[:, used] / s0) / TE
    plain = ~flagged(curves, Quality.CLIPPED)
    assert curves.curves.dtype == np.float32
    np.testing.assert_allclose(curves.curves[plain], expected[plain], rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(curves.mean[:3], curves.curves.mean(0)[:3], atol=1e-4)
    np.testing.assert_allclose(curves.time, 1.5 * np.arange(expected.shape[1]))
    relative = tissue_curves(altered(series, te=None))
    np.testing.assert_allclose(relative.curves, TE * curves.curves, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(relative.noise_sd, TE * curves.noise_sd, rtol=1e-4)
    assert (relative.quality == curves.quality).all()


@pytest.mark.parametrize("complex_noise", [False, True])
def test_noise_lifts_no_curve(complex_noise):
    """Of 0.1 it lifted all by half its square, 0.005: a fifth of white matter's mean at SNR 10."""
    series = prepare(tiny_head(snr=400).series)
    rng = np.random.default_rng(0)
    level = 0.1 * series.signal[..., series.frames.baseline].mean(axis=-1, keepdims=True)
    real, other = level * rng.standard_normal((2, *series.signal.shape))
    noisy = np.hypot(series.signal + real, other if complex_noise else 0)
    plain, lifted = (TE * tissue_curves(one).mean for one in (series, series.with_signal(noisy)))
    onset = series.frames.onset - series.frames.first
    assert np.abs(lifted[:onset].mean()) < 1e-6
    assert (lifted - plain)[onset:].mean() == pytest.approx(0, abs=2e-3)


@pytest.mark.parametrize(("dt", "snr"), [(0.7, 100), (1.5, 20), (2.5, 20)])
def test_noise_is_the_true_noise(dt, snr):
    made = tiny_head(dt=dt, snr=snr)
    series = prepare(made.series)
    labels = made.labels[series.mask]
    noise = tissue_curves(series).noise_sd
    for label, s0 in ((GREY, 1000.0), (WHITE, 850.0), (FLUID, 1400.0)):
        truth = 1000.0 / snr / s0 / TE
        assert np.mean(noise[labels == label]) == pytest.approx(truth, rel=0.1)
        assert np.std(noise[labels == label]) < 0.25 * truth


def test_pooling_beats_the_own_sd_of_few_frames():
    rng = np.random.default_rng(0)
    s0 = rng.uniform(300, 1500, 5000)
    truth = np.hypot(20 / s0, 0.01)
    own = np.std(truth[:, None] * rng.normal(size=(5000, 4)), axis=1, ddof=1)
    pooled = pooled_sd(own, s0, 4)
    assert np.sqrt(np.mean((pooled / truth - 1) ** 2)) < 0.15
    assert np.sqrt(np.mean((own / truth - 1) ** 2)) > 0.3
    bad = pooled_sd(np.array([0.1, np.nan, 0.1]), np.array([1.0, 1.0, 0.0]), 4)
    assert np.isfinite(bad).tolist() == [True, False, False]
    assert np.isnan(pooled_sd(np.array([np.nan]), np.array([1.0]), 4)).all()


@pytest.mark.parametrize("dt", [0.7, 1.5, 2.5])
def test_tissue_has_a_bolus_and_fluid_has_none(dt):
    made = tiny_head(dt=dt, snr=100)
    series = prepare(made.series)
    labels = made.labels[series.mask]
    curves = tissue_curves(series)
    missing = flagged(curves, Quality.NO_BOLUS)
    assert missing[labels == GREY].mean() == 0
    assert missing[labels == WHITE].mean() < 0.01
    assert missing[labels == FLUID].mean() > 0.95
    assert (np.isnan(curves.ttp) == missing).all()


def test_time_to_peak_is_true():
    fine, coarse = tiny_head(dt=0.1, snr=1e6), tiny_head(dt=2.0, snr=200)
    series = prepare(coarse.series)
    curves = tissue_curves(series)
    labels = coarse.labels[series.mask]
    for label in (GREY, WHITE):
        voxel = tuple(np.argwhere(fine.labels == label)[0])
        truth = 0.1 * np.argmin(fine.series.signal[voxel])
        found = curves.ttp[labels == label] + series.frames.first * 2.0
        assert np.median(found) == pytest.approx(truth, abs=0.7)


@pytest.mark.parametrize("snr", [100, 20, 8])
def test_false_alarms_of_the_bolus_test_stay_below_one_in_a_hundred(snr):
    rng = np.random.default_rng(3)
    series = prepare(tiny_head(snr=100).series)
    frames = series.n_frames
    noise = 1000 + rng.normal(0, 1000 / snr, (40, 40, 5, frames))
    signal = np.concatenate([series.signal] * 3 + [noise.astype(np.float32)], axis=2)
    mask = np.concatenate([series.mask] * 3 + [np.ones((40, 40, 5), bool)], axis=2)
    grid = Grid(shape=(40, 40, 20), affine=np.eye(4))
    both = prepare(replace(series.series, signal=signal, grid=grid), mask, frames=series.frames)
    missing = np.zeros(mask.shape, bool)
    missing[mask] = flagged(tissue_curves(both), Quality.NO_BOLUS)
    assert 1 - missing[:, :, 15:].mean() < 0.012


def test_bad_voxels_are_flagged_and_nothing_else_changes():
    series = prepare(tiny_head(snr=100).series)
    good = tissue_curves(series)
    signal = series.signal.copy()
    at = np.argwhere(series.mask)[[200, 400, 600, 800, 1000, 1200]]
    a, b, c, d, e, f = (tuple(index) for index in at)
    signal[a] = np.nan
    signal[b][20] = np.inf
    signal[c] = -signal[c]
    signal[d] = 1234.567
    signal[e][15:20] = -5.0
    signal[f] = 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        bad = tissue_curves(series.with_signal(signal))
    number = np.cumsum(series.mask.ravel()).reshape(series.mask.shape) - 1
    for index in (a, b, c, f):
        assert bad.quality[number[index]] == Quality.NON_FINITE
        assert np.isnan(bad.curves[number[index]]).all()
        assert np.isnan(bad.ttp[number[index]])
    assert bad.quality[number[d]] == Quality.NO_BOLUS
    assert bad.quality[number[e]] & Quality.CLIPPED
    assert np.isfinite(bad.curves[number[e]]).all()
    assert bad.curves[number[e]].max() == pytest.approx(np.log(100) / TE, rel=1e-4)
    rest = np.ones(good.quality.size, bool)
    rest[[number[i] for i in (a, b, c, d, e, f)]] = False
    np.testing.assert_array_equal(good.curves[rest], bad.curves[rest])
    np.testing.assert_allclose(good.noise_sd[rest], bad.noise_sd[rest], rtol=0.02)


def test_nothing_but_bad_voxels():
    made = tiny_head()
    series = prepare(made.series).with_signal(np.full_like(made.series.signal, np.nan))
    curves = tissue_curves(series)
    assert (curves.quality == Quality.NON_FINITE).all()
    assert np.isnan(curves.mean).all()


def test_memory_stays_small():
    rng = np.random.default_rng(0)
    shape = (64, 64, 20, 80)
    signal = (1000 + 10 * rng.standard_normal(shape, dtype=np.float32)).astype(np.float32)
    signal[..., 20:26] *= 0.7
    series = DSCSeries(
        signal=signal,
        dt=1.5,
        te=TE,
        grid=Grid(shape=shape[:3], affine=np.eye(4)),
    )
    window = FrameWindow(first=0, onset=20, stop=80)
    series = prepare(series, np.ones(shape[:3], dtype=bool), frames=window)
    tracemalloc.start()
    tissue_curves(series)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * signal.nbytes


def test_the_share_of_a_perfect_model_is_that_of_simulated_fits():
    """Three numbers fitted by least squares, and noise from ten frames of like voxels."""
    rng, frames, baseline, n = np.random.default_rng(3), 58, 10, 20000
    design = rng.normal(size=(frames, 3))
    curves = rng.normal(size=(n, frames))
    left = curves - (design @ np.linalg.lstsq(design, curves.T, rcond=None)[0]).T
    s0 = rng.uniform(300, 1500, n)
    own = rng.normal(size=(n, baseline)).std(axis=1, ddof=1) / s0
    noise = s0 * pooled_sd(own, s0, baseline)
    found = float((np.sqrt(np.square(left).mean(axis=1)) <= noise).mean())
    assert explained_share(frames, baseline) == pytest.approx(found, abs=0.03)
    assert explained_share(frames, 40) != pytest.approx(found, abs=0.03)
