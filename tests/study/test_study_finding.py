"""Whether the published finding holds: cohorts with one thing changed at a time."""

import math

from bolus.phantom.cohort import plan_cohort
from bolus.study import finding
from bolus.study.finding import CHANGES, finding_page, run_finding
from bolus.study.repeat import Cohorts


def test_each_change_takes_one_thing_more_away():
    (plan, *_) = plan_cohort(low=1, high=1, seed=0)
    found = []
    for change in CHANGES:
        made, kept = change.plan(plan).realism, change.preparation.leakage.use is not False
        still = made.motion == 0 and made.residue == "weibull"
        found.append((kept, made.leak is not None, made.dispersion != (0.0, 0.0), not still))
        assert change.plan(plan).ratios == plan.ratios
    assert found == [
        (True, True, True, True),
        (False, True, True, True),
        (False, False, True, True),
        (False, False, False, True),
        (False, False, False, False),
    ]


def test_a_run_and_its_page(monkeypatch):
    monkeypatch.setattr(finding, "SNRS", (math.inf, 10.0))
    monkeypatch.setattr("bolus.study.repeat.RESAMPLES", 100)
    cohorts = Cohorts(seeds=(0,), low=2, high=2, train=0, size=(28, 28, 4, 40))
    made = run_finding(cohorts, CHANGES[1:2], jobs=1)
    page = finding_page(made)
    assert "seeds 0, each 2 low- and 2 high-grade patients, 4 of them tested" in page
    assert page.count(CHANGES[1].name) == 3
    assert page.count("| osvd |") == 3
    assert page.count("| phae-paper |") == 2
    ((_, leaking),) = made.changes
    assert not any(row.cbv_corrected_ratio > 0 for row in leaking.studies[0].rows)
