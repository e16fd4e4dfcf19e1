"""DeLong's variance and test: the published patients, the definition, and the limits."""

import math

import numpy as np
import pytest
from grading_cases import cohorts, ovarian, overlapping
from hypothesis import given
from scipy.stats import norm

from bolus.data import InputError
from bolus.grading import auc, compare, delong


def by_definition(scores, positive):
    """AUCs (s,) and their covariance (s, s), pair by pair as in the paper of 1988."""
    high, low = [], []
    for score in scores:
        x, y = score[positive][:, None], score[~positive][None, :]
        wins = (x > y) + 0.5 * (x == y)
        high.append(wins.mean(axis=1))
        low.append(wins.mean(axis=0))
    spread = np.cov(high) / positive.sum() + np.cov(low) / (~positive).sum()
    return np.mean(high, axis=1), spread


def test_published_areas_of_the_ovarian_cancer_patients():
    """Areas .72, .65 and .69 in the paper itself; intervals of pyroc (usage.ipynb)."""
    scores, positive = ovarian()
    found = [delong(score, positive) for score in scores]
    assert [round(area.auc, 2) for area in found] == [0.72, 0.65, 0.69]
    low = [area.ci[0] for area in found]
    high = [area.ci[1] for area in found]
    np.testing.assert_allclose(low, [0.53737381, 0.44915782, 0.48093018], atol=5e-9)
    np.testing.assert_allclose(high, [0.90857213, 0.85264398, 0.8929437], atol=5e-9)


def test_published_test_of_the_ovarian_cancer_patients():
    """pyroc's joint test that the three areas are equal, p = 0.42291256 (tests/test_pyroc.py).

    The variances of the three differences hold the covariance that the joint test needs.
    """
    (albumin, protein, score), positive = ovarian()
    ab, ac, bc = (
        compare(*pair, positive)
        for pair in ((albumin, protein), (albumin, score), (protein, score))
    )
    shared = (ab.se**2 + ac.se**2 - bc.se**2) / 2
    spread = np.array([[ab.se**2, shared], [shared, ac.se**2]])
    change = np.array([ab.difference, ac.difference])
    chi_squared = change @ np.linalg.solve(spread, change)
    assert math.exp(-chi_squared / 2) == pytest.approx(0.42291256338064165, rel=1e-9)


@pytest.mark.parametrize("digits", [0, 6])
@pytest.mark.parametrize("seed", range(5))
def test_ranks_give_what_the_definition_gives(seed, digits):
    a, positive = overlapping(seed, digits=digits)
    b = (a + np.random.default_rng(seed).normal(0, 1, a.size)).round(digits)
    areas, spread = by_definition([a, b], positive)
    one, found = delong(a, positive), compare(a, b, positive)
    assert one.auc == pytest.approx(areas[0])
    assert one.se == pytest.approx(math.sqrt(spread[0, 0]))
    se = math.sqrt(spread[0, 0] + spread[1, 1] - 2 * spread[0, 1])
    z = (areas[0] - areas[1]) / se
    assert found.auc == pytest.approx(tuple(areas))
    assert found.se == pytest.approx(se)
    assert found.z == pytest.approx(z)
    assert found.p == pytest.approx(2 * norm.sf(abs(z)))
    assert found.ci == pytest.approx((areas[0] - areas[1] - 1.959964 * se,
                                      areas[0] - areas[1] + 1.959964 * se), abs=1e-6)  # fmt: skip


@given(cohorts(), cohorts())
def test_the_test_turns_over_with_its_scores(first, second):
    a, positive = first
    b = np.resize(second[0], a.size)
    one, other = compare(a, b, positive), compare(b, a, positive)
    assert one.difference == pytest.approx(-other.difference)
    assert one.se == pytest.approx(other.se)
    assert one.p == (None if other.p is None else pytest.approx(other.p))
    assert one.auc == pytest.approx((auc(a, positive), auc(b, positive)))


@given(cohorts())
def test_scores_that_order_patients_alike_do_not_differ(cohort):
    score, positive = cohort
    found = compare(score, np.exp(score), positive)
    assert (found.difference, found.se, found.z, found.p) == (0, 0, 0, 1)


def test_areas_that_differ_without_variance_have_no_test():
    score, positive = np.array([1.0, 2.0, 3.0, 4.0]), np.array([False, False, True, True])
    found = compare(score, -score, positive)
    assert (found.auc, found.difference, found.se) == ((1, 0), 1, 0)
    assert found.z is None
    assert found.p is None


def test_interval_stays_within_the_possible():
    apart = delong([1.0, 2.0, 3.0, 4.0], [False, False, True, True])
    assert (apart.auc, apart.se, apart.ci) == (1, 0, (1, 1))
    score, positive = overlapping(3, n=5, m=5, apart=2.5)
    assert delong(score, positive).ci[1] <= 1


def test_interval_holds_the_true_area_as_often_as_it_says():
    true = norm.cdf(1 / math.sqrt(2))
    held = 0
    for seed in range(400):
        low, high = delong(*overlapping(seed, n=30, m=30)).ci
        held += low <= true <= high
    assert 0.91 <= held / 400 <= 0.98


def test_scores_of_other_patients_are_refused():
    with pytest.raises(InputError, match="shapes"):
        compare(np.arange(4.0), np.arange(5.0), np.array([True, True, False, False]))
