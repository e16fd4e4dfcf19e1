"""Errors of regions: means over voxels, and their ratio to the limit."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from bolus.bench.brain.cases import Case
from bolus.bench.brain.run import Brains, Mapped
from bolus.bench.brain.voxels import QUANTITIES, TISSUE, Voxels, kinds_of

DRAWS = 300
"""Resamplings of brains' slices."""
Those = Callable[[Case], bool]


@dataclass(frozen=True, kw_only=True)
class Region:
    """Voxels of a ``name``: of some tissues, in lesions of some kinds and sizes or in none.

    ``lesions`` None takes both.
    """

    name: str
    tissue: tuple[str, ...] = TISSUE
    lesions: bool | None = None
    kinds: tuple[int, ...] | None = None
    sizes: tuple[int, ...] | None = None

    def of(self, voxels: Voxels) -> Bool[np.ndarray, " n"]:
        """Whether each voxel lies in it."""
        inside = np.isin(voxels.tissue, [TISSUE.index(name) for name in self.tissue])
        if self.lesions is not None:
            inside &= (voxels.lesion >= 0) == self.lesions
        if self.kinds is not None:
            inside &= np.isin(voxels.kind, self.kinds)
        if self.sizes is not None:
            inside &= np.isin(voxels.size, self.sizes)
        return inside


ALL = Region(name="all voxels")
HEALTHY = Region(name="healthy grey and white", tissue=("grey", "white"), lesions=False)
IN_LESIONS = Region(name="lesions", lesions=True)
TISSUES = tuple(
    Region(name=name, tissue=(name,), lesions=False)
    for name in ("grey", "white", "tumour", "ischaemic", "infarct")
)


class Score(NamedTuple):
    """Of one method in one region of ``voxels`` in all; each of CBF, CBV, MTT and delay in turn.

    ``error`` is the mean of |ln(estimate/true)|, of the delay of |estimate − true| in s; ``bias``
    the median of estimate/true, of the delay that of estimate − true; ``held`` the share of the
    90 % intervals that hold the truth, NaN without any.
    """

    error: Float[np.ndarray, " four"]
    bias: Float[np.ndarray, " four"]
    held: Float[np.ndarray, " four"]
    voxels: int


def some(found: Brains, those: Those) -> list[Mapped]:
    """The brains of the cases that are wanted."""
    return [one for one in found.mapped if those(one.case)]


def score(mapped: Sequence[Mapped], method: str, region: Region) -> Score:
    """The score of a method over the voxels of some brains."""
    value, held = _joined(mapped, method, region)
    if not len(value):
        nothing = np.full(len(QUANTITIES), np.nan)
        return Score(nothing, nothing, nothing, 0)
    middle = np.median(value, axis=0)
    bias = np.concatenate([np.exp(middle[:3]), middle[3:]])
    return Score(np.abs(value).mean(axis=0), bias, held.mean(axis=0), len(value))


class Ratio(NamedTuple):
    """Error over that of a limit on the same voxels, and the standard error of that."""

    value: float
    sd: float


def ratio(
    mapped: Sequence[Mapped], method: str, limit: str, region: Region = ALL, quantity: int = 0
) -> Ratio:
    """A method's mean error over a limit's, in the voxels that the limit was computed of.

    Each voxel stands for as many as there are of its kind for one that was chosen. The standard
    error is that of resampling the slices of all brains, DRAWS times.
    """
    sums = [np.empty((2, 0))]
    for one in mapped:
        if method in one.errors and limit in one.errors:
            sums.append(_by_slice(one, (method, limit), region, quantity))
    whole = np.concatenate(sums, axis=1)
    if not whole.sum() > 0:
        return Ratio(np.nan, np.nan)
    rng = np.random.default_rng(0)
    n = whole.shape[1]
    drawn = rng.multinomial(n, np.full(n, 1 / n), DRAWS) @ whole.T
    kept = drawn[drawn[:, 1] > 0]
    return Ratio(float(whole[0].sum() / whole[1].sum()), float(np.std(kept[:, 0] / kept[:, 1])))


def _by_slice(
    one: Mapped, methods: tuple[str, str], region: Region, quantity: int
) -> Float[np.ndarray, "two slices"]:
    """Sums of both methods' errors in each slice, where the second has any."""
    error = np.abs([one.errors[name].value[:, quantity].astype(float) for name in methods])
    there = np.isfinite(error[1])
    kind = np.unique(kinds_of(one.voxels), return_inverse=True)[1].ravel()
    weight = (np.bincount(kind) / np.maximum(np.bincount(kind, weights=there), 1))[kind]
    inside = there & region.of(one.voxels)
    slices, weight = one.voxels.index[inside, 2], weight[inside]
    return np.stack([np.bincount(slices, weights=weight * e[inside], minlength=1) for e in error])


def _joined(
    mapped: Sequence[Mapped], method: str, region: Region
) -> tuple[Float[np.ndarray, "n four"], Float[np.ndarray, "n four"]]:
    """Errors and coverage of a region's voxels."""
    values, covered = [np.empty((0, 4))], [np.empty((0, 4))]
    for one in mapped:
        if method in one.errors:
            mine = one.errors[method]
            inside = region.of(one.voxels) & np.isfinite(mine.value[:, 0])
            values.append(mine.value[inside])
            covered.append(mine.held[inside])
    return np.concatenate(values), np.concatenate(covered)
