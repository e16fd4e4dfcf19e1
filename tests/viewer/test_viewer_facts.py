"""What the page says of an arterial input."""

import numpy as np

from bolus.aif.score import arterial_score
from bolus.data import AIF, ArterialScore, Criterion
from bolus.viewer.facts import arterial, concerns

CURVE = np.r_[np.zeros(10), 1.0, 4.0, 2.0, np.zeros(20)]


def test_every_criterion_has_its_own_explanation_whatever_their_number_and_order():
    """A sixth criterion had shifted every explanation when they were paired by place."""
    found = arterial_score(np.r_[np.zeros(10), np.full(20, 0.1)], CURVE[:30], 1.0, 1.5)
    own = {one.name: one.explanation for one in found.concerns}
    assert len(own) == 4
    sixth = Criterion("sixth", 0.1, "a sixth measure of 0.1", concern=True, explanation="odd: new")
    counted = Criterion("clipped", None, "3 voxels were clipped", concern=True)
    for criteria in (
        (sixth, *found.criteria, counted),
        (counted, *reversed(found.criteria), sixth),
    ):
        said = concerns(ArterialScore(value=0.1, criteria=criteria))
        assert set(said) == {*own.values(), "odd: new", "3 voxels were clipped"}
        for one in criteria:
            if one.concern:
                assert said[[c for c in criteria if c.concern].index(one)] == (
                    one.explanation or one.sentence
                )


def test_what_does_not_speak_against_it_is_a_note():
    score = arterial_score(CURVE, np.convolve(CURVE, np.full(5, 0.04))[: CURVE.size], 0.01, 1.5)
    aif = AIF(curve=CURVE, dt=1.5, origin="mask", score=score, notes=("mean of 4 voxels",))
    told = arterial(aif)
    assert told["notes"][0] == "mean of 4 voxels"
    fine = [one for one in score.criteria if not one.concern]
    assert told["notes"][1:] == [one.sentence for one in fine]
    assert len(told["notes"][1:]) + len(told["concerns"]) == len(score.criteria)


def test_without_a_score_there_is_no_concern():
    assert concerns(None) == []
