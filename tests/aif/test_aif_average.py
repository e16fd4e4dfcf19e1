import re
from dataclasses import replace

import numpy as np
import pytest
from tiny_head import ARTERY, BACKGROUND, SATURATED, TE, VEIN, WHITE, tiny_head

from altered import altered
from bolus.aif import aif_from_mask
from bolus.data import ArterialInputError, MaskError
from bolus.physics.sampling import sampled_later
from bolus.preprocess import prepare, tissue_curves


@pytest.fixture(scope="module")
def head():
    made = tiny_head(dt=1.5, snr=60, unsteady=1, saturated=True)
    series = prepare(made.series)
    return made, series, tissue_curves(series)


def test_the_mean_of_concentrations(head):
    made, series, curves = head
    mask = made.labels == ARTERY
    aif = aif_from_mask(curves, series, mask)
    voxels = series.signal[mask].astype(float)
    s0 = voxels[:, series.frames.baseline].mean(axis=1, keepdims=True)
    expected = (-np.log(voxels[:, series.frames.used] / s0) / TE).mean(axis=0)
    np.testing.assert_allclose(aif.curve, expected, rtol=1e-5, atol=1e-6)
    assert aif.origin == "mask"
    assert (aif.mask == mask).all()
    assert aif.quality > 0.9
    assert aif.notes == (f"mean of {mask.sum()} voxels",)


def test_the_score_does_not_depend_on_the_slice(head):
    """The same artery, acquired first, in the middle or last in a frame."""
    made, series, _ = head
    mask, values = np.zeros_like(series.mask), []
    artery = tuple(np.argwhere(made.labels == ARTERY)[0])
    mask[artery] = True
    for seconds in (0.0, 0.7, 1.4):
        times = np.full(mask.shape[2], 0.7)
        times[artery[2]] = seconds
        signal = series.signal.copy()
        signal[artery] = sampled_later(signal[artery][None], seconds - 0.7, 1.5)[0]
        timed = altered(series, signal=signal, slice_times=times)
        values.append(aif_from_mask(tissue_curves(timed), timed, mask).score.criterion("lead"))
    leads = [float(re.search(r"half-rise (\S+) s before", lead.sentence)[1]) for lead in values]
    np.testing.assert_allclose(leads, leads[1], atol=0.3)  # resampling the artery moves it a little


def test_voxels_outside_the_brain_mask_count(head):
    made, series, curves = head
    arteries = made.labels == ARTERY
    outside = replace(series, mask=series.mask & ~arteries)
    one = aif_from_mask(tissue_curves(outside), outside, arteries)
    np.testing.assert_allclose(one.curve, aif_from_mask(curves, series, arteries).curve)


@pytest.mark.parametrize(("label", "word"), [(VEIN, "after"), (WHITE, "peak")])
def test_marks_that_are_not_arterial_are_used_but_scored_low(head, label, word):
    made, series, curves = head
    aif = aif_from_mask(curves, series, made.labels == label)
    assert aif.quality < 0.1
    assert word in aif.score.weak_in


def test_slices_censored_at_different_times_have_a_noise_together(head):
    """No baseline frame is measured in both slices; noise is that of most voxels."""
    made, series, curves = head
    mask = made.labels == ARTERY
    slices = np.flatnonzero(mask.any(axis=(0, 1)))
    steady = series.frames.onset - series.frames.first
    measured = series.measured.copy()
    measured[slices[0], : steady // 2] = False
    measured[slices[1:], steady // 2 : steady] = False
    apart = replace(series, measured=measured)
    counts = mask.sum(axis=(0, 1))[slices]
    if counts[0] * 2 == counts.sum():
        with pytest.raises(ArterialInputError, match="0 frames of the baseline"):
            aif_from_mask(curves, apart, mask)
        mask = mask.copy()
        mask[tuple(np.argwhere(mask)[0])] = False
    found = aif_from_mask(curves, apart, mask)
    assert found.score.criterion("clarity").value > 0.5


def test_clipped_voxels_are_counted(head):
    made, series, curves = head
    signal = series.signal.copy()
    mask = made.labels == SATURATED
    signal[mask, 14] = 0.0
    aif = aif_from_mask(curves, series.with_signal(signal), mask)
    assert aif.curve.max() <= np.log(100) / TE + 1e-9
    assert aif.score.criterion("clipped").concern


def test_bad_voxels_are_left_out_and_counted(head):
    made, series, curves = head
    mask = made.labels == ARTERY
    signal = series.signal.copy()
    first, second, third = (tuple(v) for v in np.argwhere(mask)[:3])
    signal[first] = np.nan
    signal[second][5] = np.inf
    signal[third] = -1.0
    aif = aif_from_mask(curves, series.with_signal(signal), mask)
    assert aif.mask.sum() == mask.sum() - 3
    assert not aif.mask[first]
    assert "3 marked voxels" in aif.score.criterion("usable").sentence


def test_masks_that_cannot_be_used(head):
    made, series, curves = head
    with pytest.raises(MaskError, match="empty"):
        aif_from_mask(curves, series, np.zeros_like(series.mask))
    with pytest.raises(MaskError, match="grid"):
        aif_from_mask(curves, series, series.mask[:, :, :3])
    mask = made.labels == ARTERY
    signal = np.where(mask[..., None], np.nan, series.signal).astype(np.float32)
    with pytest.raises(ArterialInputError, match="none of"):
        aif_from_mask(curves, series.with_signal(signal), mask)
    constant = np.where(mask[..., None], 100.0, series.signal).astype(np.float32)
    with pytest.raises(ArterialInputError, match="no drop"):
        aif_from_mask(curves, series.with_signal(constant), mask)


def test_marks_in_the_background_score_nothing(head):
    made, series, curves = head
    corner = np.zeros_like(series.mask)
    corner[:3, :3] = made.labels[:3, :3] == BACKGROUND
    assert aif_from_mask(curves, series, corner).quality < 0.1
