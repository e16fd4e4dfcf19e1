"""Where voxels lie in the scanner."""

from dataclasses import dataclass
from itertools import permutations

import numpy as np
from jaxtyping import Float, Shaped


@dataclass(frozen=True, kw_only=True, eq=False)
class Grid:
    """A voxel grid in patient space (RAS+, millimetres).

    ``affine`` maps voxel indices to mm; ``qform`` is the header's second transform where it
    differs, and the two codes are NIfTI's: what is written has the geometry that was read.
    """

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

    def matches(self, other: "Grid", tolerance: float = 0.1) -> bool:
        """Whether the other grid has the same shape and its corners lie within ``tolerance`` mm."""
        if self.shape != other.shape:
            return False
        n = np.array(self.shape, dtype=float) - 1
        corners = np.array([[i, j, k, 1] for i in (0, n[0]) for j in (0, n[1]) for k in (0, n[2])])
        gap = corners @ (self.affine - other.affine).T
        return bool(np.abs(gap[:, :3]).max() <= tolerance)
