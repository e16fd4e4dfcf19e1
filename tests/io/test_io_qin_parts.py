"""The parts of the collection's import that stand alone: roles, headers, and nearest voxels."""

from dataclasses import replace

import numpy as np
import pydicom
import pytest
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ImplicitVRLittleEndian
from qin_tree import DSC, FINE, NAWM, SAGITTAL, TUMOR, Head, write_roi

from bolus.base.progress import QUIET
from bolus.data import Grid, MaskError
from bolus.io.dicom.convert import converted
from bolus.io.dicom.mask_series import read_roi
from bolus.io.nifti import load_image, read_values
from bolus.io.nifti_header import grid_of
from bolus.io.qin.tree import read_tree, role_of
from bolus.io.resample import resample_nearest

TURNED = np.array([[0, -2.0, 0, 9], [0, 0, 2.0, -3], [2.0, 0, 0, 1], [0, 0, 0, 1]])


def grid(shape, affine=None):
    return Grid(shape=shape, affine=np.eye(4) if affine is None else np.asarray(affine, float))


@pytest.mark.parametrize(
    ("description", "role"),
    [
        ("AX DSC PERFUSION", "dsc"),
        ("ep2d_dsc", "dsc"),
        ("AIFx3", "aif"),
        ("AIFx4", "aif"),
        ("DSC AIFx3", "aif"),
        ("Mask_Brain", "brain"),
        ("MaskBrain", "brain"),
        ("Mask_NAWM", "nawm"),
        ("mask nawm ", "nawm"),
        ("Mask_Tumor", "tumor"),
        ("MaskTumor", "tumor"),
        ("Mask_NACC", None),
        ("MaskNACC", None),
        ("Anatomic", None),
        ("AX T1 POST", None),
        ("", None),
    ],
)
def test_what_a_series_is(description, role):
    assert role_of(description) == role


def test_onto_itself_nothing_changes():
    values = np.random.default_rng(0).integers(0, 9, (4, 5, 6)).astype(np.int16)
    there = grid(values.shape, TURNED)
    back = resample_nearest(values, there, there)
    np.testing.assert_array_equal(back, values)
    assert back.dtype == np.int16


def test_axes_that_run_another_way():
    values = np.arange(24).reshape(2, 3, 4)
    turn = np.array([[0, -1.0, 0, 2], [0, 0, -1.0, 3], [1.0, 0, 0, 0], [0, 0, 0, 1]])
    target = grid((4, 3, 4), turn)
    found = resample_nearest(values, grid(values.shape), target)
    for index in np.ndindex(target.shape):
        x, y, z = (turn @ [*index, 1])[:3].astype(int)
        inside = 0 <= x < 2 and 0 <= y < 3 and 0 <= z < 4
        assert found[index] == (values[x, y, z] if inside else 0)


def test_outside_is_false():
    target = grid((4, 1, 1), [[1, 0, 0, -1.6], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    found = resample_nearest(np.ones((2, 1, 1), dtype=bool), grid((2, 1, 1)), target)
    assert found.ravel().tolist() == [False, False, True, True]
    assert found.dtype == bool


@pytest.mark.parametrize("noise", [0.0, 1e-6, -1e-6])
def test_a_tie_is_settled_one_way(noise):
    half = np.diag([2.0, 1, 1, 1])
    half[0, 3] = 0.5 + noise
    found = resample_nearest(np.arange(8).reshape(8, 1, 1), grid((8, 1, 1)), grid((4, 1, 1), half))
    assert found.ravel().tolist() == [1, 3, 5, 7]


@pytest.mark.parametrize("place", [DSC, FINE, SAGITTAL], ids=["series", "finer", "sagittal"])
def test_a_mask_is_read_in_place(tmp_path, place):
    drawn = place.ball(*TUMOR) | place.ball(*NAWM)
    folder = write_roi(tmp_path, drawn, place, Head(number=14, description="Mask_Tumor"))
    mask, own = read_roi(list(folder.iterdir()))
    assert mask.sum() == drawn.sum()
    inside = np.argwhere(mask)
    ras = np.column_stack([inside, np.ones(len(inside))]) @ own.affine.T
    found = ras[:, :3] * (-1, -1, 1)
    expected = place.points()[drawn]
    order = [np.lexsort(np.round(points, 2).T) for points in (found, expected)]
    np.testing.assert_allclose(found[order[0]], expected[order[1]], atol=1e-6)


def test_an_oblique_mask_with_rounded_headers(tmp_path):
    turn = np.radians(20)
    row = (np.cos(turn), np.sin(turn), 0.0)
    column = (-np.sin(turn) * 0.8, np.cos(turn) * 0.8, 0.6)
    place = replace(FINE, row=tuple(np.round(row, 4)), column=tuple(np.round(column, 4)))
    head = Head(number=14, description="Mask_Tumor")
    folder = write_roi(tmp_path, np.ones(place.shape), place, head)
    mask, own = read_roi(list(folder.iterdir()))
    assert mask.all()
    np.testing.assert_allclose(own.voxel_size, place.spacing, rtol=1e-3)


def test_a_thickness_is_needed_of_one_slice(tmp_path):
    def drop(ds):
        del ds.SliceThickness, ds.SpacingBetweenSlices

    place = replace(DSC, shape=(12, 10, 1))
    head = Head(number=14, description="Mask_Tumor")
    folder = write_roi(tmp_path, np.ones(place.shape), place, head, drop)
    with pytest.raises(MaskError, match="thickness"):
        read_roi(list(folder.iterdir()))


def test_multiframe_masks_are_refused(tmp_path):
    head = Head(number=14, description="Mask_Tumor")
    folder = write_roi(
        tmp_path, np.ones(DSC.shape), DSC, head, lambda ds: setattr(ds, "NumberOfFrames", 2)
    )
    with pytest.raises(MaskError, match="one classic MR image is expected"):
        read_roi(list(folder.iterdir()))


def test_another_transfer_syntax_is_whole_or_not(tmp_path):
    head = Head(number=14, description="Mask_Tumor")
    folder = write_roi(tmp_path, np.ones(DSC.shape), DSC, head)
    path = sorted(folder.iterdir())[0]
    ds = pydicom.dcmread(path)
    ds.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    ds.save_as(path, implicit_vr=True, little_endian=True)
    (patient,) = read_tree(tmp_path, QUIET).patients
    assert patient.damaged == ()
    path.write_bytes(path.read_bytes()[:-1])
    (patient,) = read_tree(tmp_path, QUIET).patients
    assert [one.path for one in patient.damaged] == [path]
    assert "1 bytes of its pixels are missing" in patient.damaged[0].reason


def test_an_index_of_a_disc_is_nobody(tmp_path):
    ds = pydicom.Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.1.3.10"
    ds.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    ds.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    ds.FileSetID = "DISC"
    ds.save_as(tmp_path / "DICOMDIR", enforce_file_format=True)
    tree = read_tree(tmp_path, QUIET)
    assert (tree.patients, tree.strays) == ((), ())


def test_a_file_without_patient_is_nobodys(tmp_path):
    head = Head(patient="", number=14, description="Mask_Tumor")
    write_roi(tmp_path / "a", np.ones((12, 10, 1)), replace(DSC, shape=(12, 10, 1)), head)
    tree = read_tree(tmp_path, QUIET)
    assert tree.patients == ()
    (stray,) = tree.strays
    assert "without PatientID" in stray.reason


@pytest.mark.parametrize("place", [FINE, SAGITTAL], ids=["axial", "sagittal"])
def test_masks_lie_where_dcm2niix_lays_them(tmp_path, place):
    drawn = place.ball(*TUMOR)
    paths = list(write_roi(tmp_path, drawn, place, Head(number=14, description="m")).iterdir())
    mask, own = read_roi(paths)
    with converted(paths, {}) as [(image, _)]:
        loaded = load_image(image, MaskError)
        values, there = (
            read_values(loaded, image, MaskError),
            grid_of(loaded.header, image, MaskError),
        )
    np.testing.assert_array_equal(resample_nearest(mask, own, there), values > 0.5)
    assert values.sum() == drawn.sum()
