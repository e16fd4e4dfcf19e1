"""Change of maps voxel by voxel."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float
from scipy.special import erf

from bolus.data import Anatomy, Grid, Quantity
from bolus.data.quantities import Ratio
from bolus.followup.carried import gradient
from bolus.followup.pair import Pair
from bolus.followup.protocol import Allowed
from bolus.io import resample_linear

SUBTRACTED = "mean of the reference subtracted from both"
DIVIDED = "both divided by the mean of the reference"
AS_THEY_ARE = "both in the map's own unit"
Volume = Float[np.ndarray, "x y z"]


@dataclass(frozen=True, kw_only=True, eq=False)
class VoxelChange:
    """After minus before of a map, on the grid of the first examination.

    ``change`` (x, y, z) and its ``sd`` are in ``unit``, ``how`` says of what they are;
    ``probability`` is that of ``Change`` with the sign of the change. NaN where a date has no
    value. SD and probability None where they are not known.
    """

    quantity: Quantity
    how: str
    unit: str
    change: Volume
    sd: Volume | None
    probability: Volume | None


def voxel_changes(pair: Pair, may: Allowed) -> Iterator[VoxelChange]:
    """Change of every compared map; of maps that may not be compared without a reference none.

    Maps with a ratio are divided by the mean of the reference at each date, from others it is
    subtracted, and so what all voxels share is left out. Without a reference they are compared as
    they are where that is allowed, and SDs have the scale in them. The registration adds its own
    error times the change of the map over a mm.
    """
    for quantity in pair.quantities:
        if pair.reference is None:
            if may.absolutely(quantity):
                yield _plain(pair, quantity, may)
        else:
            found = _normalised(pair, quantity, may)
            if found is not None:
                yield found


def _plain(pair: Pair, quantity: Quantity, may: Allowed) -> VoxelChange:
    name = quantity.name
    visits = pair.before, pair.after
    known = None not in [visit.common_sd(name) for visit in visits]
    sds = [visit.sd.get(name) if known else None for visit in visits]
    values = pair.of_before(pair.before.volumes[name]), pair.of_after(pair.after.volumes[name])
    unit = quantity.unit_of(pair.before.relative).written
    return _made(pair, quantity, values, (sds[0], _carried(pair, sds[1])), (AS_THEY_ARE, unit, may))


def _normalised(pair: Pair, quantity: Quantity, may: Allowed) -> VoxelChange | None:
    """None where the reference has no mean above 0 to divide by."""
    name, plain = quantity.name, quantity.ratio is Ratio.NONE
    raw = pair.of_before(pair.before.volumes[name]), pair.of_after(pair.after.volumes[name])
    sds = pair.before.own_sd(name), _carried(pair, pair.after.own_sd(name))
    both = np.isfinite(raw[0]) & np.isfinite(raw[1]) & pair.reference
    if not both.any():
        return None
    bases = [float(volume[both].mean()) for volume in raw]
    if plain:
        values = raw[0] - bases[0], raw[1] - bases[1]
        return _made(pair, quantity, values, sds, (SUBTRACTED, quantity.unit.written, may))
    if min(bases) <= 0:
        return None
    values = raw[0] / bases[0], raw[1] / bases[1]
    shared = [None if sd is None else sd / base for sd, base in zip(sds, bases, strict=True)]
    return _made(pair, quantity, values, (shared[0], shared[1]), (DIVIDED, "1", may))


def signed_probability(change: Volume, sd: Volume) -> Volume:
    """Probability of ``Change`` by voxel, with the sign of the change."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return _float32(np.sign(change) * erf(np.abs(change) / sd / np.sqrt(2)))


def on_anatomy(change: VoxelChange, grid: Grid, anatomy: Anatomy) -> VoxelChange:
    """A change on the grid of an anatomical image, of the first examination's ``grid``.

    Change and SD are interpolated linearly, and the probability is made of them.
    """
    target = anatomy.seen_by_series
    moved = resample_linear(change.change, grid, target)
    sd = None if change.sd is None else resample_linear(change.sd, grid, target)
    probability = (
        None if change.probability is None or sd is None else signed_probability(moved, sd)
    )
    return replace(change, change=moved, sd=sd, probability=probability)


def _carried(pair: Pair, sd: Volume | None) -> Volume | None:
    return None if sd is None else pair.of_after(sd)


def _made(
    pair: Pair,
    quantity: Quantity,
    values: tuple[Volume, Volume],
    sds: tuple[Volume | None, Volume | None],
    how: tuple[str, str, Allowed],
) -> VoxelChange:
    told, unit, may = how
    change = values[1] - values[0]
    sd, probability = None, None
    if sds[0] is not None and sds[1] is not None and may.probability:
        moved = np.linalg.norm(gradient(values[1], pair.before.grid), axis=0)
        sd = np.sqrt(sds[0] ** 2 + sds[1] ** 2 + (pair.registration.sd * moved) ** 2)
        probability = signed_probability(change, sd)
        sd = _float32(np.where(np.isfinite(change), sd, np.nan))
    return VoxelChange(
        quantity=quantity,
        how=told,
        unit=unit,
        change=_float32(change),
        sd=sd,
        probability=probability,
    )


def _float32(volume: Volume) -> Volume:
    return np.asarray(volume, dtype=np.float32)
