"""A map of diffusion comes to where the head is in the series."""

import numpy as np
import pytest

from bolus.base.progress import QUIET
from bolus.data import Grid, InputError, RegistrationError
from bolus.io.diffusion import Diffusion
from bolus.patient.given import diffusion_of
from bolus.patient.ready import diffusion_on
from bolus.patient.stopwatch import Stopwatch
from bolus.phantom import simulate_patient
from bolus.preprocess import prepare
from bolus.preprocess.motion.rigid import rotation


@pytest.fixture(scope="module")
def head():
    """A series, and a map whose head lies 9 mm and 6 degrees elsewhere, with its unweighted image.

    The map rises along x of the series, so that it says where it came from.
    """
    series = prepare(simulate_patient(seed=1201, shape=(40, 40, 8), frames=30, tr=2.0).series)
    way = np.eye(4)
    way[:3, :3], way[:3, 3] = rotation(np.deg2rad([3.0, -2.0, 5.0])), [6.0, -4.0, 5.0]
    grid = Grid(shape=series.grid.shape, affine=way @ series.grid.affine)
    adc = np.broadcast_to(np.linspace(0.5e-3, 2e-3, 40)[:, None, None], grid.shape)
    return series, Diffusion(
        adc=adc, grid=grid, name="dwi", image=np.sqrt(np.maximum(series.baseline, 0)), unit=1.0
    )


def test_weighted_images_are_registered(head):
    series, moved = head
    found = diffusion_on(series, moved, Stopwatch(QUIET))["adc"]
    inner = series.mask & (found > 0)
    assert inner.sum() > 0.9 * series.mask.sum()
    voxel = 1.5e-3 / 39
    assert np.abs(found - moved.adc)[inner].mean() < 0.25 * voxel


def test_a_map_alone_goes_by_place_and_one_on_the_grid_stays(head):
    series, moved = head
    alone = Diffusion(adc=moved.adc, grid=moved.grid, name="adc", unit=1.0)
    found = diffusion_on(series, alone, Stopwatch(QUIET))["adc"]
    np.testing.assert_allclose(found, alone.onto(series.grid))
    same = Diffusion(adc=moved.adc, grid=series.grid, name="dwi", image=moved.image, unit=1.0)
    np.testing.assert_allclose(diffusion_on(series, same, Stopwatch(QUIET))["adc"], moved.adc)
    assert diffusion_on(series, None, Stopwatch(QUIET)) == {}


def test_images_of_another_head_are_refused(head):
    series, moved = head
    rng = np.random.default_rng(2)
    other = Diffusion(
        adc=moved.adc, grid=moved.grid, name="dwi", image=rng.random(moved.grid.shape), unit=1.0
    )
    with pytest.raises(RegistrationError, match="dwi: the series could not be registered"):
        diffusion_on(series, other, Stopwatch(QUIET))


def test_one_of_both_is_given():
    grid = Grid(shape=(2, 2, 2), affine=np.eye(4))
    with pytest.raises(InputError, match="one is expected"):
        diffusion_of({"adc": "a.nii", "dwi": "b.nii"}, grid)
    with pytest.raises(InputError, match="mm²/s on the series' grid"):
        diffusion_of({"adc": np.ones((2, 2, 3))}, grid)
