"""Written volumes: the geometry that was read, the type that was given, the same bytes again."""

import gzip
import time

import nibabel as nib
import numpy as np
import pytest

from bolus.data import Grid, InputError, OutputError, SeriesError
from bolus.io import read_series, write_volume
from bolus.io.nifti import load_image
from bolus.io.nifti_header import grid_of

SHAPE = (4, 5, 3)


def rotation(degrees):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


def place(degrees, shift=0.0, flip=1.0):
    affine = np.eye(4)
    affine[:3, :3] = rotation(degrees) @ np.diag([flip * 1.75, 1.75, 5.0])
    affine[:3, 3] = -100.3 + shift, 80.7, 12.1
    return affine


def grid_in(path):
    return grid_of(load_image(path, SeriesError).header, path, SeriesError)


@pytest.mark.parametrize("codes", [(1, 1), (2, 1), (0, 1), (1, 0), (4, 3)])
@pytest.mark.parametrize("flip", [1.0, -1.0])
def test_geometry_read_is_geometry_written(tmp_path, codes, flip):
    first, second = tmp_path / "a.nii.gz", tmp_path / "b.nii.gz"
    data = np.ones(SHAPE, dtype=np.float32)
    image = nib.Nifti1Image(data, None)
    image.set_sform(place(10, flip=flip), code=codes[0])
    image.set_qform(place(12, 0.4, flip=flip), code=codes[1])
    nib.save(image, first)
    write_volume(second, data, grid_in(first))
    one, two = nib.load(first), nib.load(second)
    assert [int(two.header[c]) for c in ("sform_code", "qform_code")] == list(codes)
    np.testing.assert_allclose(two.affine, one.affine, atol=1e-5)
    if codes[0]:
        np.testing.assert_array_equal(two.get_sform(), one.get_sform())
    if codes[1]:
        np.testing.assert_allclose(two.get_qform(), one.get_qform(), atol=1e-5)
    np.testing.assert_allclose(two.header.get_zooms(), one.header.get_zooms(), rtol=1e-6)


def test_two_transforms_stay_two(tmp_path):
    grid = Grid(shape=SHAPE, affine=place(10), qform=place(30, 5.0), sform_code=2, qform_code=1)
    write_volume(tmp_path / "a.nii.gz", np.ones(SHAPE, dtype=np.uint8), grid)
    back = grid_in(tmp_path / "a.nii.gz")
    np.testing.assert_allclose(back.qform, grid.qform, atol=1e-4)
    np.testing.assert_allclose(back.affine, grid.affine, atol=1e-5)
    assert (back.sform_code, back.qform_code) == (2, 1)


@pytest.mark.parametrize(
    ("given", "stored"),
    [("float32", "float32"), ("uint8", "uint8"), ("bool", "uint8"), ("float64", "float64")],
)
def test_type_is_kept(tmp_path, given, stored):
    data = (np.arange(60).reshape(SHAPE) % 2).astype(given)
    write_volume(tmp_path / "a.nii.gz", data, Grid(shape=SHAPE, affine=place(0)))
    image = nib.load(tmp_path / "a.nii.gz")
    assert image.get_data_dtype() == np.dtype(stored)
    assert image.header.get_slope_inter() in ((1.0, 0.0), (None, None))
    np.testing.assert_array_equal(np.asarray(image.dataobj), data)
    assert image.header.get_xyzt_units() == ("mm", "unknown")


def test_missing_values_survive(tmp_path):
    data = np.ones(SHAPE, dtype=np.float32)
    data[0] = np.nan
    write_volume(tmp_path / "a.nii.gz", data, Grid(shape=SHAPE, affine=place(0)))
    np.testing.assert_array_equal(np.asarray(nib.load(tmp_path / "a.nii.gz").dataobj), data)


def test_frames_have_a_time_step(tmp_path):
    data = np.random.default_rng(0).random((*SHAPE, 22)).astype(np.float32)
    write_volume(tmp_path / "a.nii.gz", data, Grid(shape=SHAPE, affine=place(0)), dt=1.6)
    series = read_series(tmp_path / "a.nii.gz")
    assert series.dt == 1.6
    np.testing.assert_array_equal(series.signal, data)


def test_same_input_same_bytes(tmp_path, monkeypatch):
    data = np.random.default_rng(0).random(SHAPE).astype(np.float32)
    grid = Grid(shape=SHAPE, affine=place(7))
    write_volume(tmp_path / "a.nii.gz", data, grid)
    monkeypatch.setattr(time, "time", lambda: 2e9)
    write_volume(tmp_path / "other.nii.gz", data, grid)
    one, two = ((tmp_path / n).read_bytes() for n in ("a.nii.gz", "other.nii.gz"))
    assert one == two
    assert one[3] == 0, "flags: no file name"
    assert one[4:8] == b"\0\0\0\0", "no time"
    assert gzip.decompress(one)[344:348] == b"n+1\0"


@pytest.mark.parametrize(
    ("name", "data", "dt", "words"),
    [
        ("a.nii", np.ones(SHAPE, dtype=np.float32), None, r"\.nii\.gz"),
        ("a.nii.gz", np.ones((4, 5, 2), dtype=np.float32), None, "does not fit"),
        ("a.nii.gz", np.ones((*SHAPE, 2), dtype=np.float32), None, "does not fit"),
        ("a.nii.gz", np.ones(SHAPE, dtype=np.float32), 1.0, "does not fit"),
        ("a.nii.gz", np.ones(SHAPE, dtype=np.int64), None, "int64"),
    ],
)
def test_what_cannot_be_written(tmp_path, name, data, dt, words):
    with pytest.raises(InputError, match=words):
        write_volume(tmp_path / name, data, Grid(shape=SHAPE, affine=place(0)), dt)
    assert not list(tmp_path.iterdir())


def test_no_such_folder(tmp_path):
    data = np.ones(SHAPE, dtype=np.float32)
    with pytest.raises(OutputError, match="cannot be written"):
        write_volume(tmp_path / "no" / "a.nii.gz", data, Grid(shape=SHAPE, affine=place(0)))
