"""All that is said of one score in a cohort."""

from dataclasses import asdict, dataclass

from bolus.grading.bootstrap import RESAMPLES, bootstrap
from bolus.grading.counts import Grades, Scores, checked
from bolus.grading.delong import delong
from bolus.grading.roc import (
    Accuracy,
    Curve,
    Interval,
    accuracy_at,
    auc,
    curve,
    leave_one_out,
    youden,
)


@dataclass(frozen=True, kw_only=True)
class Roc:
    """How well a score tells ``high`` from ``low`` grade patients (numbers of them).

    ``auc`` with the bootstrap's 95 % interval ``auc_ci``, and DeLong's ``auc_se`` and
    ``auc_ci_delong``; ``cutoff`` after Youden with the bootstrap's ``cutoff_ci``; what it gets
    right of the same patients (``apparent``, optimistic) and of each left out in turn
    (``left_out``); ``p`` of the two-sided Mann-Whitney test; the ``curve``. ``seed`` and
    ``resamples`` are the bootstrap's.
    """

    high: int
    low: int
    auc: float
    auc_ci: Interval
    auc_se: float
    auc_ci_delong: Interval
    cutoff: float
    cutoff_ci: Interval
    apparent: Accuracy
    left_out: Accuracy
    p: float
    curve: Curve
    seed: int
    resamples: int

    def as_json(self) -> dict[str, object]:
        """Everything as JSON takes it, the curve as points [1 − specificity, sensitivity]."""
        points = [list(point) for point in zip(self.curve.alarm, self.curve.hit, strict=True)]
        return {**asdict(self), "curve": points}


def grade_statistics(
    score: Scores, positive: Grades, *, seed: int = 0, resamples: int = RESAMPLES
) -> Roc:
    """Judge a score of patients whose grade is known; high grade is positive.

    ``score`` and ``positive`` (n,). Raises InputError for scores that are not finite, grades that
    are not boolean, and fewer than 2 patients of either grade.
    """
    scores, grades = checked(score, positive)
    area, spread = delong(scores, grades), bootstrap(scores, grades, seed=seed, resamples=resamples)
    cutoff = youden(scores, grades)
    return Roc(
        high=int(grades.sum()),
        low=int((~grades).sum()),
        auc=auc(scores, grades),
        auc_ci=spread.auc,
        auc_se=area.se,
        auc_ci_delong=area.ci,
        cutoff=cutoff,
        cutoff_ci=spread.cutoff,
        apparent=accuracy_at(scores, grades, cutoff),
        left_out=leave_one_out(scores, grades),
        p=mann_whitney(scores, grades),
        curve=curve(scores, grades),
        seed=seed,
        resamples=resamples,
    )


def mann_whitney(score: Scores, positive: Grades) -> float:
    """Two-sided p of the Mann-Whitney test, exact for small numbers without ties.

    1 where all scores are the same, which leaves nothing to test. Raises InputError.
    """
    from scipy.stats import mannwhitneyu

    scores, grades = checked(score, positive)
    if scores.min() == scores.max():
        return 1.0
    return float(mannwhitneyu(scores[grades], scores[~grades], alternative="two-sided").pvalue)
