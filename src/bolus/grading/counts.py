"""Scores of two grades as counts, so that any number of resamples is one array operation."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from bolus.data import InputError

MIN_PATIENTS = 2
"""Fewest patients of each grade: one of them is left out in turn."""

Scores = Sequence[float] | np.ndarray
Grades = Sequence[bool] | np.ndarray


class Tally(NamedTuple):
    """How often each score was seen in each grade, in ``r`` samples of the same patients.

    ``values`` (k,) are the distinct scores, ascending; ``positive`` and ``negative`` (r, k) the
    patients of either grade at each of them.
    """

    values: Float[np.ndarray, " k"]
    positive: Int[np.ndarray, "r k"]
    negative: Int[np.ndarray, "r k"]


def checked(
    score: Scores, positive: Grades
) -> tuple[Float[np.ndarray, " n"], Bool[np.ndarray, " n"]]:
    """Scores and grades as arrays (n,).

    Raises InputError for unequal lengths, grades that are not boolean, scores that are not finite
    numbers, and fewer than MIN_PATIENTS of either grade.
    """
    grades = np.asarray(positive)
    try:
        scores = np.asarray(score, dtype=float)
    except (TypeError, ValueError) as error:
        raise InputError(f"scores are numbers, one a patient, found {score!r}") from error
    if scores.ndim != 1 or scores.shape != grades.shape:
        raise InputError(f"one score and one grade a patient are expected, found shapes "
                         f"{scores.shape} and {grades.shape}")  # fmt: skip
    if grades.dtype != bool:
        raise InputError(f"grades are boolean, True for the high grade, found {grades.dtype}")
    lost = np.flatnonzero(~np.isfinite(scores))
    if lost.size:
        raise InputError(
            f"every patient needs a finite score, found {scores[lost[0]]} as the first of "
            f"{lost.size}, at place {lost[0]} of {scores.size}"
        )
    high = int(grades.sum())
    if min(high, grades.size - high) < MIN_PATIENTS:
        raise InputError(f"at least {MIN_PATIENTS} patients of each grade are expected, found "
                         f"{high} of high and {grades.size - high} of low grade")  # fmt: skip
    return scores, grades


def tally(
    score: Float[np.ndarray, " n"],
    positive: Bool[np.ndarray, " n"],
    times: Int[np.ndarray, "r n"] | None = None,
) -> Tally:
    """Count patients by score and grade; ``times`` says how often each is in each sample.

    Without ``times`` there is one sample, with everyone once.
    """
    drawn = np.ones((1, score.size), dtype=np.int64) if times is None else times
    order = np.argsort(score, kind="stable")
    values, starts = np.unique(score[order], return_index=True)
    counts = drawn[:, order]
    return Tally(
        values,
        np.add.reduceat(counts * positive[order], starts, axis=1),
        np.add.reduceat(counts * ~positive[order], starts, axis=1),
    )


def areas(counts: Tally) -> Float[np.ndarray, " r"]:
    """Area under the ROC curve of every sample: pairs in the right order, ties counted half."""
    below = counts.negative.cumsum(axis=1) - counts.negative / 2
    pairs = counts.positive.sum(axis=1) * counts.negative.sum(axis=1)
    return (counts.positive * below).sum(axis=1) / pairs


def at_or_above(counts: Int[np.ndarray, "r k"]) -> Int[np.ndarray, "r k"]:
    """Patients whose score is at least each of the values."""
    return counts[:, ::-1].cumsum(axis=1)[:, ::-1]


def cutoffs(counts: Tally) -> Float[np.ndarray, " r"]:
    """The Youden cut-off of every sample, as ``youden`` defines it.

    Sensitivities and specificities are compared as whole numbers, so ties are exact.
    """
    hits, alarms = at_or_above(counts.positive), at_or_above(counts.negative)
    best = (hits * alarms[:, :1] - alarms * hits[:, :1]).argmax(axis=1)
    present = counts.positive + counts.negative > 0
    places = np.where(present, np.arange(present.shape[1]), present.shape[1] - 1)
    next_present = np.minimum.accumulate(places[:, ::-1], axis=1)[:, ::-1]
    upper = counts.values[next_present[np.arange(best.size), best]]
    # The first of equal values of J is the best: what lies below it was seen in this sample.
    lower = counts.values[np.maximum(best - 1, 0)]
    return np.where(best == 0, upper, between(lower, upper))


def between(
    lower: Float[np.ndarray, " r"], upper: Float[np.ndarray, " r"]
) -> Float[np.ndarray, " r"]:
    """The middle of each gap; the upper end where no number lies between the two."""
    middle = lower / 2 + upper / 2
    return np.where((middle > lower) & (middle <= upper), middle, upper)
