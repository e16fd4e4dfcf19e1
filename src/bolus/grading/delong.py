"""The variance of an area under the ROC curve, and whether two areas differ.

DeLong, DeLong & Clarke-Pearson, Biometrics 44:837 (1988), computed by ranks as in Sun & Xu, IEEE
Signal Processing Letters 21:1389 (2014).
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from bolus.grading.counts import Grades, Scores, checked
from bolus.grading.roc import Z95, Interval

NOTHING = 1e-20
"""A variance below this is rounding: placements are multiples of half a patient."""


class Placements(NamedTuple):
    """Of each high grade, the share of low grades below it; of each low grade, that of highs above.

    ``high`` (m,) and ``low`` (n,), ties counted half; the mean of either is the AUC.
    """

    high: Float[np.ndarray, " m"]
    low: Float[np.ndarray, " n"]


@dataclass(frozen=True, kw_only=True)
class Area:
    """An AUC with its DeLong standard error and 95 % interval, held within 0 and 1."""

    auc: float
    se: float
    ci: Interval


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Two scores of the same patients: AUCs, and whether their difference is more than chance.

    ``difference`` is the first AUC less the second, ``se`` its standard error, ``ci`` its 95 %
    interval, ``z`` their quotient and ``p`` two-sided. ``z`` and ``p`` are None where they are not
    defined: areas that differ, with no variance to judge that by.
    """

    auc: tuple[float, float]
    difference: float
    se: float
    ci: Interval
    z: float | None
    p: float | None


def delong(score: Scores, positive: Grades) -> Area:
    """AUC of a score with its standard error and 95 % interval, AUC ± 1.96 SE.

    Where the grades do not overlap (AUC 0 or 1) the estimated variance is 0 and the interval has no
    width: it then says nothing of how sure the AUC is. Raises InputError.
    """
    placed = placements(*checked(score, positive))
    area, se = float(placed.high.mean()), math.sqrt(_variance(placed))
    return Area(auc=area, se=se, ci=(max(area - Z95 * se, 0.0), min(area + Z95 * se, 1.0)))


def compare(score_a: Scores, score_b: Scores, positive: Grades) -> Comparison:
    """DeLong's paired test of the AUCs of two scores of the same patients.

    z = (AUC_a − AUC_b) / SE, with the SE of the difference from the patients' differences in
    placement. Where that variance is 0: scores that order the patients alike have z = 0 and p = 1;
    areas that differ all the same (as of two scores that both part the grades, in opposite
    directions) have no test, z and p are None. Raises InputError.
    """
    first = placements(*checked(score_a, positive))
    other = placements(*checked(score_b, positive))
    change = Placements(first.high - other.high, first.low - other.low)
    difference, se = float(change.high.mean()), math.sqrt(_variance(change))
    z, p = _test(difference, se)
    return Comparison(
        auc=(float(first.high.mean()), float(other.high.mean())),
        difference=difference,
        se=se,
        ci=(difference - Z95 * se, difference + Z95 * se),
        z=z,
        p=p,
    )


def placements(score: Float[np.ndarray, " n"], positive: Bool[np.ndarray, " n"]) -> Placements:
    """Placement values: ranks among all less ranks in the own grade, over the other's number."""
    from scipy.stats import rankdata

    high, low = score[positive], score[~positive]
    rank = rankdata(score)
    above = (rank[positive] - rankdata(high)) / low.size
    return Placements(above, 1 - (rank[~positive] - rankdata(low)) / high.size)


def _variance(values: Placements) -> float:
    found = float(values.high.var(ddof=1) / values.high.size + values.low.var(ddof=1)
                  / values.low.size)  # fmt: skip
    return found if found > NOTHING else 0.0


def _test(difference: float, se: float) -> tuple[float | None, float | None]:
    if se > 0:
        z = difference / se
        return z, math.erfc(abs(z) / math.sqrt(2))
    return (0.0, 1.0) if abs(difference) < math.sqrt(NOTHING) else (None, None)
