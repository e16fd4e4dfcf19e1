"""One frame held against a reference by mutual information; the only room that knows SimpleITK."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from scipy import ndimage

from bolus.data import Grid, SeriesError
from bolus.preprocess.rigid import Rigid, pose_of, rigid_of

if TYPE_CHECKING:
    from SimpleITK import Image

SEED = 1
"""Of the voxels that are drawn; the same for every frame."""
BINS = 64
SAMPLES = 10_000
"""Voxels that the mutual information is taken from, about."""
BRIGHTEST = 99.5
"""Percentile of the head at which a volume is held, lest a few bright voxels fill the bins."""
LEVER = 50.0
"""mm: a turn weighs as the way it moves a point so far from its axis."""
SHORTEST_STEP = 0.002
"""mm: the search ends when its steps are shorter."""
STEPS = 100
FINEST = 4
"""Parts at most that a thick voxel of the reference is split into."""


class Level(NamedTuple):
    """One round of the search: SD in mm of the smoothing, and the first step in mm."""

    smoothing: float
    step: float


COARSE, FINE = Level(8.0, 4.0), Level(3.0, 1.0)


@dataclass(frozen=True, eq=False)
class Space:
    """Where ITK's images lie: in millimetres from the middle of the grid, and in a plane if flat.

    Axes of one voxel are left out, so that a single slice is registered within its plane.

    Raises SeriesError for a grid of fewer than two axes with more than one voxel.
    """

    grid: Grid

    def __post_init__(self) -> None:
        if len(self.axes) < 2:
            raise SeriesError(
                f"motion cannot be seen on a grid of {self.grid.shape}: two dimensions with more "
                f"than one voxel are needed; leave the motion in"
            )

    @cached_property
    def axes(self) -> list[int]:
        """Axes of the grid that have more than one voxel."""
        return [axis for axis, size in enumerate(self.grid.shape) if size > 1]

    @cached_property
    def basis(self) -> Float[np.ndarray, "3 d"]:
        """Orthonormal directions of the space in patient space; RAS+ itself where it is whole."""
        if len(self.axes) == 3:
            return np.eye(3)
        return np.linalg.qr(self.grid.affine[:3, self.axes])[0]

    def image(self, volume: Float[np.ndarray, "x y z"], parts: Sequence[int] = (1, 1, 1)) -> "Image":
        """A volume, whose voxels are ``parts`` of the grid's, as an image."""
        import SimpleITK as sitk  # noqa: N813

        steps = self.basis.T @ (self.grid.affine[:3, :3] / parts)[:, self.axes]
        size = np.linalg.norm(steps, axis=0)
        sides = [volume.shape[axis] for axis in self.axes]
        image = sitk.GetImageFromArray(np.ascontiguousarray(volume.reshape(sides).T))
        image.SetSpacing(size.tolist())
        image.SetDirection((steps / size).ravel().tolist())
        image.SetOrigin((-steps @ ((np.array(sides) - 1) / 2)).tolist())
        return image

    def transform(self, pose: Float[np.ndarray, "6"]) -> Any:
        """The transform of a pose, as far as it lies in the space."""
        import SimpleITK as sitk  # noqa: N813

        rigid = rigid_of(pose)
        shift = self.basis.T @ rigid.shift
        if len(self.axes) == 3:
            whole = sitk.Euler3DTransform()
            whole.SetComputeZYX(True)
            whole.SetParameters([*np.deg2rad(pose[3:]).tolist(), *shift.tolist()])
            return whole
        turn = self.basis.T @ rigid.turn @ self.basis
        flat = sitk.Euler2DTransform()
        flat.SetParameters([float(np.arctan2(turn[1, 0], turn[0, 0])), *shift.tolist()])
        return flat

    def pose(self, transform: Any) -> Float[np.ndarray, "6"]:
        """The pose of a transform; inverse of ``transform``."""
        d = len(self.axes)
        turn = self.basis @ np.array(transform.GetMatrix()).reshape(d, d) @ self.basis.T
        if d == 2:
            across = np.cross(self.basis[:, 0], self.basis[:, 1])
            turn = turn + np.outer(across, across)
        return pose_of(Rigid(turn, self.basis @ np.array(transform.GetTranslation())))


@dataclass(frozen=True, eq=False)
class Reference:
    """What frames are held against: a smooth volume, and the mask that samples are drawn from.

    ``image`` is the volume with its thick voxels split by cubic splines, down to the size of the
    thinnest, lest the linear interpolation of the search blur one place more than another.
    """

    space: Space
    volume: Float[np.ndarray, "x y z"]
    mask: Bool[np.ndarray, "x y z"]

    @cached_property
    def image(self) -> "Image":
        """The volume as an image."""
        size = np.array(self.space.grid.voxel_size)[self.space.axes]
        parts = np.ones(3, dtype=int)
        parts[self.space.axes] = np.clip(np.round(size / size.min()), 1, FINEST)
        sides = [
            np.arange((n - 1) * k + 1) / k for n, k in zip(self.volume.shape, parts, strict=True)
        ]
        places = np.meshgrid(*sides, indexing="ij")
        fine = ndimage.map_coordinates(self.volume, places, order=3, mode="nearest")
        return self.space.image(fine, parts)

    def prepare(self) -> None:
        """Make the images, before several threads want them."""
        _ = self.image, self.drawn_from

    @cached_property
    def drawn_from(self) -> "Image":
        """The mask as an image."""
        return self.space.image(self.mask.astype(np.uint8))

    @cached_property
    def share(self) -> float:
        """Share of the voxels that is drawn."""
        return float(min(1.0, SAMPLES / max(1, int(self.mask.sum()))))


def smoothed(
    volume: Float[np.ndarray, "x y z"],
    grid: Grid,
    smoothing: float,
    mask: Bool[np.ndarray, "x y z"],
) -> Float[np.ndarray, "x y z"]:
    """A volume held at the BRIGHTEST percentile of a mask, then smoothed by a Gaussian, float32.

    ``smoothing`` is its SD in mm.
    """
    held = np.minimum(volume, np.percentile(volume[mask], BRIGHTEST)).astype(np.float32)
    width = smoothing / np.array(grid.voxel_size)
    return np.asarray(ndimage.gaussian_filter(held, width, mode="nearest"))


def register(
    frame: Float[np.ndarray, "x y z"],
    reference: Reference,
    start: Float[np.ndarray, "6"],
    step: float,
) -> Float[np.ndarray, "6"]:
    """Pose (6,) of a frame against a reference, both smoothed alike.

    Mattes' mutual information of about SAMPLES voxels, drawn at random with a fixed seed and
    shaken off the grid, climbed from ``start`` by steps of ``step`` mm that are halved at every
    turn; one thread, so that sums have one order. Source: Mattes et al., IEEE Trans Med Imaging
    2003;22:120.
    """
    import SimpleITK as sitk  # noqa: N813

    space = reference.space
    transform = space.transform(start)
    method = sitk.ImageRegistrationMethod()
    method.SetNumberOfThreads(1)
    method.SetMetricAsMattesMutualInformation(BINS)
    method.SetMetricSamplingStrategy(method.RANDOM)
    method.SetMetricSamplingPercentage(reference.share, SEED)
    method.SetMetricFixedMask(reference.drawn_from)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(
        step, SHORTEST_STEP, STEPS, gradientMagnitudeTolerance=1e-7
    )
    turns = len(transform.GetParameters()) - len(space.axes)
    method.SetOptimizerScales([LEVER**2] * turns + [1.0] * len(space.axes))
    method.SetInitialTransform(transform, inPlace=True)
    method.Execute(space.image(frame), reference.image)
    return space.pose(transform)
