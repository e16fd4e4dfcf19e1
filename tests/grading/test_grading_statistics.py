"""The bootstrap, and everything about one score in one object."""

import json
import time

import numpy as np
import pytest
from grading_cases import cohorts, overlapping
from hypothesis import given, settings
from scipy.stats import mannwhitneyu, norm

from bolus.data import InputError
from bolus.grading import (
    accuracy_at,
    auc,
    bootstrap,
    delong,
    grade_statistics,
    leave_one_out,
    mann_whitney,
    youden,
)
from bolus.grading.bootstrap import drawn
from bolus.grading.counts import areas, cutoffs, tally


@given(cohorts())
@settings(max_examples=60)
def test_resamples_at_once_are_resamples_one_by_one(cohort):
    score, positive = cohort
    times = drawn(positive, 0, 20)
    counts = tally(score, positive, times)
    for row, area, cutoff in zip(times, areas(counts), cutoffs(counts), strict=True):
        again, grades = np.repeat(score, row), np.repeat(positive, row)
        assert area == pytest.approx(auc(again, grades))
        assert cutoff == youden(again, grades)


def test_patients_are_drawn_within_their_grade():
    _, positive = overlapping(0, n=13, m=36)
    times = drawn(positive, 0, 500)
    assert (times[:, positive].sum(axis=1) == 13).all()
    assert (times[:, ~positive].sum(axis=1) == 36).all()
    np.testing.assert_allclose(times.mean(axis=0), 1, atol=0.2)


def test_interval_is_near_that_of_delong():
    score, positive = overlapping(1, n=200, m=200)
    assert bootstrap(score, positive).auc == pytest.approx(delong(score, positive).ci, abs=0.01)


def test_interval_of_the_cutoff_narrows_with_patients():
    few, many = (bootstrap(*overlapping(2, n=n, m=n, apart=2.0)).cutoff for n in (12, 1200))
    assert many[1] - many[0] < few[1] - few[0]
    assert many[0] < 1.0 < many[1]


def test_same_seed_same_interval():
    score, positive = overlapping(0)
    assert bootstrap(score, positive, seed=3) == bootstrap(score, positive, seed=3)
    assert bootstrap(score, positive, seed=3) != bootstrap(score, positive, seed=4)


def test_without_resamples_there_is_no_interval():
    with pytest.raises(InputError, match="found 0"):
        bootstrap(*overlapping(0), resamples=0)


def test_two_thousand_resamples_take_well_under_a_second():
    score, positive = overlapping(0, n=32, m=32)
    bootstrap(score, positive)
    start = time.process_time()
    bootstrap(score, positive)
    assert time.process_time() - start < 0.5


@pytest.mark.parametrize("sizes", [(6, 7), (20, 30)])
def test_mann_whitney_is_that_of_scipy(sizes):
    score, positive = overlapping(4, *sizes)
    expected = mannwhitneyu(score[positive], score[~positive], alternative="two-sided")
    assert mann_whitney(score, positive) == expected.pvalue


def test_scores_without_a_difference_have_nothing_to_test():
    assert mann_whitney([1.0] * 4, [True, False] * 2) == 1


def test_everything_of_one_score_in_one_place():
    score, positive = overlapping(6, n=13, m=36)
    found = grade_statistics(score, positive, seed=2, resamples=300)
    assert (found.high, found.low, found.seed, found.resamples) == (13, 36, 2, 300)
    assert found.auc == auc(score, positive)
    assert (found.auc_ci, found.cutoff_ci) == bootstrap(score, positive, seed=2, resamples=300)
    area = delong(score, positive)
    assert (found.auc_se, found.auc_ci_delong) == (area.se, area.ci)
    assert found.cutoff == youden(score, positive)
    assert found.apparent == accuracy_at(score, positive, found.cutoff)
    assert found.left_out == leave_one_out(score, positive)
    assert found.p == mann_whitney(score, positive)


def test_statistics_are_plain_and_go_to_json_and_back():
    found = grade_statistics(*overlapping(6), resamples=50)
    back = json.loads(json.dumps(found.as_json(), allow_nan=False))
    assert back["auc"] == found.auc
    assert back["left_out"]["sensitivity_ci"] == list(found.left_out.sensitivity_ci)
    assert back["curve"][0] == [0, 0]
    assert back["curve"][-1] == [1, 1]


def test_lists_do_as_well_as_arrays():
    score, positive = overlapping(6)
    listed = grade_statistics(score.tolist(), positive.tolist(), resamples=10)
    assert listed == grade_statistics(score, positive, resamples=10)


def test_area_of_two_normal_grades_is_that_of_theory():
    score, positive = overlapping(0, n=3000, m=3000)
    assert auc(score, positive) == pytest.approx(norm.cdf(1 / np.sqrt(2)), abs=0.02)
