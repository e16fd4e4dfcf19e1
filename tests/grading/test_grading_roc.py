"""Area, curve, cut-off and accuracy, against scikit-learn, by brute force, and as laws."""

import numpy as np
import pytest
from grading_cases import cohorts, overlapping
from hypothesis import given

from bolus.data import InputError
from bolus.grading import accuracy_at, auc, curve, leave_one_out, wilson, youden


def brute_youden(score, positive):
    """The definition, cut-off by cut-off, with fractions of whole numbers."""
    known = np.unique(score)
    candidates = [known[0], *((known[:-1] + known[1:]) / 2)]
    m, n = positive.sum(), (~positive).sum()
    best = [
        (score >= c)[positive].sum() * n - (score >= c)[~positive].sum() * m for c in candidates
    ]
    return candidates[int(np.argmax(best))]


@pytest.mark.parametrize("digits", [0, 1, 6])
@pytest.mark.parametrize("seed", range(5))
def test_area_and_curve_are_those_of_scikit_learn(seed, digits):
    from sklearn.metrics import roc_auc_score, roc_curve

    score, positive = overlapping(seed, digits=digits)
    assert auc(score, positive) == pytest.approx(roc_auc_score(positive, score), abs=1e-12)
    alarm, hit, threshold = roc_curve(positive, score, drop_intermediate=False)
    mine = curve(score, positive)
    np.testing.assert_allclose(mine.alarm, alarm)
    np.testing.assert_allclose(mine.hit, hit)
    np.testing.assert_allclose(mine.threshold, threshold)


def test_ties_count_half():
    assert auc([1.0, 2.0, 2.0, 2.0], [False, False, True, True]) == 0.75
    assert auc([3.0, 3.0, 3.0, 3.0], [False, True, False, True]) == 0.5


@given(cohorts())
def test_area_turns_over_with_the_sign_and_with_the_grades(cohort):
    score, positive = cohort
    area = auc(score, positive)
    assert 0 <= area <= 1
    assert auc(-score, positive) == pytest.approx(1 - area)
    assert auc(score, ~positive) == pytest.approx(1 - area)


@given(cohorts())
def test_only_the_order_of_scores_counts(cohort):
    score, positive = cohort
    moved = np.exp(score / 2) + score
    assert auc(moved, positive) == auc(score, positive)
    assert leave_one_out(4 * score + 1, positive) == leave_one_out(score, positive)
    at = [accuracy_at(s, positive, youden(s, positive)) for s in (score, moved)]
    assert at[0] == at[1]


@given(cohorts())
def test_area_under_the_curve_is_the_area(cohort):
    score, positive = cohort
    points = curve(score, positive)
    assert np.trapezoid(points.hit, points.alarm) == pytest.approx(auc(score, positive))
    assert (points.alarm[0], points.hit[0]) == (0, 0)
    assert (points.alarm[-1], points.hit[-1]) == (1, 1)


@given(cohorts())
def test_youden_is_the_best_cutoff_there_is(cohort):
    score, positive = cohort
    chosen = youden(score, positive)
    assert chosen == brute_youden(score, positive)
    best = accuracy_at(score, positive, chosen).youden
    for cutoff in np.unique(score):
        assert accuracy_at(score, positive, cutoff).youden <= best + 1e-12


def test_cutoff_lies_in_the_middle_of_the_gap():
    assert youden([1.0, 2.0, 5.0, 7.0], [False, False, True, True]) == 3.5


def test_of_equal_cutoffs_the_lowest_misses_fewest():
    score, positive = [0.0, 1.0, 2.0, 3.0], [False, True, False, True]
    assert youden(score, positive) == 0.5
    assert accuracy_at(score, positive, 0.5).sensitivity == 1


def test_a_score_that_runs_backwards_calls_everyone_positive():
    score, positive = [4.0, 3.0, 2.0, 1.0], [False, False, True, True]
    assert youden(score, positive) == 1.0
    assert accuracy_at(score, positive, 1.0).specificity == 0


def test_cutoff_between_neighbouring_numbers_still_parts_them():
    low = 1.0
    high = np.nextafter(low, 2)
    chosen = youden([low, low, high, high], [False, False, True, True])
    assert low < chosen <= high


def test_at_the_cutoff_is_positive():
    found = accuracy_at([1.0, 2.0, 2.0, 3.0], [False, False, True, True], 2.0)
    assert (found.sensitivity, found.specificity, found.accuracy) == (1, 0.5, 0.75)
    assert found.sensitivity_ci == wilson(2, 2)
    assert found.specificity_ci == wilson(1, 2)
    assert found.accuracy_ci == wilson(3, 4)


@pytest.mark.parametrize(("hits", "n"), [(0, 10), (1, 10), (10, 13), (36, 36), (7, 49)])
def test_wilson_is_that_of_scipy(hits, n):
    from scipy.stats import binomtest

    expected = binomtest(hits, n).proportion_ci(method="wilson")
    assert wilson(hits, n) == pytest.approx((expected.low, expected.high), abs=1e-9)


@pytest.mark.parametrize(("hits", "n"), [(0, 0), (3, 2), (-1, 4)])
def test_wilson_of_no_share_is_refused(hits, n):
    with pytest.raises(InputError, match=f"found {hits} of {n}"):
        wilson(hits, n)


@pytest.mark.parametrize("digits", [0, 6])
@pytest.mark.parametrize("seed", range(8))
def test_leaving_out_is_choosing_without(seed, digits):
    score, positive = overlapping(seed, n=7, m=9, digits=digits)
    called = []
    for i in range(score.size):
        others = np.arange(score.size) != i
        called.append(score[i] >= brute_youden(score[others], positive[others]))
    called = np.array(called)
    found = leave_one_out(score, positive)
    assert found.sensitivity == called[positive].mean()
    assert found.specificity == (~called)[~positive].mean()
    assert found.accuracy == (called == positive).mean()


def test_leaving_out_takes_the_optimism_away():
    """Scores that know nothing: tuned cut-offs seem to, those of the others do not."""
    apparent, honest = [], []
    for seed in range(200):
        score, positive = overlapping(seed, n=12, m=12, apart=0.0)
        apparent.append(accuracy_at(score, positive, youden(score, positive)).youden)
        honest.append(leave_one_out(score, positive).youden)
    assert np.mean(apparent) > 0.2
    assert np.mean(honest) < 0.05


@pytest.mark.parametrize(
    ("score", "positive", "said"),
    [
        ([1.0, np.nan, 3.0, 4.0], [True, True, False, False], "found nan .* at place 1 of 4"),
        ([1.0, 2.0, 3.0, np.inf], [True, True, False, False], "found inf"),
        ([1.0, 2.0, 3.0, 4.0], [True, False, False, False], "found 1 of high and 3 of low"),
        ([1.0, 2.0, 3.0, 4.0], [True, True, True, True], "found 4 of high and 0 of low"),
        ([1.0, 2.0, 3.0], [True, True, False, False], r"shapes \(3,\) and \(4,\)"),
        ([1.0, 2.0, 3.0, 4.0], [1, 1, 0, 0], "boolean, True for the high grade, found int"),
        (np.array(["a", "b", "c", "d"]), [True, True, False, False], "numbers, one a patient"),
    ],
)
def test_what_cannot_be_judged_is_refused(score, positive, said):
    for judge in (auc, youden, leave_one_out):
        with pytest.raises(InputError, match=said):
            judge(np.array(score), np.array(positive))
