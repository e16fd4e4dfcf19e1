"""A ratio beside a cut-off, in words."""

import math
from dataclasses import dataclass

from bolus.data import InputError
from bolus.grading.cutoff import Cutoff, map_name
from bolus.grading.ratio import RoiRatio


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """On which side of a cut-off a ratio lies. Not a diagnosis.

    ``above`` is ratio >= cut-off. ``probability`` is that of the true ratio lying above, by the
    voxels' SDs alone, None without them. ``warnings`` say why the cut-off may not hold here.
    """

    cutoff: Cutoff
    above: bool
    probability: float | None
    warnings: tuple[str, ...]
    sentences: tuple[str, ...]


def judge(ratio: RoiRatio, cutoff: Cutoff, method: str, *, map: str = "cbf") -> Verdict:
    """Hold the mean ratio of a ``map`` made by ``method`` against a cut-off.

    P(above) = Φ((ln ratio − ln cut-off)/log SD). Raises InputError for a cut-off of another map,
    except that one of CBV may be held against leakage-corrected CBV, with a warning.
    """
    if _kind(cutoff.map) != _kind(map):
        raise InputError(f"a cut-off of {map_name(cutoff.map)} says nothing of {map_name(map)}")
    above = ratio.mean >= cutoff.value
    probability = None if ratio.log_sd is None else _probability(ratio.mean, ratio.log_sd, cutoff)
    side = "above the cut-off, on the high-grade side" if above else (
        "below the cut-off, on the low-grade side")  # fmt: skip
    sure = () if probability is None else (
        f"By the voxels' uncertainty alone, it is above with a probability of "
        f"{percent(probability)}.",)  # fmt: skip
    warnings = tuple(_warnings(cutoff, method, map))
    lies = f"The {map_name(map)} ratio {ratio.mean:.2f} lies {side}."
    return Verdict(
        cutoff=cutoff,
        above=above,
        probability=probability,
        warnings=warnings,
        sentences=(lies, *sure, cutoff.told(), *(f"Warning: {text}" for text in warnings)),
    )


def percent(share: float) -> str:
    """A probability as it is read: never a flat 0 or 100 %."""
    if share < 0.01:
        return "less than 1 %"
    return "more than 99 %" if share > 0.99 else f"{100 * share:.0f} %"


def _probability(mean: float, log_sd: float, cutoff: Cutoff) -> float:
    distance = math.log(mean / cutoff.value)
    if log_sd == 0:
        return float(distance >= 0)
    return 0.5 * math.erfc(-distance / (log_sd * math.sqrt(2)))


def _kind(map: str) -> str:
    return map.removesuffix("_corrected")


def _warnings(cutoff: Cutoff, method: str, map: str) -> list[str]:
    found = []
    if cutoff.method != method:
        found.append(
            f"the map is by {method}, the cut-off by {cutoff.method}: cut-offs do not transfer "
            "between methods."
        )
    if cutoff.map != map:
        found.append(
            f"the map is {map_name(map)}, the cut-off of {map_name(cutoff.map)}: leakage "
            "correction moves the ratio."
        )
    return found
