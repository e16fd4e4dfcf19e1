"""How far area and cut-off would move with other patients of the same kind."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int

from bolus.data import InputError
from bolus.grading.counts import Grades, Scores, areas, checked, cutoffs, tally
from bolus.grading.roc import Interval

RESAMPLES = 2000
LEVEL = 0.95


class Spread(NamedTuple):
    """95 % percentile intervals over resamples of the patients."""

    auc: Interval
    cutoff: Interval


def bootstrap(
    score: Scores, positive: Grades, *, seed: int = 0, resamples: int = RESAMPLES
) -> Spread:
    """Intervals of the AUC and of the Youden cut-off, from patients drawn again.

    Patients are drawn with replacement within each grade, so every resample has as many of each as
    there are (Efron & Tibshirani 1993, percentile method; stratified as for ROC curves in pROC,
    Robin 2011). Same seed, same intervals. Where the grades do not overlap every resample has the
    same area, and its interval has no width. Raises InputError.
    """
    scores, grades = checked(score, positive)
    if resamples < 1:
        raise InputError(f"at least 1 resample is expected, found {resamples}")
    counts = tally(scores, grades, drawn(grades, seed, resamples))
    return Spread(_interval(areas(counts)), _interval(cutoffs(counts)))


def drawn(grades: Bool[np.ndarray, " n"], seed: int, resamples: int) -> Int[np.ndarray, "r n"]:
    """How often each patient is in each resample."""
    rng = np.random.default_rng(seed)
    times = np.zeros((resamples, grades.size), dtype=np.int64)
    for members in (grades, ~grades):
        n = int(members.sum())
        times[:, members] = rng.multinomial(n, np.full(n, 1 / n), size=resamples)
    return times


def _interval(values: np.ndarray) -> Interval:
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
