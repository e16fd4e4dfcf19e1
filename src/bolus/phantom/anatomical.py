"""Anatomical images of a digital patient: another contrast on another grid, elsewhere, undistorted.

The echo-planar series is taken as it is; the anatomical image shows the head without the distortion
that the series has, and moved by a rigid transform that is known.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32

from bolus.data import Grid, InputError
from bolus.phantom.fields import smooth_field
from bolus.phantom.head import Head, Shares
from bolus.phantom.patient import DigitalPatient

CONTRASTS = {
    "t1c": {
        "grey": 0.72, "white": 1.0, "fluid": 0.28, "solid": 1.5, "core": 0.40, "oedema": 0.70,
        "sinus": 1.7, "bone": 0.15, "scalp": 1.3,
    },
    "flair": {
        "grey": 0.90, "white": 0.70, "fluid": 0.12, "solid": 1.25, "core": 0.55, "oedema": 1.45,
        "sinus": 0.30, "bone": 0.10, "scalp": 0.80,
    },
}  # fmt: skip
"""Brightness of pure classes, white matter of the T1-weighted image being 1; what is usual."""
FAINT = 0.65
"""Brightness in ``t1c`` of a low-grade tumour, which does not take up contrast agent."""
FIELD_OF_VIEW = (184.0, 224.0, 176.0)
CENTRE = np.array([0.0, -18.0, 10.0])
NOISE = 0.03
REACH = np.array([96.0, 116.0, 108.0]).reshape(3, 1, 1, 1)
"""Half axes in mm of an ellipsoid that holds every head; beyond it is air."""
THIN = 2.0
"""mm: thicker slices are averages over several thinner ones."""
SLAB = 12
"""Slices that are made at a time."""
SINUSES = (((0.0, 58.0, -18.0), 22.0, 1.0), ((52.0, -22.0, -30.0), 18.0, 0.8),
           ((-52.0, -22.0, -30.0), 18.0, 0.8))  # fmt: skip
"""Where air bends the field: centre in template mm, reach in mm, relative strength."""


@dataclass(frozen=True, kw_only=True)
class Displaced:
    """Where the head lies in the anatomical image, and how the series is distorted.

    ``pose`` are three shifts in mm (RAS) and three turns in degrees, about x, then y, then z,
    through the middle of the series' grid, that bring the series onto the image. ``distortion`` is
    the largest displacement of the brain along y (phase encoding) in mm, smooth, of mean 0 and
    without gradient, as centre frequency and shims leave it; ``seed`` that of its form and of the
    noise.
    """

    pose: tuple[float, float, float, float, float, float] = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    distortion: float = 0.0
    seed: int = 0


@dataclass(frozen=True, kw_only=True, eq=False)
class AnatomicalScan:
    """An anatomical image (x, y, z), its ``contrast``, and the rigid truth.

    ``to_anatomy`` takes mm of the series (RAS) to mm of the image.
    """

    volume: Float32[np.ndarray, "x y z"]
    grid: Grid
    contrast: str
    to_anatomy: Float[np.ndarray, "4 4"]


def anatomical_image(
    patient: DigitalPatient,
    contrast: str = "t1c",
    displaced: Displaced = Displaced(),
    voxel: tuple[float, float, float] = (1.0, 1.0, 1.0),
) -> AnatomicalScan:
    """An image of a digital patient's whole head; ``contrast`` is a name in CONTRASTS.

    't1c' is T1-weighted after contrast agent: a ring of high-grade tumour and the dural sinuses are
    bright; 'flair' has dark fluid and bright oedema. Skull and scalp are as thick everywhere. The
    ``voxel`` is in mm; slices thicker than THIN are averaged. Rician noise of 3 % of white matter,
    receive field as in the series.

    Raises InputError for an unknown contrast, or voxels that are not between 0.5 and 10 mm.
    """
    if contrast not in CONTRASTS:
        raise InputError(f"the contrast is {' or '.join(CONTRASTS)}, found '{contrast}'")
    if not all(0.5 <= edge <= 10 for edge in voxel):
        raise InputError(f"edges of voxels between 0.5 and 10 mm are expected, found {voxel}")
    rng = np.random.default_rng((displaced.seed, 77))
    grid = _grid(voxel)
    to_anatomy = transform_of(displaced.pose, patient.series.grid)
    bend = _Distortion(patient, rng, displaced.distortion)
    image = np.empty(grid.shape, dtype=np.float32)
    for first in range(0, grid.shape[2], SLAB):
        part = slice(first, min(first + SLAB, grid.shape[2]))
        image[..., part] = _slices(patient.head, contrast, grid, part, to_anatomy, bend)
    image = image * _receive(rng, grid) * np.float32(500)
    sd = np.float32(500 * NOISE)
    real, imaginary = (sd * rng.standard_normal(grid.shape, dtype=np.float32) for _ in range(2))
    image = np.hypot(image + real, imaginary)
    return AnatomicalScan(volume=image, grid=grid, contrast=contrast, to_anatomy=to_anatomy)


def transform_of(pose: tuple[float, ...], grid: Grid) -> Float[np.ndarray, "4 4"]:
    """The matrix of x → c + R·(x − c) + s in mm (RAS), c being the middle of a grid."""
    from bolus.preprocess.motion.rigid import rotation  # scipy comes with it

    middle = grid.affine[:3, :3] @ ((np.array(grid.shape) - 1) / 2) + grid.affine[:3, 3]
    out = np.eye(4)
    out[:3, :3] = rotation(np.deg2rad(np.array(pose[3:])))
    out[:3, 3] = middle - out[:3, :3] @ middle + np.array(pose[:3])
    return out


def _grid(voxel: tuple[float, float, float]) -> Grid:
    x, y, z = (round(field / edge) for field, edge in zip(FIELD_OF_VIEW, voxel, strict=True))
    affine = np.diag([*voxel, 1.0])
    affine[:3, 3] = CENTRE - np.array(voxel) * (np.array((x, y, z)) - 1) / 2
    return Grid(shape=(x, y, z), affine=affine)


def _slices(
    head: Head,
    contrast: str,
    grid: Grid,
    part: slice,
    to_anatomy: Float[np.ndarray, "4 4"],
    bend: "_Distortion",
) -> Float32[np.ndarray, "x y z"]:
    """Some slices without noise, each averaged over its thickness."""
    steps = max(1, round(grid.voxel_size[2] / THIN))
    x, y, _ = grid.shape
    late = (np.arange((part.stop - part.start) * steps) + 0.5) / steps - 0.5 + part.start
    index = np.stack(np.meshgrid(np.arange(x), np.arange(y), late, indexing="ij"))
    back = np.linalg.inv(to_anatomy) @ grid.affine
    places = np.tensordot(back[:3, :3], index, axes=1) + back[:3, 3].reshape(3, 1, 1, 1)
    near = (((places - CENTRE.reshape(3, 1, 1, 1)) / REACH) ** 2).sum(axis=0) < 1
    image = np.zeros(near.shape, dtype=np.float32)
    inside = places[:, near]
    inside[1] -= bend(inside)
    tumor = head.tumor
    image[near] = _bright(
        contrast, head.shares(inside), faint=tumor is not None and tumor.grade == "low"
    )
    return np.asarray(image.reshape(x, y, -1, steps).mean(axis=3), dtype=np.float32)


def _bright(contrast: str, shares: Shares, *, faint: bool) -> np.ndarray:
    told = CONTRASTS[contrast] | ({"solid": FAINT} if faint and contrast == "t1c" else {})
    return np.asarray(sum(told[name] * share for name, share in shares.items()))


class _Distortion:
    """Displacement along y in mm of the series at undistorted places (3, …)."""

    STEP = 6.0

    def __init__(self, patient: DigitalPatient, rng: np.random.Generator, most: float) -> None:
        shape = (44, 44, 36)
        affine = np.diag([self.STEP, self.STEP, self.STEP, 1.0])
        affine[:3, 3] = CENTRE - self.STEP * (np.array(shape) - 1) / 2
        self._back = np.linalg.inv(affine)
        places = np.tensordot(affine[:3, :3], np.indices(shape), axes=1)
        places = places + affine[:3, 3].reshape(3, 1, 1, 1)
        self._field = self._made(patient, rng, places, most)

    def _made(
        self, patient: DigitalPatient, rng: np.random.Generator, places: np.ndarray, most: float
    ) -> np.ndarray:
        field = 0.4 * smooth_field(rng, places.shape[1:], (self.STEP,) * 3, 22.0)
        mni = patient.head.placement.at(places)
        for centre, reach, strength in SINUSES:
            away = ((mni - np.array(centre).reshape(3, 1, 1, 1)) ** 2).sum(axis=0)
            field = field + 2.0 * strength * np.exp(-0.5 * away / reach**2)
        series = patient.series.grid
        brain = _places(series, patient.masks.brain)
        terms = _linear(brain)
        inside = self._read(field, brain)
        fit = np.linalg.lstsq(terms, inside, rcond=None)[0]
        left = inside - terms @ fit
        shimmed = field - (_linear(places.reshape(3, -1)) @ fit).reshape(field.shape)
        return shimmed * (most / float(np.abs(left).max()))

    def _read(self, field: np.ndarray, places: np.ndarray) -> np.ndarray:
        from scipy.ndimage import map_coordinates

        beside = (3, *[1] * (places.ndim - 1))
        index = np.tensordot(self._back[:3, :3], places, axes=1)
        index = index + self._back[:3, 3].reshape(beside)
        return np.asarray(map_coordinates(field, index, order=1, mode="nearest"))

    def __call__(self, places: Float[np.ndarray, "axis ..."]) -> Float[np.ndarray, "..."]:
        return self._read(self._field, places)


def _linear(places: Float[np.ndarray, "3 n"]) -> Float[np.ndarray, "n 4"]:
    return np.column_stack([np.ones(places.shape[1]), places.T / 50])


def _places(grid: Grid, mask: Bool[np.ndarray, "x y z"]) -> Float[np.ndarray, "3 n"]:
    return grid.affine[:3, :3] @ np.argwhere(mask).T + grid.affine[:3, 3:]


def _receive(rng: np.random.Generator, grid: Grid) -> Float32[np.ndarray, "x y z"]:
    """Receive field: brighter at the rim, tilted, as ``coil_sensitivity`` of a coarse grid."""
    from scipy.ndimage import zoom

    from bolus.phantom.acquisition import coil_sensitivity

    shape = (24, 24, 24)
    edge = [n * v / m for n, v, m in zip(grid.shape, grid.voxel_size, shape, strict=True)]
    coarse = Grid(shape=shape, affine=np.diag([*edge, 1.0]))
    field = coil_sensitivity(rng, coarse)
    factor = [n / m for n, m in zip(grid.shape, shape, strict=True)]
    return np.asarray(zoom(field, factor, order=1, grid_mode=True, mode="nearest"), np.float32)
