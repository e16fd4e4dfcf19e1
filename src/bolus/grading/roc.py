"""How well one score tells high from low grade: area, curve, cut-off, and what it gets right.

High grade is positive, and a patient is called positive if score >= cut-off.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from bolus.data import InputError
from bolus.grading.counts import Grades, Scores, areas, at_or_above, checked, cutoffs, tally

Interval = tuple[float, float]

Z95 = 1.959963984540054
"""Standard normal quantile of 0.975."""


@dataclass(frozen=True, kw_only=True)
class Accuracy:
    """What a rule gets right: fractions with Wilson 95 % intervals.

    ``sensitivity`` is the share of high grades called positive, ``specificity`` that of low grades
    called negative, ``accuracy`` that of all patients called rightly.
    """

    sensitivity: float
    sensitivity_ci: Interval
    specificity: float
    specificity_ci: Interval
    accuracy: float
    accuracy_ci: Interval

    @property
    def youden(self) -> float:
        """Sensitivity + specificity − 1: 0 for a guess, 1 for a perfect rule."""
        return self.sensitivity + self.specificity - 1


@dataclass(frozen=True, kw_only=True)
class Curve:
    """The ROC curve from (0, 0) to (1, 1), as points of equal number.

    At ``threshold`` (k,), descending from infinity, ``alarm`` is 1 − specificity and ``hit`` the
    sensitivity of calling score >= threshold positive.
    """

    threshold: tuple[float, ...]
    alarm: tuple[float, ...]
    hit: tuple[float, ...]


def auc(score: Scores, positive: Grades) -> float:
    """Area under the ROC curve, in its Mann-Whitney form.

    ``score`` and ``positive`` (n,). P(score of a high grade > score of a low grade), ties counted
    half (Bamber 1975). Raises InputError as ``checked`` says.
    """
    return float(areas(tally(*checked(score, positive)))[0])


def curve(score: Scores, positive: Grades) -> Curve:
    """The ROC curve, a point for each distinct score. Raises InputError."""
    counts = tally(*checked(score, positive))
    hits, alarms = at_or_above(counts.positive)[0, ::-1], at_or_above(counts.negative)[0, ::-1]
    return Curve(
        threshold=(np.inf, *counts.values[::-1].tolist()),
        alarm=(0.0, *(alarms / alarms[-1]).tolist()),
        hit=(0.0, *(hits / hits[-1]).tolist()),
    )


def youden(score: Scores, positive: Grades) -> float:
    """The cut-off with the largest sensitivity + specificity − 1 (Youden 1950).

    It lies in the middle of the gap between the neighbouring scores it parts. Of several with the
    same index the lowest is taken: it has the highest sensitivity, and to miss a high-grade tumour
    is the worse mistake. Where no cut-off is better than calling everyone positive, it is the
    lowest score. Raises InputError.
    """
    return float(cutoffs(tally(*checked(score, positive)))[0])


def accuracy_at(score: Scores, positive: Grades, cutoff: float) -> Accuracy:
    """What calling score >= ``cutoff`` positive gets right. Raises InputError."""
    scores, grades = checked(score, positive)
    return _accuracy(scores >= cutoff, grades)


def leave_one_out(score: Scores, positive: Grades) -> Accuracy:
    """What Youden cut-offs get right of patients who had no part in choosing them.

    Each patient is called by the cut-off of all the others. A cut-off is tuned to the patients it
    was chosen on; this takes that optimism away. Raises InputError.
    """
    scores, grades = checked(score, positive)
    others = 1 - np.eye(scores.size, dtype=np.int64)
    return _accuracy(scores >= cutoffs(tally(scores, grades, others)), grades)


def wilson(hits: int, n: int) -> Interval:
    """Wilson's 95 % interval of ``hits`` of ``n`` (Wilson 1927). Raises InputError."""
    if not 0 <= hits <= n or n == 0:
        raise InputError(f"hits lie between 0 and a number of at least 1, found {hits} of {n}")
    share, spread = hits / n, Z95**2 / n
    middle = (share + spread / 2) / (1 + spread)
    half = np.sqrt(share * (1 - share) * spread + spread**2 / 4) / (1 + spread)
    low = 0.0 if hits == 0 else float(middle - half)
    return low, 1.0 if hits == n else float(middle + half)


def _accuracy(called: Bool[np.ndarray, " n"], grades: Bool[np.ndarray, " n"]) -> Accuracy:
    right = called == grades
    (sensitivity, first), (specificity, second), (accuracy, third) = (
        (float(part.mean()), wilson(int(part.sum()), part.size))
        for part in (right[grades], right[~grades], right)
    )
    return Accuracy(
        sensitivity=sensitivity,
        sensitivity_ci=first,
        specificity=specificity,
        specificity_ci=second,
        accuracy=accuracy,
        accuracy_ci=third,
    )
