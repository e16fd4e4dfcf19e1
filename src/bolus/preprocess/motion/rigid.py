"""Poses of a head: three shifts and three turns, and how far apart two of them are.

A pose (6,) is three shifts in mm along x, y, z (RAS+) and three turns in degrees, about x, then y,
then z, through the middle of the grid c. It takes what lies at x in a frame to its place in the
reference, c + R·(x − c) + s: the movement that brings the frame back. A head that nods by +2° has
a turn of −2°. ``phantom.motion`` and FSL's MCFLIRT say it alike.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from bolus.data import Grid, MaskError

RADIUS = 50.0
"""mm: a turn counts as the way it moves a point so far from its axis."""


class Rigid(NamedTuple):
    """x → ``turn``·x + ``shift``, in mm from the middle of the grid."""

    turn: Float[np.ndarray, "3 3"]
    shift: Float[np.ndarray, "3"]

    def after(self, first: "Rigid") -> "Rigid":
        """``first``, then this."""
        return Rigid(self.turn @ first.turn, self.turn @ first.shift + self.shift)

    @property
    def back(self) -> "Rigid":
        """The inverse."""
        return Rigid(self.turn.T, -self.turn.T @ self.shift)


def rotation(angles: Float[np.ndarray, "3"]) -> Float[np.ndarray, "3 3"]:
    """Turns about x, then y, then z, in radians: Rz·Ry·Rx."""
    (cx, cy, cz), (sx, sy, sz) = np.cos(angles), np.sin(angles)
    x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    return z @ y @ x


def rigid_of(pose: Float[np.ndarray, "6"]) -> Rigid:
    """The movement that a pose says."""
    return Rigid(rotation(np.deg2rad(pose[3:])), np.asarray(pose[:3], dtype=float))


def pose_of(rigid: Rigid) -> Float[np.ndarray, "6"]:
    """The pose that says a movement; inverse of ``rigid_of`` for turns within ±90° about y."""
    turn = rigid.turn
    about = [
        np.arctan2(turn[2, 1], turn[2, 2]),
        np.arcsin(np.clip(-turn[2, 0], -1, 1)),
        np.arctan2(turn[1, 0], turn[0, 0]),
    ]
    return np.concatenate([rigid.shift, np.rad2deg(about)])


def relative_to(
    pose: Float[np.ndarray, "t 6"], reference: Float[np.ndarray, "6"]
) -> Float[np.ndarray, "t 6"]:
    """The same poses, relative to the frame whose pose is ``reference``, which becomes zero."""
    back = rigid_of(reference).back
    return np.stack([pose_of(back.after(rigid_of(one))) for one in pose])


def framewise_displacement(pose: Float[np.ndarray, "t 6"]) -> Float[np.ndarray, " t"]:
    """How far the head moved since the frame before, in mm (t,); 0 for the first frame.

    Sum of the absolute changes of the three shifts and of the three turns, each as its arc on a
    sphere of 50 mm: Σ|Δs| + 50 mm·Σ|Δθ|. Source: Power et al., Neuroimage 2012;59:2142.
    """
    change = np.abs(np.diff(pose, axis=0, prepend=pose[:1]))
    return change[:, :3].sum(axis=1) + RADIUS * np.deg2rad(change[:, 3:]).sum(axis=1)


def pose_error(
    found: Float[np.ndarray, "t 6"],
    expected: Float[np.ndarray, "t 6"],
    grid: Grid,
    mask: Bool[np.ndarray, "x y z"],
) -> Float[np.ndarray, " t"]:
    """Mean distance in mm, over the voxels of a mask, of where two poses of a frame put it, (t,).

    Raises MaskError for a mask that is empty or on another grid.
    """
    if mask.shape != grid.shape or not mask.any():
        raise MaskError(
            f"{int(mask.sum())} voxels on {mask.shape}, expected some on the grid {grid.shape}"
        )
    points = places(grid, mask)
    apart = []
    for one, other in zip(found, expected, strict=True):
        (turn, shift), (turn2, shift2) = rigid_of(one), rigid_of(other)
        gap = points @ (turn - turn2).T + (shift - shift2)
        apart.append(float(np.linalg.norm(gap, axis=1).mean()))
    return np.array(apart)


def places(grid: Grid, mask: Bool[np.ndarray, "x y z"]) -> Float[np.ndarray, "n 3"]:
    """Where the voxels of a mask lie, in mm from the middle of the grid (RAS+), (n, 3)."""
    middle = (np.array(grid.shape) - 1) / 2
    return np.asarray((np.argwhere(mask) - middle) @ grid.affine[:3, :3].T)
