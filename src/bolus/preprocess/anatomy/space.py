"""Volumes and rigid transforms as SimpleITK has them, about one middle for both images."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Num

from bolus.preprocess.motion.rigid import Rigid, pose_of, rigid_of
from bolus.preprocess.motion.space import LEVER

if TYPE_CHECKING:
    from SimpleITK import Image

Pose = Float[np.ndarray, "6"]
"""Three shifts in mm (RAS+) and three turns in degrees, as ``preprocess.motion.rigid`` has them."""


@dataclass(frozen=True, eq=False)
class Space:
    """RAS+ in units of LEVER from a ``middle`` (mm), in which a radian is as far as a unit."""

    middle: Float[np.ndarray, "3"]

    def image(self, volume: Num[np.ndarray, "x y z"], affine: Float[np.ndarray, "4 4"]) -> "Image":
        """A volume whose voxels an affine puts in mm, as an image."""
        import SimpleITK as sitk  # noqa: N813

        steps = affine[:3, :3] / LEVER
        size = np.linalg.norm(steps, axis=0)
        image = sitk.GetImageFromArray(np.ascontiguousarray(volume.T))
        image.SetSpacing(size.tolist())
        image.SetDirection((steps / size).ravel().tolist())
        image.SetOrigin(((affine[:3, 3] - self.middle) / LEVER).tolist())
        return image

    def transform(self, pose: Pose) -> Any:
        """The transform of a pose: its turns about the middle, then its shifts."""
        import SimpleITK as sitk  # noqa: N813

        whole = sitk.Euler3DTransform()
        whole.SetComputeZYX(True)
        whole.SetParameters([*np.deg2rad(pose[3:]).tolist(), *(pose[:3] / LEVER).tolist()])
        return whole

    def pose(self, transform: Any) -> Pose:
        """The pose of a transform; inverse of ``transform``."""
        turn = np.array(transform.GetMatrix()).reshape(3, 3)
        return pose_of(Rigid(turn, LEVER * np.array(transform.GetTranslation())))

    def matrix(self, pose: Pose) -> Float[np.ndarray, "4 4"]:
        """A pose as a matrix in mm: x → c + R·(x − c) + s, c being the middle."""
        turn, shift = rigid_of(pose)
        out = np.eye(4)
        out[:3, :3] = turn
        out[:3, 3] = self.middle - turn @ self.middle + shift
        return out
