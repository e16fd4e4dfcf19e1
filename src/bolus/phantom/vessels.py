"""Large vessels: the circle of Willis with its branches, and the dural sinuses."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float

from bolus.phantom.anatomy import Anatomy
from bolus.phantom.arterial import Number
from bolus.phantom.pieces import WHOLE, Pieces

Point = tuple[Number, Number, Number]
Line = tuple[Point, ...]

# Centre lines in MNI152 mm; those marked PAIRED are mirrored into the other hemisphere.
PAIRED = {
    "carotid": ((12, 2, -32), (14, 4, -22), (14, 3, -14)),
    "mca": ((14, 3, -14), (27, 5, -15), (38, 5, -11), (41, 0, -2), (41, -10, 8), (39, -20, 17)),
    "mca_front": ((38, 6, -11), (42, 16, 2), (44, 20, 12), (46, 16, 26), (46, 8, 40)),
    "mca_back": ((39, -20, 17), (50, -32, 22), (50, -42, 32), (44, -48, 44)),
    "mca_low": ((39, 2, -12), (50, -18, -6), (54, -40, 0), (50, -58, 10)),
    "aca": ((13, 3, -14), (3, 12, -13), (3, 32, -6), (3, 40, 8), (3, 30, 24), (3, 6, 34)),
    "aca_top": ((3, 30, 24), (4, 30, 42), (4, 10, 54), (4, -20, 58)),
    "pca": ((3, -16, -16), (17, -26, -12), (19, -44, -4), (12, -66, 2), (10, -82, 8)),
}
MIDLINE = {"basilar": ((0, -18, -34), (0, -15, -16))}
SINUSES = (
    ((0, 69, 0), (0, 70, 18), (0, 63, 36), (0, 44, 56), (0, 12, 72), (0, -28, 78), (0, -62, 68)),
    ((0, -62, 68), (0, -86, 48), (0, -99, 24), (0, -103, 0), (0, -98, -14)),
    ((0, -98, -14), (30, -90, -22), (56, -62, -26)),
    ((0, -98, -14), (-30, -90, -22), (-56, -62, -26)),
    ((0, -38, 6), (0, -56, 10), (0, -80, -2), (0, -98, -14)),
)
TRUNK = 0.95
"""Radius of a trunk in voxels."""
THIN, THIN_IN_PIECES = 0.1, 0.25
"""Radius of a branch in voxels; either gives it a cross-section of a quarter of a voxel's face."""
TERRITORIES = (
    ("mca", "mca_front", "mca_back", "mca_low"),
    ("aca", "aca_top"),
    ("pca",),
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Vessels:
    """Volume fractions of large vessels in every voxel; the rest of it is tissue.

    ``trunks`` are internal carotid and proximal middle cerebral arteries, ``branches`` what comes
    off them, ``veins`` the dural sinuses.
    """

    trunks: Float[np.ndarray, "x y z"]
    branches: Float[np.ndarray, "x y z"]
    veins: Float[np.ndarray, "x y z"]

    @property
    def total(self) -> Float[np.ndarray, "x y z"]:
        """Share of the voxel that is large vessel."""
        return self.trunks + self.branches + self.veins


def simulate_vessels(
    anatomy: Anatomy, pieces: Pieces = WHOLE, trunk: float | None = None
) -> Vessels:
    """Tubes around the centre lines, their width counted in voxels of so many ``pieces``.

    So a trunk has voxels of pure blood on every grid, and a branch stays partial volume; with
    ``trunk`` a trunk is so many mm across. Where vessels meet, trunks come before branches,
    branches before veins.
    """
    unit = np.array(anatomy.grid.voxel_size) * pieces
    position, sharpness = anatomy.mni / unit, min(pieces)

    def fraction(lines: list[Line], radius: float) -> Float[np.ndarray, "x y z"]:
        scaled = [tuple(tuple(np.array(p) / unit) for p in line) for line in lines]
        return np.clip(sharpness * (radius - distance(position, scaled)) + 0.5, 0.0, 1.0)

    names = set(PAIRED) - {"carotid", "mca"}
    wide = TRUNK if trunk is None else 0.5 * trunk / float(np.mean(unit[:2]))
    trunks = fraction(_both(("carotid", "mca")), wide)
    thin = THIN if sharpness == 1 else THIN_IN_PIECES
    branches = fraction([*_both(sorted(names)), *MIDLINE.values()], thin)
    veins = fraction(list(SINUSES), 0.9)
    branches = np.minimum(branches, 1 - trunks)
    return Vessels(trunks=trunks, branches=branches, veins=np.minimum(veins, 1 - trunks - branches))


def territory_distances(mni: Float[np.ndarray, "x y z 3"]) -> Float[np.ndarray, "x y z s"]:
    """Distance in mm to the arteries of the six territories, nearest first."""
    far = [
        distance(mni, [_mirror(PAIRED[name], side) for name in names])
        for names in TERRITORIES
        for side in (1, -1)
    ]
    return np.sort(np.stack(far, axis=-1), axis=-1)


def depth_in_territory(
    mni: Float[np.ndarray, "x y z 3"], names: tuple[str, ...], side: int
) -> Float[np.ndarray, "x y z"]:
    """How far in mm a voxel is nearer to some arteries of one ``side`` than to any other.

    ``names`` are keys of PAIRED; ``side`` is +1 on the right (x > 0), −1 on the left. Negative
    outside their territory; 0 where territories meet.
    """
    every = [(name, s) for names in TERRITORIES for name in names for s in (1, -1)]
    own = [(name, side) for name in names]
    near, far = (
        distance(mni, [_mirror(PAIRED[name], s) for name, s in lines])
        for lines in (own, [line for line in every if line not in own])
    )
    return far - near


def distance(
    position: Float[np.ndarray, "x y z 3"], lines: list[Line]
) -> Float[np.ndarray, "x y z"]:
    """Distance to the nearest of some polylines, in the unit of the positions."""
    nearest = np.full(position.shape[:3], np.inf)
    for line in lines:
        for start, end in pairwise(line):
            a, along = np.array(start), np.subtract(end, start)
            share = np.clip((position - a) @ along / (along @ along), 0, 1)
            gap = position - a - share[..., None] * along
            nearest = np.minimum(nearest, np.sqrt((gap**2).sum(axis=-1)))
    return nearest


def _both(names: tuple[str, ...] | list[str]) -> list[Line]:
    return [_mirror(PAIRED[name], side) for name in names for side in (1, -1)]


def _mirror(line: Line, side: int) -> Line:
    return tuple((side * x, y, z) for x, y, z in line)
