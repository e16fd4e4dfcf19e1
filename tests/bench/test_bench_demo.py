"""The demonstration's score counts every voxel that has a truth."""

from dataclasses import replace

import numpy as np
import pytest

import bolus
from altered import MIXED
from bolus.bench.demo import score
from bolus.bench.score import FLOOR
from bolus.phantom import simulate_patient


@pytest.fixture(scope="module")
def mapped():
    made = simulate_patient(seed=1, shape=(24, 24, 2), frames=40)
    maps = bolus.perfusion_maps(
        made.series,
        "osvd",
        aif=made.masks.aif,
        mask=made.masks.brain,
        preparation=MIXED,
    )
    return made, maps


def emptied(maps, where, names=("cbf", "mtt")):
    volumes = {
        name: np.where(where, np.nan, volume) if name in names else volume
        for name, volume in maps.volumes.items()
    }
    return replace(maps, volumes=volumes)


def test_a_voxel_without_a_value_counts_as_a_hundredth_of_the_truth(mapped):
    made, maps = mapped
    tissue = made.masks.grey | made.masks.white
    gone = tissue & (np.cumsum(tissue).reshape(tissue.shape) % 4 == 0)
    share = gone.sum() / tissue.sum()
    full, less = (score("osvd", found, made, 0.0) for found in (maps, emptied(maps, gone)))
    own = np.abs(np.log(maps.cbf / made.truth.cbf))
    expected = (1 - share) * own[tissue & ~gone].mean() - share * np.log(FLOOR)
    assert less.cbf_error == pytest.approx(expected, rel=1e-4)
    assert less.mtt_error > full.mtt_error
    assert less.with_mtt == pytest.approx(full.with_mtt - share, abs=0.05)


def test_no_method_gains_by_giving_no_transit_times(mapped):
    made, maps = mapped
    none = score("osvd", emptied(maps, np.ones(maps.mask.shape, dtype=bool), ("mtt",)), made, 0.0)
    tissue = made.masks.grey | made.masks.white
    assert none.with_mtt == 0
    assert none.mtt_error == pytest.approx((1 - FLOOR) * made.truth.mtt[tissue].mean(), rel=1e-4)
    assert none.cbf_error == score("osvd", maps, made, 0.0).cbf_error
