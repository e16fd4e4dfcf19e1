"""The benchmark of tumours: its plans, figures and page."""

import math

import pytest

from bolus.bench.tumors import GROWTHS, HELD, TumorCase, repeatability, tumor_plans
from bolus.bench.tumors_page import tumors_page


def test_every_growth_has_every_grade():
    plans = tumor_plans()
    assert len(plans) == 60
    assert {(p.growth, p.grade) for p in plans} == {
        (g, k) for g in GROWTHS for k in ("low", "high")
    }
    assert not {p.seed for p in plans} & set(range(1000, 2000))


def test_repeatability_is_within_subjects():
    assert repeatability([(1.0, 1.0), (5.0, 5.0)]) == 0
    assert repeatability([(0.9, 1.1)]) == pytest.approx(math.sqrt(0.02))
    assert math.isnan(repeatability([(1.0,), (1.0, math.nan)]))


def test_the_page_counts_a_refused_patient_as_off():
    first, second = tumor_plans((6000, 6004))
    good = TumorCase(
        plan=first,
        off=1.02,
        held=dict.fromkeys(HELD, True),
        error=dict.fromkeys(HELD, 0.25),
        standard=(2.0, 2.2),
        normalised=(2.0, 2.2),
    )
    page = tumors_page([good, TumorCase(plan=second, off=math.nan, refused="no white matter")])
    assert "| all | 2 | 1 | 1 (50 %) | 1.020 | 1.02–1.02 |" in page
    assert "| CBV ratio | 100 % | +0.25 | 0.25 |" in page
    assert "standardised rCBV 0.067" in page
    assert "not a medical device" in page
