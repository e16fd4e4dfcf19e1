"""Whole brains: a small run, and the page of it."""

import numpy as np
import pytest

from bolus.bench.brain import Case, bank, brain_page, clouds, late_sides, limits, run_brains
from bolus.bench.brain.limits import LIMITS
from bolus.bench.brain.scores import ALL, HEALTHY, IN_LESIONS, TISSUES, ratio, score
from bolus.bench.brain.shown import contrast, late_side
from bolus.bench.brain.shown_tables import ALONE
from bolus.estimators.joint import Joint

SHAPE = (32, 32, 6)


@pytest.fixture(scope="module")
def brains():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "MOST", 150)
        patch.setattr(clouds, "POINTS", 4000)
        patch.setattr(bank, "MTT_STEP", 0.05)
        yield _brains()


def _brains():
    cases = (Case(), *late_sides((8.0,)))
    methods = {"joint": "joint", ALONE: Joint(spatial=False), "osvd": "osvd", "svd-pws": "svd-pws"}
    return run_brains((1009,), cases, methods, SHAPE, jobs=1)


def test_every_tissue_has_its_scores(brains):
    whole = brains.mapped[:1]
    for region in (*TISSUES[:3], IN_LESIONS):
        joint, osvd = (score(whole, name, region) for name in ("joint", "osvd"))
        assert joint.voxels == osvd.voxels > 0
        assert (joint.error > 0).all()
        assert joint.error[0] < osvd.error[0]
        assert np.isnan(osvd.held).all()
        assert ((joint.held > 0.5) & (joint.held <= 1)).all()


def test_no_method_beats_what_is_possible(brains):
    whole = brains.mapped[:1]
    alone, near = (score(whole, name, HEALTHY) for name in LIMITS)
    assert near.error[0] < alone.error[0]
    assert (near.error[[2, 3]] < alone.error[[2, 3]]).all()
    for name in (ALONE, "osvd"):
        distance = ratio(whole, name, LIMITS[0], HEALTHY)
        assert distance.value > 1 - 2 * distance.sd
    assert ratio(whole, "joint", LIMITS[1], ALL).value > 1
    itself = ratio(whole, LIMITS[0], LIMITS[0])
    assert itself.value == pytest.approx(1)
    assert itself.sd == pytest.approx(0, abs=1e-9)


def test_the_limits_know_how_much_they_do_not_know(brains):
    for name in LIMITS:
        held = score(brains.mapped[:1], name, HEALTHY).held
        assert ((held > 0.8) & (held < 0.99)).all()


def test_a_late_side_is_found_late(brains):
    late, other = (late_side(brains.mapped[1:], "joint", f"{s} side") for s in ("late", "other"))
    assert abs(late.delay) < 0.5
    assert late.true > 0.9
    assert abs(late.share - late.true) < 0.1
    assert other.true == other.share == 0


def test_lesions_are_seen(brains):
    for size in (3, 5):
        found = contrast(brains.mapped[:1], "joint", size, (0, 1, 2, 3), 0)
        assert 0.5 < found < 1.2


def test_the_page_has_the_figures(brains):
    page, s = brain_page(brains), score(brains.mapped[:1], "joint", TISSUES[0])
    assert f"| tumour, grey | {s.voxels} | {s.error[0]:.2f} |" in page
    far = ratio(brains.mapped[:1], "joint", LIMITS[1])
    assert f"| {far.value:.2f} ± {far.sd:.2f} (" in page
    for title in ("Lesions: contrast recovered", "A hemisphere that is late", "Time and memory"):
        assert f"## {title}" in page
    assert "nan" not in page


def test_further_methods_have_tables_of_their_own(brains):
    first, further = brain_page(brains).split("## Further methods")
    s = score(brains.mapped[:1], "svd-pws", TISSUES[0])
    assert "svd-pws" not in first
    assert f"| tumour, grey | {s.voxels} | {s.error[0]:.2f} |" in further
    assert "joint" not in further.split("### Bias")[0].replace(f"`{ALONE}`", "")
    assert "## Time and memory" in further
    assert all(f"| {name} |" in further.split("## Time and memory")[1] for name in brains.methods)
