"""The benchmark of tumours: its plans, figures and page."""

import math
from types import SimpleNamespace

import pytest

import bolus.bench.tumors as tumors
from bolus.bench.tumors import (
    GROWTHS,
    HELD,
    TumorCase,
    TumorPlan,
    repeatability,
    run_tumors,
    tumor_plans,
)
from bolus.bench.tumors_page import tumors_page
from bolus.data import ArterialInputError
from recorder import Recorder


def test_every_growth_has_every_grade():
    plans = tumor_plans()
    assert len(plans) == 200
    assert {(p.growth, p.grade) for p in plans} == {
        (g, k) for g in GROWTHS for k in ("low", "high")
    }
    assert not {p.seed for p in plans} & set(range(1000, 2000))


def test_repeatability_is_within_subjects():
    assert repeatability([(1.0, 1.0), (5.0, 5.0)]) == 0
    assert repeatability([(0.9, 1.1)]) == pytest.approx(math.sqrt(0.02))
    assert math.isnan(repeatability([(1.0,), (1.0, math.nan)]))


def test_a_patient_without_an_artery_is_counted_and_told(monkeypatch):
    def none_found(*_, **__):
        raise ArterialInputError("no artery in this one")

    monkeypatch.setattr(tumors, "perfusion_maps", none_found)
    monkeypatch.setattr(TumorPlan, "scanned", lambda *_: SimpleNamespace(
        series=None, masks=SimpleNamespace(tumor=None)
    ))  # fmt: skip
    heard = Recorder()
    (case,) = run_tumors(tumor_plans((6000,)), reporter=heard)
    assert case.no_artery
    assert math.isnan(case.off)
    assert heard.skips == [("patient 6000", "no artery in this one")]
    page = tumors_page([case])
    assert "in 1 of them no artery was found" in " ".join(page.split())
    assert "| all | 1 | 1 | 0 (0 %) | – | – |" in page


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
