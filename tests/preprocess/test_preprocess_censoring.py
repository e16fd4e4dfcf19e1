"""Censored samples: what stands in for them, and what noise and weights then are."""

import numpy as np
import pytest

from bolus.aif import aif_from_mask
from bolus.data import ArterialInputError, DSCSeries, FrameWindow, Grid, Motion, SeriesError
from bolus.estimators import METHODS, capabilities, deconvolve, sample_noise
from bolus.preprocess import censor, censor_moved, noise_share, prepare, tissue_curves

FRAMES = 40


def series(flagged, factor=1.0):
    """Every voxel has one curve and its own noise; flagged frames are off by a factor."""
    time = np.arange(FRAMES)
    rise = np.clip(time - 10, 0, None) / 2.0
    signal = 1000 * np.exp(-0.4 * (rise / 2) ** 2 * np.exp(2 - rise))
    noise = np.random.default_rng(0).normal(0, 10, (6, 6, 4, FRAMES))
    marked = np.isin(time, list(flagged))
    made = DSCSeries(
        signal=((signal + noise) * np.where(marked, factor, 1)).astype(np.float32),
        dt=1.5,
        te=0.03,
        grid=Grid(shape=(6, 6, 4), affine=np.eye(4)),
    )
    motion = Motion(
        pose=np.zeros((FRAMES, 6)), displacement=2.0 * marked, flagged=marked, limit=1.0
    )
    window = FrameWindow(first=1, onset=10, stop=FRAMES)
    return prepare(made, np.ones((6, 6, 4), dtype=bool), frames=window, motion=motion)


def test_concentration_is_interpolated_between_unflagged_neighbours():
    made = series([20, 21], 0.5)
    found = censor_moved(made)
    logs = np.log(found.signal.astype(float))
    third = (logs[..., 22] - logs[..., 19]) / 3
    np.testing.assert_allclose(logs[..., 20], logs[..., 19] + third, atol=1e-5)
    np.testing.assert_allclose(logs[..., 21], logs[..., 22] - third, atol=1e-5)
    rest = ~made.motion.flagged
    np.testing.assert_array_equal(found.signal[..., rest], made.signal[..., rest])
    assert np.argwhere(~found.measured).tolist() == [[z, k] for z in range(4) for k in (19, 20)]
    assert np.flatnonzero(~found.measured_frames).tolist() == [19, 20]
    assert made.measured.all()
    assert censor_moved(found) is found


def test_ends_are_held_and_frames_out_of_use_left_alone():
    made = series([0, 1, 39], 0.5)
    found = censor_moved(made).signal
    np.testing.assert_array_equal(found[..., 0], made.signal[..., 0])
    np.testing.assert_allclose(found[..., [1, 39]], found[..., [2, 38]], rtol=1e-5)


@pytest.mark.parametrize("flagged", [[], [0]])
def test_no_used_frame_is_flagged(flagged):
    made = series(flagged)
    assert censor_moved(made) is made


def test_a_signal_that_is_not_positive_is_interpolated_itself():
    made = series([20])
    made.signal[0, 0, 0, 19:22] = [-10, 500, 30]
    made.signal[1, 0, 0, 19] = np.nan
    found = censor_moved(made).signal[..., 20]
    assert found[0, 0, 0] == pytest.approx(10)
    assert np.isnan(found[1, 0, 0])
    assert np.isnan(found).sum() == 1


def test_baseline_and_noise_are_of_measured_frames():
    level = np.median(tissue_curves(series([])).noise_sd)
    spoilt = series([4, 6], 0.5)
    dropped = tissue_curves(censor_moved(spoilt))
    assert np.median(dropped.noise_sd) == pytest.approx(level, rel=0.15)
    assert np.median(tissue_curves(spoilt).noise_sd) > 3 * level
    assert np.abs(dropped.mean[:9]).max() < 0.5


def test_noise_of_what_is_interpolated():
    flagged = np.array([False, True, False, True, True, False])
    np.testing.assert_allclose(noise_share(flagged), [1, 1 / 2, 1, 5 / 9, 5 / 9, 1])


@pytest.mark.parametrize(
    ("frames", "words"),
    [
        (range(3, 38, 2), "at most a third"),
        (range(2, 9), "2 frames of the baseline"),
        (range(13, 16), "from 13 to 15"),
    ],
)
def test_too_much_is_refused_and_says_what_to_do(frames, words):
    with pytest.raises(SeriesError, match=words) as refused:
        censor_moved(series(frames))
    assert "--motion correct" in str(refused.value)


def test_a_gap_after_the_bolus_is_none():
    assert censor_moved(series([32, 33, 34, 35])).measured_frames.sum() == FRAMES - 5


def test_every_method_says_what_it_does():
    able = {name for name, made in METHODS.items() if capabilities(made).censoring}
    assert able == {"bayes", "joint", "vascular", "cpi"}


def test_only_a_method_that_weighs_is_told_what_has_no_weight():
    made, noise = censor_moved(series([20])), np.ones(144)
    assert (sample_noise(METHODS["osvd"](), noise, made) == noise).all()
    told = sample_noise(METHODS["bayes"](), noise, made)
    assert np.argwhere(np.isinf(told)).tolist() == [[row, 19] for row in range(144)]


def spiked():
    """One slice of one frame of the bolus at 30 % of its signal, the same baseline frame twice."""
    made, samples = series([]), np.zeros((4, FRAMES - 1), dtype=bool)
    signal = made.signal.copy()
    for z, frame in ((2, 14), (2, 6)):
        signal[:, :, z, frame] *= 0.3
        samples[z, frame - 1] = True
    return made, made.with_signal(signal), samples


class TestSingleSlices:
    def test_the_other_slices_keep_their_bytes(self):
        _, spoilt, samples = spiked()
        found = censor(spoilt, samples, "spikes were found")
        rest = [0, 1, 3]
        np.testing.assert_array_equal(found.signal[:, :, rest], spoilt.signal[:, :, rest])
        np.testing.assert_array_equal(found.measured, ~samples)
        assert found.measured_frames.all()

    def test_the_slice_has_the_curves_of_whole_frames_censored(self):
        made, spoilt, samples = spiked()
        found = tissue_curves(censor(spoilt, samples, "spikes were found"))
        whole = np.broadcast_to(samples[2], samples.shape)
        alike = tissue_curves(censor(spoilt, whole, "spikes were found"))
        clean = tissue_curves(made)
        slices = np.nonzero(made.mask)[2]
        own, rest = slices == 2, slices != 2
        np.testing.assert_array_equal(found.curves[own], alike.curves[own])
        np.testing.assert_array_equal(found.curves[rest], clean.curves[rest])
        assert np.median(found.noise_sd[own]) == pytest.approx(np.median(clean.noise_sd), rel=0.2)
        assert np.median(tissue_curves(spoilt).noise_sd[own]) > 3 * np.median(clean.noise_sd)

    def test_an_arterial_input_in_the_slice_is_as_without_the_spike(self):
        made, spoilt, samples = spiked()
        marks = made.mask & (np.arange(4) == 2)
        censored = censor(spoilt, samples, "spikes were found")
        clean, found = (
            aif_from_mask(tissue_curves(one), one, marks).curve for one in (made, censored)
        )
        assert np.abs(found - clean).max() < 0.12 * clean.max()
        with pytest.raises(ArterialInputError, match="noise SDs"):
            aif_from_mask(tissue_curves(spoilt), spoilt, marks)

    def test_only_its_voxels_lose_the_weight(self):
        _, spoilt, samples = spiked()
        made = censor(spoilt, samples, "spikes were found")
        told = sample_noise(METHODS["bayes"](), np.ones(144), made)
        slices = np.nonzero(made.mask)[2]
        np.testing.assert_array_equal(np.isinf(told).any(axis=1), slices == 2)
        np.testing.assert_array_equal(np.flatnonzero(np.isinf(told[2])), [5, 13])
        few = sample_noise(METHODS["bayes"](), np.ones(144), made, slice(2, 3))
        np.testing.assert_array_equal(few, told[2:3])

    def test_twice_is_as_once(self):
        _, spoilt, samples = spiked()
        first, second = samples.copy(), samples.copy()
        first[:, 13], second[:, 5] = False, False
        once = censor(spoilt, samples, "spikes were found")
        twice = censor(censor(spoilt, first, "one"), second, "two")
        np.testing.assert_array_equal(once.signal, twice.signal)
        np.testing.assert_array_equal(once.measured, twice.measured)

    def test_too_much_of_one_slice_is_refused(self):
        _, spoilt, samples = spiked()
        samples[2, 12:15] = True
        with pytest.raises(SeriesError, match="spikes were found in all frames from 13 to 15"):
            censor(spoilt, samples, "spikes were found")


def test_a_sample_without_weight_changes_nothing():
    curves = tissue_curves(series([]))
    aif, tissue = 4 * np.clip(curves.mean, 0, None), curves.curves[:8].astype(float)
    wild = tissue.copy()
    wild[:, 14] += 100
    noise = np.repeat(curves.noise_sd[:8, None], FRAMES - 1, axis=1)
    weighed = deconvolve(wild, aif, 1.5, "bayes", noise_sd=noise)
    noise[:, 14] = np.inf
    one, two = (deconvolve(c, aif, 1.5, "bayes", noise_sd=noise) for c in (tissue, wild))
    for name in ("cbf", "mtt", "delay", "residual"):
        np.testing.assert_allclose(getattr(one, name), getattr(two, name), rtol=1e-9)
    assert np.abs(np.log(weighed.cbf / one.cbf)).max() > 0.1
    assert np.isnan(deconvolve(tissue, aif, 1.5, "osvd", noise_sd=noise).cbf).all()
    noise[:, : FRAMES // 2 + 1] = np.inf
    assert np.isnan(deconvolve(tissue, aif, 1.5, "bayes", noise_sd=noise).cbf).all()
