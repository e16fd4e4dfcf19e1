"""What maps are worth: figures of each kind of object, as they are and after a common factor."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from bolus.bench.external.leaking import HEALTHY, LEAKING, NORMAL_CBV, TIGHT
from bolus.bench.external.made import SCALED, Truth
from bolus.bench.objects import agreement
from bolus.bench.score import held_ratio

Maps = Mapping[str, Float[np.ndarray, "x y z"]]
Figures = dict[str, float]
LIMITS = {"cbv": (0.5, 0.15), "cbf": (5.0, 0.15)}
"""An estimate of the golden object counts when it is within this many units, or this fraction, of
the truth."""
SHORT = 5.0
"""s under which a transit time is short."""
HIGH_RATIO = 1.75
"""Ratio of CBV to normal white matter over which tissue counts as tumour."""


class Scored(NamedTuple):
    """Figures of an object as they are and after a common factor, and what these factors are."""

    absolute: Figures
    scaled: Figures
    factors: Figures


def common_factors(pairs: Sequence[tuple[str, Truth, Maps]]) -> Figures:
    """By map, what makes the median of estimate/true 1 over all objects of a family.

    ``pairs`` are kind, truth and maps. Of leaking objects only tissue that does not leak counts.
    """
    factors = Figures()
    for name in SCALED:
        ratios = [_ratios(truth, maps, name, kind) for kind, truth, maps in pairs if name in maps]
        every = np.concatenate(ratios) if ratios else np.empty(0)
        if every.size and np.median(every) > 0:
            factors[name] = float(1 / np.median(every))
    return factors


def _ratios(truth: Truth, maps: Maps, name: str, kind: str) -> Float[np.ndarray, " n"]:
    where = truth.where(HEALTHY) if kind == "leakage" else truth.where()
    return np.asarray((maps[name] / truth.maps[name])[where & np.isfinite(maps[name])])


def scored(kind: str, truth: Truth, maps: Maps, factors: Figures) -> Scored:
    """The figures of an object; a map that is not there has none."""
    scaled = {name: factors.get(name, 1.0) * values for name, values in maps.items()}
    figures = KINDS[kind]
    return Scored(figures(truth, maps), figures(truth, scaled), factors)


def together(pairs: Sequence[tuple[Truth, Maps]]) -> Figures:
    """Correlation of CBV of the leaking voxels between protocols: the mean and lowest of pairs.

    NaN where a volume is the same everywhere.
    """
    volumes = [_filled(maps["cbv"][t.where(LEAKING)]) for t, maps in pairs if "cbv" in maps]
    if len(volumes) < 2:
        return {}
    if not all(volume.std() > 0 for volume in volumes):
        return {"r_mean": float("nan"), "r_least": float("nan")}
    r = np.corrcoef(volumes)[np.triu_indices(len(volumes), 1)]
    return {"r_mean": float(r.mean()), "r_least": float(r.min())}


def concordance(one: Float[np.ndarray, " n"], other: Float[np.ndarray, " n"]) -> float:
    """Concordance correlation of two sets of values. Source: Lin, Biometrics 1989;45:255."""
    apart = (one.mean() - other.mean()) ** 2
    return float(2 * np.cov(one, other, ddof=0)[0, 1] / (one.var() + other.var() + apart))


def _filled(values: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Values, 0 where there is none."""
    return np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)


def _tiles(truth: Truth, values: Float[np.ndarray, "x y z"]) -> Float[np.ndarray, " tiles"]:
    """Means of the parts over the voxels that have a value, 0 where none has."""
    inside = np.isfinite(values) & (truth.labels > 0)
    label = truth.labels[inside]
    most = max(part.label for part in truth.parts) + 1
    total = np.bincount(label, weights=values[inside], minlength=most)
    count = np.bincount(label, minlength=most)
    means = total / np.maximum(count, 1)
    return np.asarray(means[[part.label for part in truth.parts]])


def _lost(truth: Truth, maps: Maps) -> Figures:
    """Share of the scored voxels whose CBF, else CBV, is no positive number."""
    first = maps.get("cbf", maps.get("cbv"))
    if first is None:
        return {}
    return {"lost": float((~(first[truth.where()] > 0)).mean())}


def _golden(truth: Truth, maps: Maps) -> Figures:
    found = _lost(truth, maps)
    mtt = _tiles(truth, truth.maps["mtt"])
    for name, (units, share) in LIMITS.items():
        if name in maps:
            value, true = (_tiles(truth, one[name]) for one in (maps, truth.maps))
            met = np.abs(value - true) <= np.maximum(units, share * true)
            found[f"{name}_within"] = float(met.sum())
            found[f"{name}_ratio"] = float(np.median(value / true))
            found[f"{name}_ratio_short"] = float(np.median((value / true)[mtt < SHORT]))
    return found


def _dispersion(truth: Truth, maps: Maps) -> Figures:
    found, where = _lost(truth, maps), truth.where()
    for name in SCALED:
        if name in maps:
            ratio = held_ratio(maps[name][where], truth.maps[name][where])
            found[f"{name}_ratio"] = float(np.median(ratio))
    return found


def _kudo(truth: Truth, maps: Maps) -> Figures:
    found = _lost(truth, maps)
    for name in ("cbf", "cbv", "mtt"):
        if name in maps:
            value, true = (_tiles(truth, one[name]) for one in (maps, truth.maps))
            found[f"icc_{name}"] = agreement(value, true)
    if "cbf" in maps:
        value, true = (_tiles(truth, one["cbf"]) for one in (maps, truth.maps))
        late = np.array([part.delay for part in truth.parts])
        level = np.array([value[late == s].mean() for s in np.unique(late)])
        found["off_by_delay"] = float(np.abs(level / level.mean() - 1).max())
        names = np.array([part.name for part in truth.parts])
        for name in np.unique(names):
            own = names == name
            found[f"cbf_ratio_{name}"] = float(np.median(value[own] / true[own]))
    return found


def _leakage(truth: Truth, maps: Maps) -> Figures:
    if "cbv" not in maps:
        return {}
    found = _lost(truth, {"cbv": maps["cbv"]})
    leaking, tight, normal = (
        _filled(maps["cbv"][truth.where(n)]) for n in (LEAKING, TIGHT, HEALTHY)
    )
    true = truth.maps["cbv"][truth.where(LEAKING)].astype(float)
    found["ccc"] = concordance(leaking, true)
    level = float(np.median(normal))
    if level > 0:
        found["share_high"] = float((leaking / level > HIGH_RATIO).mean())
    found["share_high_true"] = float((true / NORMAL_CBV > HIGH_RATIO).mean())
    found["normal_ratio"] = level / NORMAL_CBV
    found["tight_ratio"] = float(np.median(tight / truth.maps["cbv"][truth.where(TIGHT)]))
    return found


def _brain(truth: Truth, maps: Maps) -> Figures:
    found = _lost(truth, maps)
    for name in SCALED:
        for part in truth.parts if name in maps else ():
            where = truth.where(part.name)
            found |= _logarithms(name, part.name, truth, maps, where)
    if "mtt" in maps:
        there = maps["mtt"] > 0
        found["mtt_given"] = float(there[truth.where()].mean())
        for part in truth.parts:
            where = truth.where(part.name) & there
            found |= _logarithms("mtt", part.name, truth, maps, where)
    if "delay" in maps:
        where = truth.where() & np.isfinite(maps["delay"])
        found["delay_given"] = float(where.sum() / truth.where().sum())
        error = np.abs(maps["delay"] - truth.maps["delay"])[where]
        found["delay_error"] = float(error.mean()) if error.size else float("nan")
    return found


def _logarithms(
    name: str, part: str, truth: Truth, maps: Maps, where: Bool[np.ndarray, "x y z"]
) -> Figures:
    """Mean |ln(estimate/true)| and median ratio of some voxels; nothing of none."""
    if not where.any():
        return {}
    ratio = held_ratio(maps[name][where], truth.maps[name][where].astype(float))
    return {
        f"log_{name}_{part}": float(np.abs(np.log(ratio)).mean()),
        f"{name}_ratio_{part}": float(np.median(ratio)),
    }


KINDS: Mapping[str, Callable[[Truth, Maps], Figures]] = {
    "golden": _golden,
    "dispersion": _dispersion,
    "kudo": _kudo,
    "leakage": _leakage,
    "brain": _brain,
}
"""How each kind of object is scored."""
