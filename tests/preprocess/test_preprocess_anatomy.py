"""Registration to an anatomical image: the known transform, its own grid, and refusals."""

import gc
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from bolus.data import AnatomicalImage, Grid, RegistrationError
from bolus.io import resample_linear
from bolus.phantom import Displaced, anatomical_image, simulate_patient
from bolus.preprocess import prepare
from bolus.preprocess.anatomy import mean_distance, register_anatomy
from kept import kept

POSE = (4.0, -3.0, 5.0, 3.0, -2.0, 4.0)


@pytest.fixture(scope="module")
def head():
    """A prepared series, and an image of the same head elsewhere, with the true transform."""
    patient = simulate_patient(seed=1003, shape=(40, 40, 8), frames=30, tr=2.0, tumor="high")
    displaced = Displaced(pose=POSE, distortion=2.0, seed=3)
    scan = anatomical_image(patient, "t1c", displaced, (3.0, 3.0, 3.0))
    image = AnatomicalImage(volume=scan.volume, grid=scan.grid)
    series = prepare(patient.series)
    places = np.argwhere(series.mask) @ series.grid.affine[:3, :3].T + series.grid.affine[:3, 3]
    return SimpleNamespace(series=series, image=image, truth=scan.to_anatomy, places=places)


def test_the_known_transform_is_found_and_no_search_stays_in_memory(head):
    before = kept(sitk.ImageRegistrationMethod)
    found = register_anatomy(head.series, head.image)
    gc.collect()
    assert kept(sitk.ImageRegistrationMethod) == before
    assert mean_distance(np.eye(4), head.truth, head.places) > 7
    assert mean_distance(found.to_anatomy, head.truth, head.places) < 1.0
    assert found.score.misfit < 0.9
    assert found.score.travel == pytest.approx(
        mean_distance(found.to_anatomy, np.eye(4), head.places)
    )


def test_an_image_that_does_not_fit_is_refused_with_its_score(head):
    upside_down = replace(head.image, volume=head.image.volume[:, :, ::-1].copy(), name="wrong")
    with pytest.raises(RegistrationError, match="wrong: the series could not be registered") as no:
        register_anatomy(head.series, upside_down)
    assert no.value.score is not None
    assert no.value.score.misfit > 0.95


def test_an_image_on_the_grid_of_the_series_stays_there(head):
    grid, image = head.series.grid, head.image
    seen = Grid(shape=image.grid.shape, affine=np.linalg.inv(head.truth) @ image.grid.affine)
    there = np.nan_to_num(resample_linear(image.volume, seen, grid))
    found = register_anatomy(head.series, AnatomicalImage(volume=there, grid=grid))
    assert np.array_equal(found.to_anatomy, np.eye(4))


def test_a_shifted_image_on_the_grid_of_the_series_is_refused(head):
    grid, image = head.series.grid, head.image
    seen = Grid(shape=image.grid.shape, affine=np.linalg.inv(head.truth) @ image.grid.affine)
    there = np.roll(np.nan_to_num(resample_linear(image.volume, seen, grid)), 2, axis=1)
    with pytest.raises(RegistrationError, match="parts of the brain lie"):
        register_anatomy(head.series, AnatomicalImage(volume=there, grid=grid))


def test_a_brain_in_two_slices_is_refused(head):
    mask = head.series.mask.copy()
    mask[:, :, 2:] = False
    with pytest.raises(RegistrationError, match="in 2 slices cannot be registered"):
        register_anatomy(replace(head.series, mask=mask), head.image)


def test_an_image_without_contrast_is_refused(head):
    black = replace(head.image, volume=np.zeros(head.image.grid.shape), name="black")
    with pytest.raises(RegistrationError, match=r"black: .* brighter than 0 is expected"):
        register_anatomy(head.series, black)
