"""The verdict on an arterial input: before tissue is taken off, and after."""

from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest
from tiny_head import ARTERY, VEIN, tiny_head

from bolus.aif import aif_from_mask, check_score
from bolus.aif.score import Known, arterial_score, unmixed_score
from bolus.data import (
    AIF,
    ArterialInputError,
    ArterialScore,
    Criterion,
    InputError,
    MaskError,
    Preparation,
    Unmixing,
)
from bolus.patient import measure, measure_prepared
from bolus.preprocess import prepare, tissue_curves

TIME = np.arange(0, 80, 1.5)
STILL = Preparation(motion=None)
MEASURING = import_module("bolus.patient.measure")
"""The module; the function of its name hides it in the package."""


def bump(at, width, height=1.0):
    return height * np.exp(-0.5 * ((TIME - at) / width) ** 2)


TEXTBOOK = arterial_score(bump(20, 3, 10), bump(24, 5), 0.1, 1.5)
POOR = ArterialScore(value=0.1, criteria=(Criterion("height", 0.1, "low", True),))
GOOD = Known(blood=0.6, scale_sd=0.12, misfit=0.5, venous=0.1)


def judged(known, shape=TEXTBOOK):
    return AIF(curve=bump(20, 3), dt=1.5, origin="automatic",
               score=unmixed_score(shape, known, POOR))  # fmt: skip


def test_a_poor_choice_that_is_well_known_is_not_refused():
    with pytest.raises(ArterialInputError, match="nothing looks arterial enough"):
        check_score(AIF(curve=bump(20, 3), dt=1.5, origin="automatic", score=POOR))
    found = judged(GOOD)
    check_score(found)
    assert found.quality > 0.8
    assert found.score.concerns == ()


@pytest.mark.parametrize(
    ("field", "bad"),
    [("blood", 0.1), ("scale_sd", 0.35), ("misfit", 1.9), ("venous", 0.65), ("venous", -0.65)],
)
def test_what_is_badly_known_is_refused_by_its_name(field, bad):
    found = judged(replace(GOOD, **{field: bad}))
    with pytest.raises(ArterialInputError):
        check_score(found)
    name = {"scale_sd": "scale", "misfit": "fit", "venous": "vein"}.get(field, field)
    assert [one.name for one in found.score.concerns] == [name]


def test_a_curve_that_is_no_artery_stays_refused():
    late = arterial_score(bump(30, 6), bump(24, 5), 0.1, 1.5)
    with pytest.raises(ArterialInputError, match="after the mean tissue curve"):
        check_score(judged(GOOD, late))


def test_counts_of_voxels_stay_and_are_worth_nothing_more():
    count = Criterion("saturated", 0.7, "4 voxels are saturated", True, voxels=4)
    before = ArterialScore(value=0.7, criteria=(count,))
    found = unmixed_score(TEXTBOOK, GOOD, before)
    assert found.criterion("saturated") == count._replace(value=None)
    assert found.value == pytest.approx(unmixed_score(TEXTBOOK, GOOD, POOR).value)


def test_without_a_vein_there_is_no_word_on_it():
    found = unmixed_score(TEXTBOOK, replace(GOOD, venous=None), POOR)
    assert found.criterion("vein") is None
    assert found.value > 0.8


@pytest.fixture(scope="module")
def series():
    made = tiny_head(dt=1.5, snr=60)
    return made, prepare(made.series)


def test_measuring_judges_after_tissue_is_taken_off(series, monkeypatch):
    """What is found is scored 0.1 as it is; then it is what unmixing says that counts."""
    _, head = series
    monkeypatch.setattr("bolus.aif.average.arterial_score", lambda *arguments: POOR)
    monkeypatch.setattr(
        MEASURING,
        "without_tissue",
        lambda aif, *others: replace(aif, score=unmixed_score(TEXTBOOK, GOOD, aif.score)),
    )
    assert measure_prepared(head, preparation=STILL).aif.quality > 0.8
    mixed = replace(STILL, unmixing=Unmixing(use=False))
    with pytest.raises(ArterialInputError, match=r"scores 0\.10"):
        measure_prepared(head, preparation=mixed)
    worse = unmixed_score(TEXTBOOK, replace(GOOD, blood=0.1), POOR)
    monkeypatch.setattr(MEASURING, "without_tissue", lambda aif, *others: replace(aif, score=worse))
    with pytest.raises(ArterialInputError, match="of the most arterial voxel is blood"):
        measure_prepared(head, preparation=STILL)
    marked = measure_prepared(head, head.mask, preparation=STILL)
    assert marked.aif.quality < 0.3  # what was given is used, and said to be poor


def test_a_vein_is_a_mask_or_a_voxel_and_is_handed_on(series, monkeypatch):
    made, head = series
    seen, handed = [], []
    monkeypatch.setattr(
        MEASURING,
        "without_tissue",
        lambda aif, curves, series, vein: seen.append(vein) or aif,
    )
    at = tuple(int(n) for n in np.argwhere(made.labels == VEIN)[0])
    for vein in (at, made.labels == VEIN, None):
        found = measure_prepared(head, regions={"vein": vein}, preparation=STILL)
        assert "vein" not in found.rois
        handed.append(seen[-1])
    one, mask, none = handed
    assert np.argwhere(one).tolist() == [list(at)]
    assert (mask == (made.labels == VEIN)).all()
    assert none is None


def test_a_vein_that_cannot_be_used_is_refused(series):
    made, head = series
    curves = tissue_curves(head)
    given = aif_from_mask(curves, head, made.labels == ARTERY)
    with pytest.raises(InputError, match="no tissue is taken off"):
        measure_prepared(head, given, regions={"vein": (0, 0, 0)}, preparation=STILL)
    with pytest.raises(MaskError, match="counted from 0"):
        measure(made.series, regions={"vein": (99, 0, 0)}, preparation=STILL)
