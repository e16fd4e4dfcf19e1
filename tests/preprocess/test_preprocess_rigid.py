"""Conventions of poses, and what resampling does to a frame."""

import numpy as np
import pytest

from bolus.data import Grid, MaskError
from bolus.phantom.motion import moved
from bolus.preprocess import pose_error
from bolus.preprocess.motion.resample import brought_back
from bolus.preprocess.motion.rigid import framewise_displacement, pose_of, relative_to, rigid_of
from bolus.preprocess.motion.space import Space

OBLIQUE = np.array(
    [[-2.9, 0.3, 0.1, 80.5], [0.28, 3.0, -0.6, -90.25], [0.13, 0.5, 6.1, -20], [0, 0, 0, 1]]
)
BOX = Grid(shape=(12, 12, 6), affine=np.diag([3.0, 3, 6, 1]))


def shift(x=0.0, y=0.0, z=0.0):
    return np.array([x, y, z, 0, 0, 0])


@pytest.mark.parametrize("affine", [np.diag([3.0, 3, 6, 1]), OBLIQUE])
def test_what_the_phantom_moves_is_brought_back(affine):
    """The wrong sign or order of turns would leave twice the motion."""
    grid = Grid(shape=(24, 24, 12), affine=affine)
    x, y, z = np.meshgrid(*(np.arange(n) for n in grid.shape), indexing="ij")
    smooth = 100 + 20 * np.sin(x / 4) * np.cos(y / 5) + 15 * np.sin(z / 3)
    pose = np.array([2.0, -1.5, 1.0, 2.0, -3.0, 4.0])
    shifted = moved(smooth[..., None], pose[None], grid)[..., 0]
    inner = (slice(6, -6), slice(6, -6), slice(4, -4))
    before = np.abs(shifted - smooth)[inner].max()
    assert np.abs(brought_back(shifted, pose, grid) - smooth)[inner].max() < 0.15 * before


@pytest.mark.parametrize("shape", [(9, 9, 5), (9, 9, 1), (1, 9, 9)])
def test_a_pose_comes_back_from_itk(shape):
    space = Space(Grid(shape=shape, affine=OBLIQUE))
    inside = space.pose(space.transform(np.array([1.0, 2, -1, 3, -2, 4])))
    np.testing.assert_allclose(space.pose(space.transform(inside)), inside, atol=1e-9)


def test_poses_and_movements_say_the_same():
    pose = np.array([1.0, -2.0, 0.5, 3.0, -4.0, 5.0])
    np.testing.assert_allclose(pose_of(rigid_of(pose)), pose, atol=1e-12)
    back = rigid_of(pose).back.after(rigid_of(pose))
    np.testing.assert_allclose(pose_of(back), 0, atol=1e-12)
    both = relative_to(np.stack([pose, np.zeros(6)]), pose)
    np.testing.assert_allclose(both[0], 0, atol=1e-12)
    assert np.abs(both[1]).max() > 1


def test_framewise_displacement_by_hand():
    path = np.zeros((3, 6))
    path[1, 0], path[2, 0], path[2, 5] = 1.0, 1.0, np.rad2deg(0.02)
    np.testing.assert_allclose(framewise_displacement(path), [0, 1.0, 50 * 0.02])


def test_error_is_the_distance_of_voxels():
    mask = np.ones(BOX.shape, dtype=bool)
    found = pose_error(np.stack([shift(3, 4)]), np.zeros((1, 6)), BOX, mask)
    np.testing.assert_allclose(found, 5)
    with pytest.raises(MaskError, match="0 voxels"):
        pose_error(np.zeros((1, 6)), np.zeros((1, 6)), BOX, ~mask)


def test_nan_does_not_spread_and_nothing_is_made_up():
    volume = np.full(BOX.shape, 100, dtype=np.float32)
    volume[6, 6, 3] = np.nan
    found = brought_back(volume, shift(1.0, 0.5), BOX)
    lost = np.argwhere(np.isnan(found))
    assert len(lost) == 4
    assert np.abs(lost - [6, 6, 3]).max() <= 1
    np.testing.assert_allclose(found[np.isfinite(found)], 100, rtol=1e-5)


def test_what_left_the_field_of_view_is_nan():
    volume = np.random.default_rng(0).random(BOX.shape).astype(np.float32)
    assert np.isfinite(brought_back(volume, shift(z=2.9), BOX)).all()
    lost = np.isnan(brought_back(volume, shift(z=3.1), BOX)).any(axis=(0, 1))
    assert lost.tolist() == [True, False, False, False, False, False]


def test_splines_do_not_overshoot():
    volume = np.zeros(BOX.shape, dtype=np.float32)
    volume[6:] = 10
    found = brought_back(volume, shift(1.2), BOX)
    assert found.min() == 0
    assert found.max() == 10
    assert ((found > 1) & (found < 9)).any()
