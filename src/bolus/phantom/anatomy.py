"""Grey matter, white matter and fluid of one head on a scanner grid, from the MNI152 maps."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Float, UInt8

from bolus.assets import TEMPLATE, asset_path
from bolus.data import Grid, InputError
from bolus.io import read_map
from bolus.phantom.fields import smooth_field
from bolus.phantom.pieces import WHOLE, Pieces, divided

FIELD_OF_VIEW = 220.0
COVERAGE = 84.0
_CENTRE = np.array([0.0, -18.0, 24.0])
TEMPLATE_ORIGIN = np.array([-98.0, -134.0, -72.0])
"""Template mm of the first voxel of its maps, whose voxels are 1 mm."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Anatomy:
    """Volume fractions of a voxel, and where it lies in MNI152 space.

    ``grey``, ``white`` and ``fluid`` add up to ``tissue``, the share of the voxel inside the
    brain; ``scalp`` is the brightness of the rim around the skull, 0 to 1; ``mni`` holds
    millimetres in the template, so that vessels and territories move with the anatomy;
    ``placement`` says the same for any place in the scanner.
    """

    grid: Grid
    grey: Float[np.ndarray, "x y z"]
    white: Float[np.ndarray, "x y z"]
    fluid: Float[np.ndarray, "x y z"]
    scalp: Float[np.ndarray, "x y z"]
    mni: Float[np.ndarray, "x y z 3"]
    placement: "Placement"

    @property
    def tissue(self) -> Float[np.ndarray, "x y z"]:
        """Share of the voxel inside the brain, ventricles and sulci included."""
        return self.grey + self.white + self.fluid

    @property
    def brain(self) -> Bool[np.ndarray, "x y z"]:
        """Voxels more than half inside the brain."""
        return self.tissue > 0.5


def scanner_grid(shape: tuple[int, int, int]) -> Grid:
    """Axial RAS grid over the cerebrum: a field of view of 220 mm, slices 3 to 7 mm apart.

    Twelve slices of 7 mm reach from the circle of Willis to the vertex; fewer slices stay low
    enough to keep the middle cerebral arteries in view. Raises InputError for a matrix below
    24×24×1.
    """
    nx, ny, nz = shape
    if min(nx, ny) < 24 or nz < 1:
        raise InputError(f"a digital patient needs a matrix of at least 24×24×1, found {shape}")
    edge = FIELD_OF_VIEW / max(nx, ny)
    gap = min(7.0, max(3.0, COVERAGE / nz))
    centre = _CENTRE - [0, 0, 0.2 * max(0.0, COVERAGE - gap * nz)]
    affine = np.diag([edge, edge, gap, 1.0])
    affine[:3, 3] = centre - affine.diagonal()[:3] * (np.array(shape) - 1) / 2
    return Grid(shape=shape, affine=affine)


def simulate_anatomy(
    rng: np.random.Generator, shape: tuple[int, int, int], pieces: Pieces = WHOLE
) -> Anatomy:
    """One head on a grid of ``shape``: the MNI152 tissue maps, moved, scaled and warped a little.

    The fractions are those of all the ``pieces`` of the voxels, on their grid. Partial volume
    comes from averaging the 1 mm maps over every voxel. Nothing is downloaded: the maps come
    with the package. Source: Fonov et al., Neuroimage 2011;54:313. Raises InputError for a matrix
    that is too small.
    """
    return anatomy_on(rng, divided(scanner_grid(shape), pieces))


def anatomy_on(rng: np.random.Generator, grid: Grid) -> Anatomy:
    """The head of ``simulate_anatomy`` on any grid in MNI152 space, so at any level."""
    x, y, z = (int(np.ceil(edge / 1.75)) for edge in grid.voxel_size)
    placement = _place(rng, grid)
    fine = placement.points(grid, (x, y, z))
    grey, white, inside = (_area_average(part, fine, (x, y, z)) for part in templates())
    return Anatomy(
        grid=grid,
        grey=grey,
        white=white,
        fluid=np.maximum(inside - grey - white, 0.0),
        scalp=_scalp(grey + white > 0.3, grid),
        mni=np.moveaxis(placement.points(grid, (1, 1, 1)), 0, -1),
        placement=placement,
    )


@lru_cache(maxsize=1)
def templates() -> list[UInt8[np.ndarray, "i j k"]]:
    """Grey matter, white matter and whole brain on the template's 1 mm grid, 0 to 255.

    ``bolus/assets/README.md`` says how they were made from the MNI152 maps.
    """
    return [read_map(asset_path(name))[0].astype(np.uint8) for name in TEMPLATE]


@dataclass(frozen=True, eq=False)
class Placement:
    """How a head lies in the scanner: linear part, shift and smooth displacement in mm.

    The displacement ``warp`` lies on a ``grid``, and goes on beyond it as it is at its rim.
    """

    grid: Grid
    linear: Float[np.ndarray, "3 3"]
    shift: Float[np.ndarray, "3"]
    warp: Float[np.ndarray, "3 x y z"]

    def points(self, grid: Grid, steps: tuple[int, int, int]) -> Float[np.ndarray, "3 i j k"]:
        """Template mm of steps[0]×steps[1]×steps[2] points spread evenly over every voxel."""
        from scipy.ndimage import map_coordinates

        axes = [(np.arange(n * s) + 0.5) / s - 0.5 for n, s in zip(grid.shape, steps, strict=True)]
        index = np.stack(np.meshgrid(*axes, indexing="ij"))
        linear = self.linear @ grid.affine[:3, :3]
        origin = self.linear @ (grid.affine[:3, 3] - _CENTRE) + self.shift + _CENTRE
        bend = [map_coordinates(part, index, order=1, mode="nearest") for part in self.warp]
        return np.tensordot(linear, index, axes=1) + origin[:, None, None, None] + np.stack(bend)

    def at(self, places: Float[np.ndarray, "axis ..."]) -> Float[np.ndarray, "axis ..."]:
        """Template mm of places in the scanner, mm (RAS)."""
        from scipy.ndimage import map_coordinates

        beside = (3, *[1] * (places.ndim - 1))
        back = np.linalg.inv(self.grid.affine)
        index = np.tensordot(back[:3, :3], places, axes=1) + back[:3, 3].reshape(beside)
        bend = [map_coordinates(part, index, order=1, mode="nearest") for part in self.warp]
        off = self.shift + _CENTRE - self.linear @ _CENTRE
        return np.tensordot(self.linear, places, axes=1) + off.reshape(beside) + np.stack(bend)


def _place(rng: np.random.Generator, grid: Grid) -> Placement:
    """Up to 3 mm and 4 degrees off, ±4 % in size, and a smooth warp of 1.8 mm."""
    linear = np.diag(rng.uniform(0.96, 1.04, 3))
    for first, second in ((0, 1), (0, 2), (1, 2)):
        angle = np.deg2rad(rng.uniform(-4, 4))
        turn = np.eye(3)
        turn[first, first] = turn[second, second] = np.cos(angle)
        turn[first, second], turn[second, first] = -np.sin(angle), np.sin(angle)
        linear = linear @ turn
    shift = rng.uniform(-3, 3, 3)
    warp = [1.8 * smooth_field(rng, grid.shape, grid.voxel_size, 18.0) for _ in range(3)]
    return Placement(grid, linear, shift, np.stack(warp))


def _area_average(
    volume: UInt8[np.ndarray, "i j k"],
    points: Float[np.ndarray, "3 x y z"],
    steps: tuple[int, int, int],
) -> Float[np.ndarray, "..."]:
    """Mean of a template map over the fine points of every voxel, 0 to 1."""
    from scipy.ndimage import map_coordinates

    where = points - TEMPLATE_ORIGIN[:, None, None, None]
    fine = map_coordinates(volume, where, output=np.float32, order=1)
    a, b, c = steps
    x, y, z = fine.shape
    return fine.reshape(x // a, a, y // b, b, z // c, c).mean(axis=(1, 3, 5), dtype=float) / 255


def _scalp(brain: Bool[np.ndarray, "x y z"], grid: Grid) -> Float[np.ndarray, "x y z"]:
    """A rim 11 mm outside the brain with dark bone between, slice by slice."""
    from scipy.ndimage import binary_fill_holes, distance_transform_edt

    rim = np.zeros(grid.shape)
    for k in range(grid.shape[2]):
        filled = binary_fill_holes(brain[:, :, k])
        if filled.any():
            away = distance_transform_edt(~filled, sampling=grid.voxel_size[:2])
            rim[:, :, k] = np.exp(-(((away - 11.0) / 3.0) ** 2))
    return rim
