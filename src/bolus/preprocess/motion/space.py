"""Volumes and poses as SimpleITK has them."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Num

from bolus.data import Grid, SeriesError
from bolus.preprocess.motion.rigid import Rigid, pose_of, rigid_of

if TYPE_CHECKING:
    from SimpleITK import Image

LEVER = 50.0
"""mm: a turn counts as the way it moves a point so far from its axis."""


@dataclass(frozen=True, eq=False)
class Space:
    """Where the images lie: in units of LEVER from the middle of the grid, along RAS+.

    A turn by 1 radian then moves a point of the head about as far as a shift by 1, so that a step
    of the search is as long in any direction. Axes of one voxel are left out, so that a single
    slice is registered within its plane. Affines may be oblique, or sheared.

    Raises SeriesError for a grid of fewer than two axes with more than one voxel.
    """

    grid: Grid

    def __post_init__(self) -> None:
        if len(self.axes) < 2:
            raise SeriesError(
                f"motion cannot be seen on a grid of {self.grid.shape}, only where two dimensions "
                f"have more than one voxel: do not correct it (Preparation(motion=None), "
                f"--motion off)"
            )

    @cached_property
    def axes(self) -> list[int]:
        """Axes of the grid that have more than one voxel, d of them."""
        return [axis for axis, size in enumerate(self.grid.shape) if size > 1]

    @cached_property
    def basis(self) -> Float[np.ndarray, "3 d"]:
        """Orthonormal directions of the space in patient space; RAS+ itself where it is whole."""
        if len(self.axes) == 3:
            return np.eye(3)
        return np.linalg.qr(self.grid.affine[:3, self.axes])[0]

    def image(
        self, volume: Num[np.ndarray, "x y z"], parts: tuple[int, int, int] = (1, 1, 1)
    ) -> "Image":
        """A volume, whose voxels are ``parts`` of the grid's along its axes, as an image."""
        import SimpleITK as sitk  # noqa: N813

        steps = self.basis.T @ (self.grid.affine[:3, :3] / parts)[:, self.axes] / LEVER
        size = np.linalg.norm(steps, axis=0)
        sides = [volume.shape[axis] for axis in self.axes]
        image = sitk.GetImageFromArray(np.ascontiguousarray(volume.reshape(sides).T))
        image.SetSpacing(size.tolist())
        image.SetDirection((steps / size).ravel().tolist())
        image.SetOrigin((-steps @ ((np.array(sides) - 1) / 2)).tolist())
        return image

    def transform(self, pose: Float[np.ndarray, "6"]) -> Any:
        """The transform of a pose, as far as it lies in the space: its turns, then its shifts."""
        import SimpleITK as sitk  # noqa: N813

        rigid = rigid_of(pose)
        shift = (self.basis.T @ rigid.shift / LEVER).tolist()
        if len(self.axes) == 3:
            whole = sitk.Euler3DTransform()
            whole.SetComputeZYX(True)
            whole.SetParameters([*np.deg2rad(pose[3:]).tolist(), *shift])
            return whole
        turn = self.basis.T @ rigid.turn @ self.basis
        flat = sitk.Euler2DTransform()
        flat.SetParameters([float(np.arctan2(turn[1, 0], turn[0, 0])), *shift])
        return flat

    def pose(self, transform: Any) -> Float[np.ndarray, "6"]:
        """The pose of a transform; inverse of ``transform``."""
        d = len(self.axes)
        turn = self.basis @ np.array(transform.GetMatrix()).reshape(d, d) @ self.basis.T
        if d == 2:
            across = np.cross(self.basis[:, 0], self.basis[:, 1])
            turn = turn + np.outer(across, across)
        shift = LEVER * self.basis @ np.array(transform.GetTranslation())
        return pose_of(Rigid(turn, shift))
