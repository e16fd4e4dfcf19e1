"""Masks: above one half on the series' own grid, or refused."""

import nibabel as nib
import numpy as np
import pytest

from bolus.data import Grid, MaskError
from bolus.io import read_mask, write_volume

AFFINE = np.diag([2.0, 2.0, 4.0, 1.0])
GRID = Grid(shape=(4, 5, 3), affine=AFFINE)


def save(path, data, affine=AFFINE):
    nib.save(nib.Nifti1Image(np.asarray(data), affine), path)
    return path


def labels():
    data = np.zeros(GRID.shape, dtype=np.uint8)
    data[1, 2, 0], data[3, 4, 2] = 1, 7
    return data


@pytest.fixture
def file(tmp_path):
    return tmp_path / "mask.nii.gz"


def test_labels_count_as_inside(file):
    mask = read_mask(save(file, labels()), GRID)
    assert mask.dtype == bool
    np.testing.assert_array_equal(mask, labels() > 0)


def test_probabilities_are_cut_at_one_half(file):
    data = np.full(GRID.shape, 0.5, dtype=np.float32)
    data[0, 0, 0] = 0.51
    assert read_mask(save(file, data), GRID).sum() == 1


def test_one_volume_in_four_dimensions(file):
    np.testing.assert_array_equal(read_mask(save(file, labels()[..., None]), GRID), labels() > 0)


def test_round_trip(file):
    write_volume(file, labels() > 0, GRID)
    np.testing.assert_array_equal(read_mask(file, GRID), labels() > 0)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 0, 2)])
@pytest.mark.parametrize("flips", [(1, 1, 1), (-1, 1, 1), (1, -1, -1)])
def test_the_same_voxels_in_another_order(file, order, flips):
    oblique = np.array(
        [[1.9, 0.3, 0.1, -4], [-0.3, 1.9, 0.2, 7], [0.0, -0.2, 4.0, 3], [0, 0, 0, 1]]
    )
    grid = Grid(shape=GRID.shape, affine=oblique)
    stored = np.transpose(labels(), order)[tuple(slice(None, None, flip) for flip in flips)]
    image = nib.Nifti1Image(labels(), oblique)
    codes = [[axis, 1] for axis in np.argsort(order)]
    turned = image.as_reoriented(np.array(codes))
    for axis, flip in enumerate(flips):
        if flip < 0:
            turned = turned.as_reoriented([[k, -1 if k == axis else 1] for k in range(3)])
    np.testing.assert_array_equal(np.asarray(turned.dataobj), stored)
    nib.save(turned, file)
    np.testing.assert_array_equal(read_mask(file, grid), labels() > 0)


def test_other_shape_names_both(file):
    with pytest.raises(MaskError, match=r"\(4, 5, 2\) instead of \(4, 5, 3\).* 4\.00 mm"):
        read_mask(save(file, labels()[:, :, :2]), GRID)


def test_other_place_names_the_gap(file):
    moved = AFFINE.copy()
    moved[0, 3] = 1.5
    with pytest.raises(MaskError, match=r"1\.50 mm"):
        read_mask(save(file, labels(), moved), GRID)


def test_a_hair_of_rounding_is_the_same_grid(file):
    moved = AFFINE.copy()
    moved[0, 3] = 0.05
    assert read_mask(save(file, labels(), moved), GRID).any()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (np.zeros(GRID.shape, dtype=np.uint8), "empty"),
        (np.full(GRID.shape, np.nan, dtype=np.float32), "60 values are not finite"),
        (np.ones((*GRID.shape, 2), dtype=np.uint8), "one volume"),
        (np.ones(GRID.shape[:2], dtype=np.uint8), "one volume"),
        (np.ones(GRID.shape, dtype=np.complex64), "complex"),
    ],
)
def test_what_is_no_mask(file, data, words):
    with pytest.raises(MaskError, match=words) as caught:
        read_mask(save(file, data), GRID)
    assert str(file) in str(caught.value)


def test_missing_and_broken_files(file):
    with pytest.raises(MaskError, match="no such file"):
        read_mask(file, GRID)
    file.write_bytes(b"nonsense")
    with pytest.raises(MaskError, match=r"readable|damaged"):
        read_mask(file, GRID)
