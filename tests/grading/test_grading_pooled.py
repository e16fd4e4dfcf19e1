"""Regions of a patient whose voxels are pooled: what they say alone brings their means back."""

from dataclasses import replace

import numpy as np
import pytest

from altered import BARE
from bolus.grading import region, roi_ratio, voxels_of
from bolus.patient import perfusion_maps
from bolus.phantom import simulate_patient


@pytest.fixture(scope="module")
def noisy():
    """A patient with a tumour at SNR 10 and the maps of ``joint``."""
    made = simulate_patient(seed=4, tumor="high", shape=(36, 36, 5), frames=45, snr=10.0)
    masks = made.masks
    return made, perfusion_maps(made.series, "joint", masks.aif, masks.brain, preparation=BARE)


@pytest.mark.parametrize("name", ["cbv", "cbf"])
def test_a_tumour_that_was_drawn_to_normal_brain_is_told_as_it_is(noisy, name):
    made, maps = noisy
    masks, truth, voxels = made.masks, getattr(made.truth, name), voxels_of(maps, name)
    true = truth[masks.tumor].mean() / truth[masks.nawm].mean()
    pooled, told = (
        np.log(roi_ratio(one, masks.tumor, masks.nawm).mean / true)
        for one in (replace(voxels, alone=None), voxels)
    )
    assert pooled < -0.15
    assert abs(told) < 0.12
    low, high = roi_ratio(voxels, masks.tumor, masks.nawm).interval
    assert low < true < high


def test_the_map_of_voxels_alone_has_grain_and_no_bias(noisy):
    made, maps = noisy
    white, true = made.masks.nawm, made.truth.cbv
    assert maps.volumes["cbv_alone"][white].std() > 2 * maps.cbv[white].std()
    own, drawn = (
        one[white].mean() / true[white].mean() for one in (maps.volumes["cbv_alone"], maps.cbv)
    )
    assert abs(own - 1) < 0.7 * abs(drawn - 1)


def test_transit_time_of_a_tumour_is_less_drawn_to_that_of_normal_brain(noisy):
    made, maps = noisy
    masks, true, voxels = made.masks, made.truth.mtt, voxels_of(maps, "mtt")
    drawn, told = (
        np.log(region("tumour", one, masks.tumor).mean / true[masks.tumor].mean())
        for one in (replace(voxels, alone=None), voxels)
    )
    assert abs(told) < abs(drawn)


def test_a_transit_time_alone_is_wherever_there_is_one(noisy):
    """At this noise many a voxel shows no bolus of its own."""
    _, maps = noisy
    there = np.isfinite(maps.mtt)
    assert there[maps.mask].mean() > 0.99
    np.testing.assert_array_equal(np.isfinite(maps.volumes["mtt_alone"]), there)
