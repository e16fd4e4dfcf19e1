"""Ratios of regions whose values are known."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bolus.data import InputError, MaskError
from bolus.grading import SHARED, Shared, Voxels, hotspot, region, roi_ratio, shared_by
from bolus.grading.voxels import alone_of

SHAPE = (12, 10, 3)


def block(x, y, z):
    mask = np.zeros(SHAPE, dtype=bool)
    mask[x, y, z] = True
    return mask


TUMOR = block(slice(1, 6), slice(1, 6), slice(0, 2))
REFERENCE = block(slice(7, 11), slice(5, 9), slice(2, 3))


def volume(seed=0, tumor=2.0):
    made = np.random.default_rng(seed).lognormal(3, 0.3, SHAPE).astype(np.float32)
    made[TUMOR] *= tumor
    return made


def test_each_ratio_is_what_it_says():
    cbf = volume().astype(float)
    found = roi_ratio(Voxels(cbf), TUMOR, REFERENCE)
    top, base = cbf[TUMOR], cbf[REFERENCE]
    assert found.mean == pytest.approx(top.mean() / base.mean())
    assert found.median == pytest.approx(np.median(top) / np.median(base))
    assert found.p95 == pytest.approx(np.quantile(top, 0.95) / np.median(base))
    assert (found.tumor.voxels, found.reference.voxels) == (50, 16)
    assert (found.tumor.left_out, found.reference.left_out) == (0, 0)
    assert found.log_sd is None
    assert found.interval is None


@given(st.floats(0.01, 100))
def test_ratios_do_not_know_the_unit(scale):
    one, other = (roi_ratio(Voxels(scale * volume(), scale * sd), TUMOR, REFERENCE)
                  for scale, sd in ((1.0, volume(1)), (scale, volume(1))))  # fmt: skip
    for name in ("mean", "median", "p95", "hotspot", "log_sd"):
        assert getattr(other, name) == pytest.approx(getattr(one, name), rel=1e-4)


def test_missing_voxels_are_left_out_and_counted():
    cbf = volume()
    gaps = block(slice(1, 3), slice(1, 2), slice(0, 1))
    cbf[gaps] = np.nan
    cbf[7, 5, 2] = np.inf
    found = roi_ratio(Voxels(cbf), TUMOR, REFERENCE)
    assert (found.tumor.voxels, found.tumor.left_out) == (48, 2)
    assert (found.reference.voxels, found.reference.left_out) == (15, 1)
    assert found.tumor.mean == pytest.approx(cbf[TUMOR & ~gaps].mean(dtype=float))


def brute_hotspot(values, mask):
    """The definition, window by window, for masks that hold a whole one."""
    x, y, z = values.shape
    corners = [(i, j, k) for i in range(x - 2) for j in range(y - 2) for k in range(z)]
    windows = [(slice(i, i + 3), slice(j, j + 3), k) for i, j, k in corners]
    whole = [w for w in windows if mask[w].all() and np.isfinite(values[w]).all()]
    return max(values[w].astype(float).mean() for w in whole)


@pytest.mark.parametrize("seed", range(4))
def test_hot_spot_is_the_best_whole_neighbourhood(seed):
    cbf = volume(seed)
    cbf[4, 4, 0] = np.nan
    value, voxels = hotspot(cbf, TUMOR)
    assert voxels == 9
    assert value == pytest.approx(brute_hotspot(cbf, TUMOR))
    found = roi_ratio(Voxels(cbf), TUMOR, REFERENCE)
    assert found.hotspot == pytest.approx(value / cbf[REFERENCE].mean(dtype=float))


def test_hot_spot_does_not_look_outside_the_tumour():
    cbf = np.ones(SHAPE)
    cbf[6, :, :] = 1000
    cbf[3, 3, 1] = 10
    assert hotspot(cbf, TUMOR) == (pytest.approx(2.0), 9)


def test_hot_spot_does_not_cross_slices():
    cbf = np.ones(SHAPE)
    mask = block(slice(2, 5), slice(2, 5), slice(0, 3))
    cbf[2:5, 2:5, 1] = 3
    assert hotspot(cbf, mask)[0] == pytest.approx(3)


def test_hot_spot_of_a_thin_tumour_is_its_fullest_neighbourhood():
    cbf = np.ones(SHAPE)
    thin = block(slice(0, 5), slice(0, 1), slice(0, 1))
    cbf[0, 0, 0], cbf[3, 0, 0] = 100, 4
    value, voxels = hotspot(cbf, thin)
    assert voxels == 3
    assert value == pytest.approx(34)
    with pytest.raises(MaskError, match="no finite voxel"):
        hotspot(np.full(SHAPE, np.nan), thin)


def test_hot_spot_is_around_a_voxel_of_the_tumour():
    cbf = np.ones(SHAPE)
    scattered = block([0, 0, 5, 7], [0, 1, 5, 5], [0, 0, 0, 0])
    cbf[5, 5, 0] = cbf[7, 5, 0] = 9
    assert hotspot(cbf, scattered) == (1, 2)


def test_hot_spot_reaches_the_edge_of_the_image():
    cbf = np.ones(SHAPE)
    corner = block(slice(0, 3), slice(7, 10), slice(2, 3))
    cbf[0, 9, 2] = 10
    assert hotspot(cbf, corner) == (pytest.approx(2), 9)


def test_uncertainty_follows_its_formula():
    cbf, sd = np.ones(SHAPE), np.full(SHAPE, 0.5)
    cbf[TUMOR], sd[REFERENCE] = 2.0, 0.2
    found = roi_ratio(Voxels(cbf, sd), TUMOR, REFERENCE)
    top = 0.5 * math.sqrt(1 / 50 + (1 - 1 / 50) * SHARED.noise)
    base = 0.2 * math.sqrt(1 / 16 + (1 - 1 / 16) * SHARED.noise)
    assert found.tumor.mean_sd == pytest.approx(top)
    assert found.reference.mean_sd == pytest.approx(base)
    log_sd = math.hypot(top / 2, base)
    assert found.log_sd == pytest.approx(log_sd)
    assert found.interval == pytest.approx((2 * math.exp(-1.644854 * log_sd),
                                            2 * math.exp(1.644854 * log_sd)))  # fmt: skip


@pytest.mark.parametrize("shared", [0.0, 0.05, 0.5])
def test_interval_holds_the_truth_as_often_as_it_says(shared):
    """Errors with that share in common: nine of ten intervals hold the true ratio of 2."""
    rng = np.random.default_rng(0)
    held, n = 0, 1000
    small = (5, 8, 2)
    top = np.zeros(small, dtype=bool)
    top[..., 0] = True
    for _ in range(n):
        own = rng.normal(0, math.sqrt(1 - shared), small)
        common = np.where(top, rng.normal(), rng.normal()) * math.sqrt(shared)
        sd = np.where(top, 0.4, 0.2)
        cbf = np.where(top, 4.0, 2.0) + sd * (own + common)
        low, high = roi_ratio(Voxels(cbf, sd, shared=Shared(shared)), top, ~top).interval
        held += low <= 2 <= high
    assert held / n == pytest.approx(0.9, abs=0.03)


def test_more_in_common_is_less_certain():
    sds = [
        region("r", Voxels(volume(), volume(1), shared=Shared(s)), TUMOR).mean_sd
        for s in (0, 0.05, 1)
    ]
    assert sds == sorted(sds)
    assert sds[2] == pytest.approx(np.sqrt((volume(1)[TUMOR].astype(float) ** 2).mean()))


def test_a_ratio_below_zero_has_no_interval():
    found = roi_ratio(Voxels(volume(tumor=-1.0), np.ones(SHAPE)), TUMOR, REFERENCE)
    assert found.mean < 0
    assert found.interval is None


def test_masks_in_common_are_refused():
    with pytest.raises(MaskError, match="overlap in 16 voxels"):
        roi_ratio(Voxels(volume()), TUMOR | REFERENCE, REFERENCE)


@pytest.mark.parametrize("left", [0, 4])
@pytest.mark.parametrize("name", ["tumour", "reference"])
def test_too_few_voxels_are_refused_by_name(name, left):
    mask = TUMOR if name == "tumour" else REFERENCE
    cbf = volume()
    places = np.argwhere(mask)[left:]
    cbf[tuple(places.T)] = np.nan
    with pytest.raises(MaskError, match=f"{name}.*found {left} of the mask's {mask.sum()}"):
        roi_ratio(Voxels(cbf), TUMOR, REFERENCE)


def test_a_reference_without_flow_is_refused():
    cbf = volume()
    cbf[REFERENCE] = -1
    with pytest.raises(InputError, match="reference above 0, found a mean of -1"):
        roi_ratio(Voxels(cbf), TUMOR, REFERENCE)
    cbf[REFERENCE] = np.where(np.arange(16) == 0, 100, 0)
    with pytest.raises(InputError, match="found a median of 0"):
        roi_ratio(Voxels(cbf), TUMOR, REFERENCE)


def test_values_without_their_sd_are_refused():
    sd = np.ones(SHAPE)
    sd[2, 2, 0] = np.nan
    with pytest.raises(InputError, match=r"tumour.*found 1 of 50 missing"):
        roi_ratio(Voxels(volume(), sd), TUMOR, REFERENCE)


def test_voxels_that_err_alike_make_a_ratio_less_sure():
    volume = np.full((4, 4, 4), 2.0)
    half = np.arange(64).reshape(4, 4, 4) < 32
    joint, phae = (
        roi_ratio(
            Voxels(volume, np.ones_like(volume), shared=shared_by(name, "delay")), half, ~half
        ).log_sd
        for name in ("joint", "phae")
    )
    assert joint > 2 * phae


def test_a_form_that_is_not_known_is_off_at_any_noise():
    volume = np.full((4, 4, 4), 2.0)
    half = np.arange(64).reshape(4, 4, 4) < 32
    for sd in (0.0, 0.01):
        voxels = Voxels(volume, np.full_like(volume, sd), shared=Shared(0.0, 0.05))
        assert roi_ratio(voxels, half, ~half).log_sd == pytest.approx(0.05 * math.sqrt(2), rel=1e-3)


def pooled(noise, n=(8, 8, 4), drawn=1.3):
    """A map drawn up from a true 2 in all voxels, and what they say alone; the mask of all."""
    rng = np.random.default_rng(3)
    alone = 2.0 + noise * rng.standard_normal(n)
    return Voxels(np.full(n, 2.0 * drawn), alone=alone), np.ones(n, dtype=bool)


def test_what_voxels_say_alone_takes_a_region_off_that_was_drawn_to_its_neighbours():
    voxels, all_ = pooled(noise=1.0)
    found = region("r", voxels, all_)
    assert found.mean == pytest.approx(2.0, rel=0.06)
    assert found.factor == pytest.approx(1 / 1.3, rel=0.06)
    for told, plain in ((found.median, np.median), (found.p95, lambda v: np.quantile(v, 0.95))):
        assert told == pytest.approx(found.factor * plain(voxels.volume))
    ratio = roi_ratio(voxels, all_ & (np.arange(4) < 2), all_ & (np.arange(4) > 1))
    assert ratio.hotspot == pytest.approx(2.6 * ratio.tumor.factor / ratio.reference.mean)


def test_a_few_noisy_voxels_move_a_region_hardly():
    one, many = (region("r", *pooled(noise=4.0, n=n)) for n in ((2, 3, 1), (16, 16, 8)))
    assert abs(math.log(one.factor)) < 0.1
    assert many.mean == pytest.approx(2.0, rel=0.1)


def test_the_noise_of_single_voxels_is_in_the_interval():
    voxels, all_ = pooled(noise=1.0)
    with_sd = Voxels(voxels.volume, np.zeros(all_.shape), voxels.alone)
    sd = region("r", with_sd, all_).mean_sd
    assert 0.8 / math.sqrt(all_.size) < sd < 1.1 / math.sqrt(all_.size)


def test_voxels_that_say_nothing_move_nothing():
    voxels, all_ = pooled(noise=0.0)
    for alone in (-voxels.alone, 0 * voxels.alone):
        assert region("r", Voxels(voxels.volume, alone=alone), all_).factor == 1


def test_flow_is_told_by_the_volume_that_voxels_have_alone():
    volumes = {"cbf": volume(1), "cbv": volume(2), "cbv_alone": volume(3), "mtt": volume(4)}
    told = alone_of(volumes, "cbf")
    np.testing.assert_allclose(told, volume(1) * volume(3) / volume(2), rtol=1e-6)
    assert alone_of(volumes, "mtt") is None
    np.testing.assert_allclose(alone_of(volumes, "cbv"), volume(3), rtol=1e-6)
    corrected = volumes | {"cbv_corrected": volume(5)}
    np.testing.assert_allclose(alone_of(corrected, "cbv_corrected"), volume(3), rtol=1e-6)
    assert alone_of({"cbf": volume(1), "cbv": volume(2)}, "cbf") is None


def test_flow_and_transit_time_are_told_by_the_time_that_goes_with_that_volume():
    names = ("cbf", "cbv", "cbv_alone", "mtt", "mtt_alone")
    volumes = {name: volume(seed) for seed, name in enumerate(names)}
    np.testing.assert_array_equal(alone_of(volumes, "mtt"), volumes["mtt_alone"])
    true = volumes["cbv_alone"] / volumes["mtt_alone"]
    own = volumes | {"cbf": volumes["cbv"] / volumes["mtt"]}
    np.testing.assert_allclose(alone_of(own, "cbf"), true, rtol=1e-5)
    none = own | {"mtt_alone": np.zeros(SHAPE)}
    assert np.isnan(alone_of(none, "cbf")).all()
