"""Options of a preparation: what they refuse, and that they are recorded as they are."""

import json

import pytest

from bolus.data import (
    Blood,
    Censoring,
    DriftCorrection,
    InputError,
    LeakageCorrection,
    MotionCorrection,
    Preparation,
    StrokeThresholds,
)


@pytest.mark.parametrize(
    "made",
    [
        Preparation(),
        Preparation(drift=DriftCorrection(use=False)),
        Preparation(motion=None, leakage=LeakageCorrection(use=False)),
        Preparation(
            motion=MotionCorrection(limit=0.5),
            censoring=Censoring(moved=True),
            leakage=LeakageCorrection(use=True, model="bsw"),
            blood=Blood(hematocrit=0.38),
            stroke=StrokeThresholds(critical=4.0),
        ),
    ],
)
def test_what_is_recorded_is_read_back(made):
    assert Preparation.from_json(json.loads(json.dumps(made.as_json()))) == made


@pytest.mark.parametrize("limit", [0.0, -1.0, float("nan")])
def test_a_limit_is_positive(limit):
    with pytest.raises(InputError, match="positive mm"):
        MotionCorrection(limit=limit)


@pytest.mark.parametrize(
    ("share", "words"), [(0.1, "found 0.1$"), (float("nan"), "found nan"), (38, "in percent")]
)
def test_a_haematocrit_is_that_of_a_patient(share, words):
    with pytest.raises(InputError, match=words):
        Blood(hematocrit=share)


def test_moved_frames_are_known_only_where_motion_is_measured():
    with pytest.raises(InputError, match="only where motion is measured"):
        Preparation(motion=None, censoring=Censoring(moved=True))


@pytest.mark.parametrize("found", [{}, {"motion_correction": 3}, {"motion_correction": {}}])
def test_what_is_no_record_is_refused(found):
    with pytest.raises(InputError, match="no options of a preparation"):
        Preparation.from_json(found)
