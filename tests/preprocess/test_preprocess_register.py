"""The search for poses where it is hard: oblique, flat, far away, already there."""

import gc
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from bolus.data import DSCSeries, Grid, SeriesError
from bolus.phantom import simulate_patient
from bolus.phantom.motion import moved, trajectory
from bolus.preprocess import correct_motion, pose_error
from bolus.preprocess.motion.rigid import relative_to
from bolus.preprocess.motion.space import Space
from kept import kept

SHAPE, FRAMES = (40, 40, 8), 9
OBLIQUE = np.array(
    [[-4.4, 0.3, 0.1, 80.5], [0.28, 4.5, -0.6, -90.25], [0.13, 0.5, 6.9, -20], [0, 0, 0, 1]]
)


@lru_cache(maxsize=3)
def patient(shape=SHAPE):
    """Every fourth frame of thirty-six, so that the bolus is among them."""
    made = simulate_patient(seed=3, shape=shape, frames=4 * FRAMES)
    return replace(made, series=replace(made.series, signal=made.series.signal[..., ::4]))


def restless(made, path, affine=None):
    """The patient's series on a grid of its own, moved along a path of mean zero."""
    grid = made.series.grid
    grid = grid if affine is None else Grid(shape=grid.shape, affine=affine)
    path = relative_to(path, path.mean(axis=0))
    signal = moved(made.series.signal, path, grid).astype(np.float32)
    return replace(made.series, signal=signal, grid=grid), path


def drift(size=1.0):
    return trajectory(np.random.default_rng(1), FRAMES, size)


def errors(found, path, brain):
    """Mean over frames of the residual and of the motion itself, mm."""
    made = (found.motion.pose, np.zeros_like(path))
    return [pose_error(pose, path, found.series.grid, brain).mean() for pose in made]


def test_an_oblique_grid():
    made = patient()
    series, path = restless(made, drift(), OBLIQUE)
    residual, motion = errors(correct_motion(series), path, made.masks.brain)
    assert motion > 1
    assert residual <= 0.3


@pytest.mark.parametrize("affine", [None, OBLIQUE])
def test_a_single_slice(affine):
    made = patient((64, 64, 1))
    grid = made.series.grid if affine is None else Grid(shape=(64, 64, 1), affine=affine)
    space = Space(grid)
    path = np.stack([space.pose(space.transform(pose)) for pose in drift()])
    series, path = restless(made, path, affine)
    residual, motion = errors(correct_motion(series), path, made.masks.brain)
    assert motion > 0.7
    assert residual < 0.2


def test_a_head_far_away():
    made, path = patient((48, 48, 8)), np.zeros((FRAMES, 6))
    path[6:] = [8, -6, 3, 4, -5, 8]
    series, path = restless(made, path)
    found = correct_motion(series)
    residual, motion = errors(found, path, made.masks.brain)
    assert motion > 4
    assert residual < 0.4
    assert np.flatnonzero(found.motion.flagged).tolist() == [6]


def test_a_frame_at_its_optimum_does_not_run_away():
    """Where shifts had nothing to gain, a step of the search once was a turn by 1.6 radians."""
    made = simulate_patient(seed=3, shape=(96, 96, 1), frames=36, te=0.03)
    found = correct_motion(made.series)
    still = np.zeros_like(found.motion.pose)
    assert pose_error(found.motion.pose, still, found.series.grid, made.masks.brain).max() < 0.5


def test_the_same_bytes_with_any_number_of_threads_and_itk_as_before():
    threads = sitk.ProcessObject.GetGlobalDefaultNumberOfThreads()
    series, _ = restless(patient(), drift())
    series = replace(series, signal=series.signal[..., 5:8])
    found = [correct_motion(series, threads=n) for n in (1, 2, 3)]
    assert len({one.motion.pose.tobytes() + one.series.signal.tobytes() for one in found}) == 1
    assert sitk.ProcessObject.GetGlobalDefaultNumberOfThreads() == threads


def test_no_search_stays_in_memory():
    """A callback that holds its search is a cycle through ITK: all stayed, with their images."""
    series, _ = restless(patient(), drift())
    before = kept(sitk.ImageRegistrationMethod)
    correct_motion(replace(series, signal=series.signal[..., 5:8]), threads=1)
    gc.collect()
    assert kept(sitk.ImageRegistrationMethod) == before


def test_the_times_of_slices_are_kept():
    series = replace(patient((64, 64, 1)).series, slice_times=np.array([0.4]))
    assert correct_motion(series).series.slice_times is series.slice_times


@pytest.mark.parametrize("shape", [(200, 1, 1), (6, 6, 2)])
def test_a_grid_on_which_motion_cannot_be_seen(shape):
    signal = np.random.default_rng(0).random((*shape, 30)).astype(np.float32)
    grid = Grid(shape=shape, affine=np.eye(4))
    with pytest.raises(SeriesError, match="--motion off"):
        correct_motion(DSCSeries(signal=signal, dt=1.5, te=None, grid=grid))


def test_the_real_slice(shared_data):
    """Every other frame."""
    nib = pytest.importorskip("nibabel")
    image = nib.load(shared_data / "ntuh-convexity" / "dsc.nii.gz")
    signal = np.asarray(image.dataobj, dtype=np.float32)[..., ::2]
    grid = Grid(shape=signal.shape[:3], affine=image.affine)
    series = DSCSeries(signal=signal, dt=4.0, te=None, grid=grid)
    found = correct_motion(series)
    assert found.series.signal is series.signal
    assert not found.motion.flagged.any()
    assert np.abs(found.motion.pose).max() < 1
