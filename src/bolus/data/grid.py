"""Where voxels lie in the scanner."""

from dataclasses import dataclass
from itertools import permutations

import numpy as np
from jaxtyping import Float, Shaped

from bolus.data.brief import brief


@dataclass(frozen=True, kw_only=True, eq=False)
class Grid:
    """A voxel grid in patient space (RAS+, millimetres).

    ``affine`` maps voxel indices to mm; ``qform`` is the header's second transform where it
    differs, and the two codes are NIfTI's: what is written has the geometry that was read.
    """

    __repr__ = brief

    shape: tuple[int, int, int]
    affine: Float[np.ndarray, "4 4"]
    qform: Float[np.ndarray, "4 4"] | None = None
    sform_code: int = 1
    qform_code: int = 1

    @property
    def voxel_size(self) -> tuple[float, float, float]:
        """Edge lengths in mm."""
        x, y, z = np.sqrt((self.affine[:3, :3] ** 2).sum(axis=0))
        return float(x), float(y), float(z)

    @property
    def voxel_ml(self) -> float:
        """Volume of a voxel in mL."""
        return float(abs(np.linalg.det(self.affine[:3, :3]))) / 1000

    def to_ras(self, volume: Shaped[np.ndarray, "x y z"]) -> Shaped[np.ndarray, "i j k"]:
        """The volume with its axes permuted and flipped to run nearest right, anterior, superior.

        Only a view: no interpolation.
        """
        cosines = self.affine[:3, :3] / np.array(self.voxel_size)
        order = max(
            permutations(range(3)), key=lambda p: sum(abs(cosines[i, p[i]]) for i in range(3))
        )
        turned = np.transpose(volume, order)
        flips = [slice(None, None, -1 if cosines[i, order[i]] < 0 else 1) for i in range(3)]
        return turned[tuple(flips)]

    def arranged(
        self, volume: Shaped[np.ndarray, "x y z"], target: "Grid", tolerance: float = 0.1
    ) -> Shaped[np.ndarray, "i j k"] | None:
        """A volume on this grid in the order in which ``target`` stores the same voxels.

        Axes are permuted and flipped, nothing is interpolated. None where no order makes the
        corners meet within ``tolerance`` mm.
        """
        steps = np.linalg.inv(target.affine[:3, :3]) @ self.affine[:3, :3]
        order = [int(axis) for axis in np.argmax(np.abs(steps), axis=1)]
        if sorted(order) != [0, 1, 2]:
            return None
        flips = [slice(None, None, -1 if steps[i, order[i]] < 0 else 1) for i in range(3)]
        turned = np.eye(4)
        turned[:3, :3] = 0
        for i, axis in enumerate(order):
            back = flips[i].step < 0
            turned[axis, i] = -1 if back else 1
            turned[axis, 3] = self.shape[axis] - 1 if back else 0
        i, j, k = order
        shape = (self.shape[i], self.shape[j], self.shape[k])
        if not Grid(shape=shape, affine=self.affine @ turned).matches(target, tolerance):
            return None
        return np.transpose(volume, order)[tuple(flips)]

    def matches(self, other: "Grid", tolerance: float = 0.1) -> bool:
        """Whether the other grid has the same shape and its corners lie within ``tolerance`` mm."""
        if self.shape != other.shape:
            return False
        n = np.array(self.shape, dtype=float) - 1
        corners = np.array([[i, j, k, 1] for i in (0, n[0]) for j in (0, n[1]) for k in (0, n[2])])
        gap = corners @ (self.affine - other.affine).T
        return bool(np.abs(gap[:, :3]).max() <= tolerance)
