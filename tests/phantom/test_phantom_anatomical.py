"""Anatomical images of a digital patient: contrast, place and distortion are what was asked for."""

import numpy as np
import pytest

from bolus.data import Grid, InputError
from bolus.io import resample_linear
from bolus.phantom import Displaced, anatomical_image, simulate_patient

VOXEL = (4.0, 4.0, 4.0)
POSE = (6.0, -4.0, 5.0, 4.0, -6.0, 8.0)


@pytest.fixture(scope="module")
def patient():
    return simulate_patient(seed=2, shape=(32, 32, 8), frames=30, tr=2.0, tumor="high")


@pytest.fixture(scope="module")
def t1c(patient):
    return anatomical_image(patient, "t1c", voxel=VOXEL)


def on_series(scan, patient, to_anatomy=None):
    back = np.eye(4) if to_anatomy is None else np.linalg.inv(to_anatomy)
    seen = Grid(shape=scan.grid.shape, affine=back @ scan.grid.affine)
    return resample_linear(scan.volume, seen, patient.series.grid)


def test_tissue_has_its_contrast(patient, t1c):
    flair = anatomical_image(patient, "flair", voxel=VOXEL)
    masks = patient.masks
    for scan, brighter in ((t1c, 1), (flair, -1)):
        there = on_series(scan, patient)
        white, grey = (np.median(there[mask]) for mask in (masks.white, masks.grey))
        assert brighter * (white - grey) > 0
        assert np.median(there[masks.tumor]) > 1.1 * max(white, grey)


def test_the_head_lies_where_the_transform_puts_it(patient, t1c):
    moved = anatomical_image(patient, "t1c", Displaced(pose=POSE), VOXEL)
    still, right = on_series(t1c, patient), on_series(moved, patient, moved.to_anatomy)
    wrong, brain = on_series(moved, patient), patient.masks.brain
    assert np.corrcoef(still[brain], right[brain])[0, 1] > 0.9
    assert np.corrcoef(still[brain], wrong[brain])[0, 1] < 0.6


def test_distortion_is_as_large_as_asked_and_has_no_mean(patient):
    from bolus.phantom.anatomical import _Distortion, _places

    bend = _Distortion(patient, np.random.default_rng(0), 3.0)
    places = _places(patient.series.grid, patient.masks.brain)
    along_y = bend(places)
    assert np.abs(along_y).max() == pytest.approx(3.0)
    assert along_y.mean() == pytest.approx(0, abs=1e-6)
    for axis in range(3):
        assert np.corrcoef(along_y, places[axis])[0, 1] == pytest.approx(0, abs=1e-6)


def test_the_same_arguments_give_the_same_image(patient, t1c):
    again = anatomical_image(patient, "t1c", voxel=VOXEL)
    assert np.array_equal(again.volume, t1c.volume)


def test_what_cannot_be_made_is_refused(patient):
    with pytest.raises(InputError, match="t1c or flair, found 't2'"):
        anatomical_image(patient, "t2")
    with pytest.raises(InputError, match=r"between 0\.5 and 10 mm"):
        anatomical_image(patient, "t1c", voxel=(0.1, 1.0, 1.0))
