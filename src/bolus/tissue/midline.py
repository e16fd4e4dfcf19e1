"""The mid-sagittal plane of a head, by the symmetry of its baseline image and blood volume."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from bolus.data import PerfusionMaps

POINTS = 3000
"""Voxels at most by which symmetry is judged."""
TURN = 10.0
"""Degrees that the plane is turned against the scanner's at most, and …"""
SHIFT = 15.0
"""… mm that it lies off the middle of the brain."""


@dataclass(frozen=True)
class Midline:
    """The plane n·x = ``offset`` in mm of the patient (RAS), with the ``normal`` to the right.

    ``symmetry`` is the correlation of the brain with its mirror image.
    """

    normal: tuple[float, float, float]
    offset: float
    symmetry: float

    def side(self, places: Float[np.ndarray, "... 3"]) -> Float[np.ndarray, "..."]:
        """Mm to the right of the plane, negative to the left."""
        return np.asarray(places @ np.array(self.normal) - self.offset)

    def mirrored(self, places: Float[np.ndarray, "... 3"]) -> Float[np.ndarray, "... 3"]:
        """Places on the other side."""
        return np.asarray(places - 2 * self.side(places)[..., None] * np.array(self.normal))


def places_of(maps: PerfusionMaps) -> Float[np.ndarray, "x y z 3"]:
    """Mm of the patient (RAS) of every voxel."""
    index = np.moveaxis(np.indices(maps.grid.shape, dtype=float), 0, -1)
    return np.asarray(index @ maps.grid.affine[:3, :3].T + maps.grid.affine[:3, 3])


def mirrored_mask(
    mask: Bool[np.ndarray, "x y z"], maps: PerfusionMaps, midline: Midline
) -> Bool[np.ndarray, "x y z"]:
    """Voxels whose mirror place lies in a mask."""
    from scipy.ndimage import map_coordinates

    where = _index(maps, midline.mirrored(places_of(maps)))
    return np.asarray(map_coordinates(mask.astype(np.uint8), where, order=0, mode="constant") > 0)


def find_midline(maps: PerfusionMaps, apart: Bool[np.ndarray, "x y z"]) -> Midline:
    """The plane about which the brain, without what is ``apart`` (x, y, z), is most symmetric.

    By the correlation of blood volume and mask with their mirror images, over turns about the two
    axes within the plane and its offset; begun at the middle of the brain. Source: Ardekani et al.,
    IEEE Trans Med Imaging 1997;16:947.
    """
    from scipy.ndimage import gaussian_filter
    from scipy.optimize import minimize

    inside = maps.mask & ~apart
    places = places_of(maps)
    chosen = np.argwhere(inside)
    chosen = chosen[:: max(1, len(chosen) // POINTS)]
    points = places[tuple(chosen.T)]
    volume = np.where(maps.mask, np.nan_to_num(maps.volumes["cbv"]), 0.0).astype(float)
    top = np.quantile(volume[maps.mask], 0.95) or 1.0
    image = np.clip(volume / top, 0, 1) + maps.mask
    image = gaussian_filter(image, [5 / edge for edge in maps.grid.voxel_size])
    own, apart_image = image[tuple(chosen.T)], apart.astype(np.float32)
    middle = np.median(places[maps.mask], axis=0)

    def plane(found: Float[np.ndarray, "3"]) -> Midline:
        yaw, roll = np.deg2rad(found[:2])
        normal = np.array([np.cos(yaw) * np.cos(roll), np.sin(yaw), np.cos(yaw) * np.sin(roll)])
        return Midline((*map(float, normal),), float(normal @ middle + found[2]), 0.0)  # type: ignore[arg-type]

    def lost(found: Float[np.ndarray, "3"]) -> float:
        where = _index(maps, plane(found).mirrored(points))
        other = _sampled(image, where)
        there = _sampled(apart_image, where) < 0.5
        return 1.0 - _correlation(own[there], other[there])

    best = minimize(
        lost, np.zeros(3), method="Powell", bounds=[(-TURN, TURN)] * 2 + [(-SHIFT, SHIFT)],
        options={"xtol": 0.05, "ftol": 1e-4},
    )  # fmt: skip
    found = plane(best.x)
    return Midline(found.normal, found.offset, 1.0 - float(best.fun))


def _index(maps: PerfusionMaps, places: Float[np.ndarray, "... 3"]) -> Float[np.ndarray, "3 ..."]:
    """Voxel indices of places."""
    inverse = np.linalg.inv(maps.grid.affine)
    return np.moveaxis(places @ inverse[:3, :3].T + inverse[:3, 3], -1, 0)


def _sampled(
    image: Float[np.ndarray, "x y z"], where: Float[np.ndarray, "3 n"]
) -> Float[np.ndarray, " n"]:
    from scipy.ndimage import map_coordinates

    return np.asarray(map_coordinates(image, where, order=1, mode="nearest"))


def _correlation(one: Float[np.ndarray, " n"], other: Float[np.ndarray, " n"]) -> float:
    if one.size < 50 or one.std() == 0 or other.std() == 0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])
