"""Two examinations on the grid of the first."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float
from scipy import ndimage

from bolus.data import QUANTITIES, Quantity
from bolus.data.quantities import Ratio
from bolus.followup.alike import alike, by_echo
from bolus.followup.carried import blur_of, blurred, carried, carried_mask
from bolus.followup.register import Head, Registration, registered
from bolus.followup.visit import Visit

REFERENCE = "reference"


@dataclass(frozen=True, eq=False)
class Pair:
    """The examination ``before``, the one ``after``, and where the head of the first is in it."""

    before: Visit
    after: Visit
    registration: Registration

    @cached_property
    def quantities(self) -> tuple[Quantity, ...]:
        """What is compared: what both have and readers compare, no mere measure of a fit.

        A map that both have corrected for leakage is compared as corrected only: what leaks is not
        the same at another date.
        """
        both = self.before.volumes.keys() & self.after.volumes.keys()
        return tuple(
            quantity
            for name, quantity in QUANTITIES.items()
            if name in both
            and f"{name}_corrected" not in both
            and (quantity.ratio is not Ratio.NONE or name == "delay")
        )

    @cached_property
    def blur(self) -> Float[np.ndarray, "3"]:
        """SD in voxels of the first grid of what the second examination is blurred by."""
        before, after = self.before.grid, self.after.grid
        sd = blur_of(after, before, self.registration.transform, self.before.brain)
        # along the axes of the second grid that lie nearest to those of the first
        turn = np.linalg.inv(before.affine[:3, :3]) @ after.affine[:3, :3]
        nearest = np.argmax(np.abs(turn) * np.array(before.voxel_size)[:, None], axis=1)
        return np.asarray(sd[nearest] / before.voxel_size)

    def of_before(self, volume: Float[np.ndarray, "x y z"]) -> Float[np.ndarray, "x y z"]:
        """A volume of the first examination, as blurred as the second one is by interpolation.

        Else what is bright and small would seem to have faded.
        """
        return blurred(volume, self.blur)

    def of_after(self, volume: Float[np.ndarray, "x y z"]) -> Float[np.ndarray, "i j k"]:
        """A volume of the second examination on the grid of the first."""
        grids = self.after.grid, self.before.grid
        return carried(volume, *grids, self.registration.transform)

    @cached_property
    def brain(self) -> Bool[np.ndarray, "x y z"]:
        """Brain in both."""
        return self.before.brain & self._carried(self.after.brain)

    @cached_property
    def regions(self) -> dict[str, Bool[np.ndarray, "x y z"]]:
        """Regions on the grid of the first: those of each, told apart where both have one.

        One reference for both dates: that of the first examination, else of the second. Of a region
        that both have, voxels of the rim which only one of them has are left out (``core_of``).
        """
        found: dict[str, Bool[np.ndarray, "x y z"]] = {}
        later = {name: self._carried(mask) for name, mask in self.after.rois.items()}
        for name in dict.fromkeys([*self.before.rois, *later]):
            own, other = self.before.rois.get(name), later.get(name)
            if own is None or other is None or name == REFERENCE:
                mask = other if own is None else own
                found |= {name: mask} if mask is not None and mask.any() else {}
            else:
                found[f"{name} before"] = core_of(own, other)
                found[f"{name} after"] = core_of(other, own)
        return found

    @property
    def reference(self) -> Bool[np.ndarray, "x y z"] | None:
        """The region that maps are normalised by; None where there is none."""
        return self.regions.get(REFERENCE)

    def alike(self, quantity: Quantity, kind: str) -> float:
        """Correlation between the dates of what voxels have wrong alike; 0 of two methods."""
        if self.before.method != self.after.method:
            return 0.0
        return alike(self.before.method, quantity.name, kind)

    def by_echo(self, quantity: Quantity) -> float:
        """SD of the logarithm of a normalised change for echo times that differ; 0 of several."""
        before, after = (visit.told.get("echo_time_s") for visit in (self.before, self.after))
        if not (isinstance(before, float | int) and isinstance(after, float | int)):
            return 0.0
        return by_echo(self.before.method, quantity.name, math.log(after / before))

    def _carried(self, mask: Bool[np.ndarray, "x y z"]) -> Bool[np.ndarray, "i j k"]:
        grids = self.after.grid, self.before.grid
        return carried_mask(mask, *grids, self.registration.transform)


def core_of(
    mask: Bool[np.ndarray, "x y z"], other: Bool[np.ndarray, "x y z"]
) -> Bool[np.ndarray, "x y z"]:
    """A region without the voxels at the ``other`` one's rim that are not in that.

    Masks of two dates differ by a voxel at their rims, for they lie on two grids. The correction of
    leakage expects leaks inside a tumour's mask and hardly any outside it: a voxel of the rim is
    corrected at one date and not at the other, and seems to have changed. On 15 simulated gliomas
    that did not change corrected CBV was 15 % lower at the second date in voxels that only the mask
    of the first has, 9 % higher in those that only that of the second has. What lies further from
    the other mask than a face of a voxel stays, such as where a tumour grew; so do masks that have
    nothing in common.
    """
    if not (mask & other).any():
        return mask
    return mask & (other | ~ndimage.binary_dilation(other))


def paired(before: Visit, after: Visit) -> Pair:
    """Two examinations, registered by their images before the bolus.

    Raises InputError where they could not be.
    """
    heads = (Head(visit.baseline, visit.brain, visit.grid) for visit in (before, after))
    return Pair(before, after, registered(*heads))
