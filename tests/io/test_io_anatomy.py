"""Anatomical images and transforms in and out, masks on either grid, and values between grids."""

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from dicom_segments import write_segmentation
from dicom_writers import Protocol, write_classic

from bolus.data import (
    AmbiguousInputError,
    AnatomicalImage,
    Anatomy,
    Grid,
    InputError,
    MaskError,
    RegistrationScore,
    SeriesError,
)
from bolus.io import (
    read_anatomy,
    read_mask_on_any,
    read_transform,
    resample_each,
    resample_linear,
    resample_nearest,
    write_transform,
    write_volume,
)
from bolus.preprocess.motion.rigid import rotation


def grid(shape, edge, origin=(0.0, 0.0, 0.0)):
    affine = np.diag([*edge, 1.0])
    affine[:3, 3] = origin
    return Grid(shape=shape, affine=affine)


def rigid():
    out = np.eye(4)
    out[:3, :3] = rotation(np.deg2rad(np.array([5.0, -8.0, 12.0])))
    out[:3, 3] = (3.0, -2.0, 1.0)
    return out


def itk_image(volume, place):
    image = sitk.GetImageFromArray(np.ascontiguousarray(volume.T).astype(np.float32))
    flip = np.diag([-1.0, -1.0, 1.0])
    image.SetSpacing(place.voxel_size)
    image.SetDirection((flip @ place.affine[:3, :3] / place.voxel_size).ravel().tolist())
    image.SetOrigin((flip @ place.affine[:3, 3]).tolist())
    return image


def test_a_transform_survives_its_file(tmp_path):
    write_transform(tmp_path / "x.tfm", rigid())
    assert np.allclose(read_transform(tmp_path / "x.tfm"), rigid(), atol=1e-12)


def test_itk_puts_the_series_onto_the_anatomy_as_bolus_does(tmp_path):
    series = grid((14, 12, 9), (2.0, 2.0, 3.0), (-12.0, -10.0, -11.0))
    anatomy = grid((24, 22, 26), (1.0, 1.1, 1.2), (-10.0, -14.0, -13.0))
    volume = np.random.default_rng(0).uniform(1, 2, series.shape).astype(np.float32)
    write_transform(tmp_path / "x.tfm", rigid())
    seen = Grid(shape=anatomy.shape, affine=np.linalg.inv(rigid()) @ anatomy.affine)
    ours = resample_linear(volume, series, seen)
    transform = sitk.ReadTransform(str(tmp_path / "x.tfm"))
    target = itk_image(np.zeros(anatomy.shape), anatomy)
    theirs = sitk.Resample(itk_image(volume, series), target, transform, sitk.sitkLinear, 0.0)
    theirs = sitk.GetArrayFromImage(theirs).T
    both = np.isfinite(ours) & (theirs > 0)
    assert both.sum() > 2000
    inside = both & (theirs >= 1)
    assert np.abs(ours - theirs)[inside].max() < 1e-4


@pytest.mark.parametrize("text", ["", "nonsense", "Transform: Other\nParameters: 1 2 3\n"])
def test_a_file_that_is_no_transform_is_named(tmp_path, text):
    path = tmp_path / "x.tfm"
    path.write_text(text)
    with pytest.raises(InputError, match=r"x\.tfm: .* expected"):
        read_transform(path)


def test_values_that_are_not_known_do_not_spread():
    place = grid((6, 6, 6), (2.0, 2.0, 2.0))
    volume = np.full(place.shape, 5.0)
    volume[:3] = np.nan
    moved = resample_linear(volume, place, grid((12, 12, 12), (1.0, 1.0, 1.0)))
    assert set(np.unique(moved[np.isfinite(moved)])) == {5.0}
    assert np.isnan(moved[:5]).all()
    assert np.isfinite(moved[5:, :11, :11]).all()  # half way and on
    assert np.array_equal(resample_linear(volume, place, place), volume, equal_nan=True)


def test_an_anatomy_is_read(tmp_path):
    place = grid((8, 9, 10), (1.0, 1.0, 2.0))
    volume = np.random.default_rng(0).uniform(0, 9, place.shape).astype(np.float32)
    volume[0, 0, 0] = np.nan
    write_volume(tmp_path / "t1.nii.gz", volume, place)
    found = read_anatomy(tmp_path / "t1.nii.gz")
    assert found.grid.matches(place)
    assert found.volume[0, 0, 0] == 0
    assert np.array_equal(found.volume[1:], volume[1:])


def test_broken_anatomies_are_named(tmp_path):
    place = grid((8, 9, 10), (1.0, 1.0, 2.0))
    flat, cut, series = (tmp_path / f"{name}.nii.gz" for name in ("flat", "cut", "series"))
    write_volume(flat, np.ones(place.shape, np.float32), place)
    write_volume(series, np.ones((*place.shape, 3), np.float32), place, dt=1.0)
    cut.write_bytes(flat.read_bytes()[:40])
    (tmp_path / "t1.txt").write_text("no image")
    (tmp_path / "empty").mkdir()
    for name, told in (
        ("none.nii.gz", "no such file"),
        ("flat.nii.gz", "contrast is expected"),
        ("series.nii.gz", "is one volume"),
        ("cut.nii.gz", "cut"),
        ("t1.txt", "is a NIfTI file"),
        ("empty", "holds no DICOM"),
    ):
        with pytest.raises(InputError, match=f"{name}.*{told}|{told}"):
            read_anatomy(tmp_path / name)


def test_an_anatomy_from_dicom(tmp_path):
    volume = np.arange(16 * 18 * 5 * 1).reshape(16, 18, 5, 1).astype(np.int16)
    for number in (7, 9):
        (tmp_path / str(number)).mkdir()
        write_classic(tmp_path / str(number), volume, Protocol(number=number))
    found = read_anatomy(tmp_path / "7")
    assert sorted(found.volume.ravel()) == sorted(volume.ravel().astype(np.float32))
    with pytest.raises(AmbiguousInputError, match="2 series could be meant"):
        read_anatomy(tmp_path)
    with pytest.raises(SeriesError, match="no series of number 77"):
        read_anatomy(f"{tmp_path}#77")
    assert np.array_equal(read_anatomy(f"{tmp_path}#9").volume, found.volume)


def test_masks_are_recognised_by_place(tmp_path):
    series = grid((10, 10, 4), (3.0, 3.0, 6.0))
    anatomy = grid((30, 30, 24), (1.0, 1.0, 1.0))
    image = AnatomicalImage(volume=np.ones(anatomy.shape), grid=anatomy, name="t1")
    for place, there in ((series, None), (anatomy, 0)):
        mask = np.zeros(place.shape, dtype=bool)
        mask[4:7, 4:7, 1:3] = True
        write_volume(tmp_path / "mask.nii.gz", mask, place)
        found, number = read_mask_on_any(tmp_path / "mask.nii.gz", series, [image])
        assert number == there
        assert np.array_equal(found, mask)
    write_volume(tmp_path / "mask.nii.gz", mask, grid(anatomy.shape, (1.0, 1.0, 1.0), (9, 0, 0)))
    with pytest.raises(
        MaskError, match=r"on no grid that is known: on that of the series.*; on that of t1"
    ):
        read_mask_on_any(tmp_path / "mask.nii.gz", series, [image])


def test_a_segmentation_drawn_on_the_anatomy_is_recognised(tmp_path):
    series = grid((10, 10, 4), (3.0, 3.0, 6.0))
    anatomy = grid((30, 30, 24), (1.0, 1.0, 1.0))
    image = AnatomicalImage(volume=np.ones(anatomy.shape), grid=anatomy, name="t1")
    for place, there in ((series, None), (anatomy, 0)):
        mask = np.zeros(place.shape, dtype=bool)
        mask[3:7, 4:8, 1:3] = True
        path = write_segmentation(tmp_path / f"{there}.dcm", {"tumour": mask}, place)
        found, number = read_mask_on_any(f"{path}#tumour", series, [image])
        assert number == there
        assert np.array_equal(found, mask)


def test_a_mask_drawn_on_the_anatomy_comes_to_the_series_by_the_nearest_voxel():
    series = grid((10, 10, 4), (3.0, 3.0, 6.0))
    plain = grid((40, 40, 30), (1.0, 1.0, 1.0), (-5.0, -5.0, -3.0))
    moved = Grid(shape=plain.shape, affine=rigid() @ plain.affine)
    image = AnatomicalImage(volume=np.ones(moved.shape), grid=moved)
    anatomy = Anatomy(image=image, to_anatomy=rigid(), score=RegistrationScore(0.6, 1.0, 4.0))
    assert anatomy.seen_by_series.matches(plain, 1e-9)
    voxels = np.random.default_rng(1).random(plain.shape) > 0.5
    found = resample_nearest(voxels, anatomy.seen_by_series, series)
    index = np.argwhere(np.ones(series.shape, bool))
    nearest = np.rint(index * [3, 3, 6] + [5, 5, 3]).astype(int)
    assert np.array_equal(found.ravel(), voxels[tuple(nearest.T)])


def test_a_transform_that_is_not_rigid_is_no_anatomy():
    image = AnatomicalImage(volume=np.ones((2, 2, 2)), grid=grid((2, 2, 2), (1.0, 1.0, 1.0)))
    with pytest.raises(InputError, match="a rigid transform is expected"):
        Anatomy(image=image, to_anatomy=2 * np.eye(4), score=RegistrationScore(0.6, 1.0, 0.0))
    with pytest.raises(InputError, match="values are not finite"):
        AnatomicalImage(volume=np.full((2, 2, 2), np.nan), grid=image.grid)


def test_several_volumes_are_resampled_as_each_alone():
    """The weights of one must not be taken for another's, whose known voxels are others."""
    rng = np.random.default_rng(3)
    source, target = grid((8, 9, 4), (3.0, 3.0, 6.0)), grid((20, 20, 20), (1.1, 1.2, 1.3))
    volumes = [rng.normal(size=source.shape) for _ in range(4)]
    volumes[1][:4], volumes[2][:, 5:], volumes[3][:] = np.nan, np.nan, np.nan
    found = list(resample_each(volumes, source, target))
    for one, volume in zip(found, volumes, strict=True):
        alone = resample_linear(volume, source, target)
        np.testing.assert_array_equal(one, alone)
    known = [int(np.isfinite(one).sum()) for one in found]
    assert known[0] > known[1] > 0
    assert known[3] == 0
