"""Whole brains: a small run, and the page of it."""

import numpy as np
import pytest

from bolus.bench.brain import DIAMETERS, brain_page, run_brains


@pytest.fixture(scope="module")
def brains():
    methods = {"joint": "joint", "osvd": "osvd"}
    return run_brains((2009,), (50.0,), methods, (40, 40, 6))


def test_every_region_has_its_scores(brains):
    sizes = [f"MTT {mtt} s, {d:g} voxels" for mtt in ("9", "2.5") for d in DIAMETERS]
    tissue = {"grey", "white", "tumour", "late side", "other side"}
    assert tissue <= set(brains.regions) <= tissue | set(sizes)
    for region in tissue:
        joint, osvd = (brains.scores[50.0, m, region] for m in brains.methods)
        assert joint.voxels == osvd.voxels > 0
        assert 0 < joint.error < osvd.error
        assert np.isnan(osvd.held)
        assert 0.5 < joint.held <= 1


def test_a_late_side_is_found_late(brains):
    assert brains.scores[50.0, "joint", "late side"].delay < 1


def test_the_page_has_the_figures(brains):
    page, score = brain_page(brains), brains.scores[50.0, "joint", "grey"]
    cell = f"{score.error:.2f} ({score.ratio:.2f}, {100 * score.held:.0f} %)"
    assert f"| grey, n = {score.voxels} | {cell} |" in page
    assert "nan" not in page
