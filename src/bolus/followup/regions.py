"""Change of maps in regions."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float

from bolus.data import MaskError, Quantity
from bolus.data.quantities import Ratio
from bolus.followup.alike import apart
from bolus.followup.carried import gradient
from bolus.followup.change import PER_CENT, Change, Estimate, in_unit, per_cent
from bolus.followup.pair import REFERENCE, Pair
from bolus.followup.protocol import Allowed
from bolus.grading.ratio import region
from bolus.grading.voxels import Shared, Voxels, voxels_of

NO_SD = "The method gives no uncertainty of {}."
NO_SCALE = "How sure the scale of the arterial input is, is not known."
OTHERS = "Made otherwise at each date: no interval says by how much that changes it."


@dataclass(frozen=True)
class Mean:
    """Mean of a map in a region at one date, the SDs of its error, and what a mm moves it by.

    ``own`` is the SD of what each voxel errs for itself, ``common`` of what all err alike; None
    where they are not known.
    """

    value: float
    own: float | None
    common: float | None
    moved: Float[np.ndarray, "3"]
    voxels: int

    @property
    def log(self) -> "Mean":
        """That of its logarithm."""
        own, common = (None if s is None else s / self.value for s in (self.own, self.common))
        return Mean(math.log(self.value), own, common, self.moved / self.value, self.voxels)


def region_changes(pair: Pair, may: Allowed) -> Iterator[Change]:
    """Change of every compared map in every region, normalised and, where allowed, absolute.

    Means are over voxels that have a value at both dates. Their errors are partly the same
    (``shared_by``), of those most at both dates (``alike``), and the registration moves those of
    the second date by what the map changes over its error. Logarithms are compared of maps that
    have a ratio, differences of others. The SD of a normalised change has in it how much the echo
    times differ (``by_echo``), that of an absolute flow or volume that of the arterial input's
    scale at both dates.
    """
    for quantity in pair.quantities:
        means = _means(pair, quantity)
        base = means.get(REFERENCE)
        for name, (before, after) in means.items():
            if base is not None and name != REFERENCE:
                found = _normalised(pair, (before, after), base, quantity)
                if found is not None:
                    yield _told(found, (quantity, name), (before, after, base), may)
            if may.absolutely(quantity):
                yield _absolute(pair, (before, after), (quantity, name), may)


Means = tuple[Mean, Mean]


def _means(pair: Pair, quantity: Quantity) -> dict[str, Means]:
    """Means before and after by region, of those that have enough voxels."""
    name = quantity.name
    before = _carried(voxels_of(pair.before, name), pair.of_before)
    # its SDs are not of blurred voxels
    before = replace(before, sd=pair.before.own_sd(name))
    after = _carried(voxels_of(pair.after, name), pair.of_after)
    moved = gradient(after.volume, pair.before.grid)
    both = np.isfinite(before.volume) & np.isfinite(after.volume)
    found = {}
    for label, mask in pair.regions.items():
        inside = mask & both
        drift = moved[:, inside].mean(axis=1) if inside.any() else np.zeros(3)
        try:
            found[label] = (
                _mean(before, inside, np.zeros(3)),
                _mean(after, inside, drift),
            )
        except MaskError:
            continue
    return found


def _carried(voxels: Voxels, onto: Callable[[np.ndarray], np.ndarray]) -> Voxels:
    """Maps and SDs on the grid of the first examination."""
    volume, sd, alone = (
        None if one is None else onto(one) for one in (voxels.volume, voxels.sd, voxels.alone)
    )
    assert volume is not None
    return Voxels(volume, sd, alone, voxels.shared)


def _mean(voxels: Voxels, inside: Bool[np.ndarray, "x y z"], moved: Float[np.ndarray, "3"]) -> Mean:
    whole, none, all_ = (
        region("region", one, inside)
        for one in (
            voxels,
            replace(voxels, shared=Shared(0.0)),
            replace(voxels, shared=Shared(1.0)),
        )
    )
    if whole.mean_sd is None or none.mean_sd is None or all_.mean_sd is None:
        return Mean(whole.mean, None, None, moved, whole.voxels)
    # of each voxel's variance a share is common to all
    variance = (all_.mean_sd**2 - none.mean_sd**2) / (1 - 1 / whole.voxels)
    shared = voxels.shared
    common = math.hypot(math.sqrt(shared.noise * variance), shared.form * whole.mean)
    own = math.sqrt(max(whole.mean_sd**2 - common**2, 0.0))
    return Mean(whole.mean, own, common, moved, whole.voxels)


def _normalised(pair: Pair, here: Means, base: Means, quantity: Quantity) -> Estimate | None:
    """Change of ln(region / reference), of differences to it for maps without a ratio."""
    if quantity.ratio is not Ratio.NONE:
        if min(mean.value for mean in (*here, *base)) <= 0:
            return None
        here, base = (here[0].log, here[1].log), (base[0].log, base[1].log)
    value = (here[1].value - base[1].value) - (here[0].value - base[0].value)
    same = pair.alike(quantity, "normalised")
    commons = [*_commons([here, base], same), pair.by_echo(quantity)]
    return Estimate(value, _sd(pair, [*here, *base], commons, here[1].moved - base[1].moved))


def _commons(pairs: list[Means], same: float) -> list[float | None]:
    """SDs of what changes of the common errors of regions, of which two dates have most alike."""
    return [_apart(before.common, after.common, same) for before, after in pairs]


def _apart(before: float | None, after: float | None, same: float) -> float | None:
    return None if before is None or after is None else apart(before, after, same)


def _sd(
    pair: Pair, means: list[Mean], commons: list[float | None], drift: Float[np.ndarray, "3"]
) -> float | None:
    parts = [*(mean.own for mean in means), *commons]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    return math.hypot(*known, pair.registration.sd * float(np.linalg.norm(drift)))


def _absolute(pair: Pair, here: Means, what: tuple[Quantity, str], may: Allowed) -> Change:
    """Change of the mean itself: in per cent of flows, volumes and MTT, else in the map's unit."""
    (before, after), (quantity, _) = here, what
    logs = quantity.ratio is Ratio.PLAIN and min(before.value, after.value) > 0
    scales = [visit.common_sd(quantity.name) for visit in (pair.before, pair.after)]
    if logs:
        here = (before.log, after.log)
    else:
        scales = [None if s is None else s * m.value for s, m in zip(scales, here, strict=True)]
    same = pair.alike(quantity, "absolute")
    commons = [*_commons([here], same), _apart(scales[0], scales[1], same)]
    value, drift = here[1].value - here[0].value, here[1].moved
    found = Estimate(value, _sd(pair, list(here), commons, drift))
    note = "" if None not in scales or before.own is None or after.own is None else NO_SCALE
    unit = quantity.unit_of(pair.before.relative).written
    return _made(
        found, what, (before.value, after.value), (before, "absolute", unit, logs), may, note
    )


def _told(
    found: Estimate, what: tuple[Quantity, str], means: tuple[Mean, Mean, Means], may: Allowed
) -> Change:
    """A normalised change: ratios and per cent, or differences in the map's unit."""
    before, after, base = means
    plain = what[0].ratio is Ratio.NONE
    pairs = (before.value, base[0].value), (after.value, base[1].value)
    ends = tuple(a - b if plain else a / b for a, b in pairs)
    unit = what[0].unit.written if plain else "1"
    return _made(found, what, (ends[0], ends[1]), (before, "normalised", unit, not plain), may)


def _made(
    found: Estimate,
    what: tuple[Quantity, str],
    ends: tuple[float, float],
    how: tuple[Mean, str, str, bool],
    may: Allowed,
    note: str = "",
) -> Change:
    mean, kind, unit, logs = how
    change, interval, probability = (per_cent if logs else in_unit)(found)
    if not may.probability:
        interval, probability, note = None, None, OTHERS
    elif found.sd is None and not note:
        note = NO_SD.format(what[0].within)
    return Change(
        quantity=what[0].name,
        region=what[1],
        kind=kind,
        before=ends[0],
        after=ends[1],
        unit=unit,
        change=change,
        change_unit=PER_CENT if logs else unit,
        interval=interval,
        probability=probability,
        voxels=mean.voxels,
        note=note,
    )
