"""Masks from DICOM: put where they lie in the patient, or refused in one clear sentence."""

import numpy as np
import pydicom
import pytest
from dicom_maps import maps_of
from dicom_segments import write_segmentation
from dicom_writers import Protocol, phantom, write_classic
from qin_tree import DSC, FINE, NAWM, SAGITTAL, TUMOR, Head, write_images, write_roi

from bolus.data import Grid, MaskError, Source
from bolus.io import is_mask, read_mask, read_series, write_dicom
from bolus.io.resample import resample_nearest

TURN = np.array([[0.8, -0.48, 0.36], [0.6, 0.64, -0.48], [0.0, 0.6, 0.8]])
AXES = [np.diag([-2.0, -2.5, 4.0]), TURN @ np.diag([2.0, 2.5, -4.0])]


def grid_of(axes, shape=(12, 10, 5), origin=(11.0, -7.0, 23.0)):
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = axes, origin
    return Grid(shape=shape, affine=affine)


GRID = grid_of(AXES[0])
LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def place_grid(place):
    """The grid of a Place of the QIN miniature."""
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = place.axes.T, place.origin
    return Grid(shape=place.shape, affine=LPS @ affine)


def blob(grid):
    """A region that no axis' reversal maps onto itself; two slices are empty within it."""
    i, j, k = np.indices(grid.shape)
    return (i > 3) & (i < 9) & (j > 2 + i // 3) & ((k == 0) | (k == 3))


@pytest.mark.parametrize("axes", AXES, ids=["axial", "oblique"])
@pytest.mark.parametrize("omit", [True, False])
@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL", "LABELMAP"])
def test_a_segment_on_the_series_grid(tmp_path, axes, omit, kind):
    grid = grid_of(axes)
    path = write_segmentation(tmp_path / "seg.dcm", {"a": blob(grid)}, grid, kind=kind, omit=omit)
    np.testing.assert_array_equal(read_mask(path, grid), blob(grid))


def test_over_one_half_is_inside(tmp_path):
    share = np.where(blob(GRID), 0.6, 0.4)
    path = write_segmentation(tmp_path / "seg.dcm", {"a": share}, GRID, kind="FRACTIONAL")
    np.testing.assert_array_equal(read_mask(path, GRID), blob(GRID))


def test_a_segment_on_another_grid(tmp_path):
    fine = grid_of(TURN @ np.diag([1.1, 1.3, -2.1]), (30, 28, 14), (8.0, -29.0, 36.0))
    drawn = np.zeros(fine.shape, dtype=bool)
    drawn[5:25, 6:22, 2:5], drawn[3:9, 10:27, 7:12] = True, True
    path = write_segmentation(tmp_path / "seg.dcm", {"a": drawn}, fine)
    expected = resample_nearest(drawn, fine, GRID)
    assert 20 < expected.sum() < expected.size / 2
    found = read_mask(path, GRID)
    assert (found != expected).sum() <= 1  # a voxel centre in a face between two slices


def test_one_slice_is_as_thick_as_it_says(tmp_path):
    flat = grid_of(np.diag([-1.0, -1.0, 8.0]), (40, 40, 1), (15.0, -10.0, 29.0))
    path = write_segmentation(tmp_path / "seg.dcm", {"a": np.ones(flat.shape)}, flat)
    assert read_mask(path, GRID).any(axis=(0, 1)).tolist() == [False, True, True, False, False]


@pytest.fixture
def several(tmp_path):
    masks = {"Necrosis": blob(GRID), "tumor core": ~blob(GRID), "2": GRID_CORNER}
    return write_segmentation(tmp_path / "seg #1.dcm", masks, GRID)


GRID_CORNER = np.zeros(GRID.shape, dtype=bool)
GRID_CORNER[0, 0, 0] = True


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("1", blob(GRID)),
        ("2", ~blob(GRID)),
        ("3", GRID_CORNER),
        ("Tumor Core", ~blob(GRID)),
        ("necrosis", blob(GRID)),
    ],
)
def test_one_of_several_segments(several, choice, expected):
    np.testing.assert_array_equal(read_mask(f"{several}#{choice}", GRID), expected)


@pytest.mark.parametrize("choice", ["", "#oedema", "#7"])
def test_segments_are_listed(several, choice):
    with pytest.raises(MaskError) as caught:
        read_mask(f"{several}{choice}", GRID)
    text = str(caught.value)
    assert "holds 3 segments, 1 'Necrosis', 2 'tumor core', 3 '2'" in text
    assert "seg #1.dcm#1" in text
    assert ("is none of them" in text) == bool(choice)


def test_what_bolus_wrote_itself(tmp_path):
    write_classic(tmp_path / "in", phantom())
    series = read_series(tmp_path / "in")
    tumor = np.zeros(series.grid.shape, dtype=bool)
    tumor[3:7, 2:5, 1] = True
    maps = maps_of(series, rois={"tumor": tumor})
    write_dicom(maps, tmp_path / "out")
    regions = tmp_path / "out" / "regions.dcm"
    for label, mask in (("brain", maps.mask), ("arterial input", maps.aif.mask), ("tumor", tumor)):
        found = read_mask(f"{regions}#{label}", series.grid, series.source)
        np.testing.assert_array_equal(found, mask)


@pytest.mark.parametrize("place", [DSC, FINE, SAGITTAL], ids=["series", "finer", "sagittal"])
def test_a_mask_series_in_a_folder(tmp_path, place):
    drawn = place.ball(*TUMOR) | place.ball(*NAWM)
    folder = write_roi(tmp_path, drawn, place, Head(number=14, description="Mask_Tumor"))
    (folder / "notes.txt").write_text("words")
    (folder / ".hidden.dcm").write_bytes(b"")
    grid = place_grid(DSC)
    expected = resample_nearest(drawn, place_grid(place), grid)
    np.testing.assert_array_equal(read_mask(folder, grid), expected)


def test_a_segmentation_in_a_folder(tmp_path):
    (tmp_path / "deep").mkdir()
    write_segmentation(tmp_path / "deep" / "seg", {"a": blob(GRID), "b": ~blob(GRID)}, GRID)
    np.testing.assert_array_equal(read_mask(f"{tmp_path / 'deep'}#b", GRID), ~blob(GRID))


HEAD = Head(number=14, description="Mask_Tumor")


def two(tmp_path):
    write_roi(tmp_path, DSC.ball(*TUMOR), DSC, HEAD)
    write_segmentation(tmp_path / "seg.dcm", {"a": blob(GRID)}, GRID)
    return tmp_path


def images(tmp_path):
    write_images(tmp_path / "in", 100 * np.indices(DSC.shape)[0], DSC, HEAD)
    return tmp_path / "in"


def no_zero(tmp_path):
    write_images(tmp_path / "in", 7 + DSC.ball(*TUMOR), DSC, HEAD)
    return tmp_path / "in"


def one_image(tmp_path):
    return write_images(tmp_path / "in", DSC.ball(*TUMOR) * 1, DSC, HEAD)[0]


def empty_folder(tmp_path):
    (tmp_path / "none").mkdir()
    return tmp_path / "none"


def empty(tmp_path):
    masks = {"a": np.zeros(GRID.shape)}
    return write_segmentation(tmp_path / "seg.dcm", masks, GRID, omit=False)


def empty_series(tmp_path):
    return write_roi(tmp_path, np.zeros(DSC.shape), DSC, HEAD)


def elsewhere(tmp_path):
    far = grid_of(AXES[0], origin=(500.0, 0.0, 0.0))
    return write_segmentation(tmp_path / "seg.dcm", {"a": blob(far)}, far)


def cut(tmp_path):
    path = write_segmentation(tmp_path / "seg.dcm", {"a": blob(GRID)}, GRID)
    path.write_bytes(path.read_bytes()[:-20])
    return path


def nowhere(tmp_path):
    path = write_segmentation(tmp_path / "seg.dcm", {"a": blob(GRID)}, GRID)
    ds = pydicom.dcmread(path)
    del ds.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence
    ds.save_as(path)
    return path


def nobodys(tmp_path):
    path = write_segmentation(tmp_path / "seg.dcm", {"a": blob(GRID)}, GRID)
    ds = pydicom.dcmread(path)
    del ds.SharedFunctionalGroupsSequence
    ds.save_as(path)
    return path


def without_thickness(tmp_path):
    path = write_segmentation(tmp_path / "seg.dcm", {"a": blob(GRID)}, GRID)
    ds = pydicom.dcmread(path)
    measures = ds.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    del measures.SpacingBetweenSlices, measures.SliceThickness
    ds.save_as(path)
    return path


def other_object(tmp_path):
    write_classic(tmp_path / "in", phantom())
    write_dicom(maps_of(read_series(tmp_path / "in")), tmp_path / "out")
    return tmp_path / "out" / "cbf.dcm"


def pdf(tmp_path):
    (tmp_path / "letter.pdf").write_bytes(b"%PDF-1.4 words")
    return tmp_path / "letter.pdf"


def no_bytes(tmp_path):
    (tmp_path / "mask.dcm").touch()
    return tmp_path / "mask.dcm"


def junk(tmp_path):
    (tmp_path / "mask.dcm").write_bytes(bytes(128) + b"DICM" + b"\xff" * 400)
    return tmp_path / "mask.dcm"


def segment_of_nifti(tmp_path):
    (tmp_path / "mask.nii.gz").touch()
    return f"{tmp_path / 'mask.nii.gz'}#2"


def segment_of_series(tmp_path):
    return f"{write_roi(tmp_path, DSC.ball(*TUMOR), DSC, HEAD)}#2"


REFUSED = {
    two: r"one mask is expected in this folder, found segmentation seg\.dcm, series 14 of 3 images",
    images: r"a mask has two values, 0 and another; these images have 12, from 0 to 1100",
    no_zero: r"a mask has two values, 0 and another; these images have 2, from 7 to 8",
    one_image: r"one image is not a mask; give the folder",
    empty_folder: r"one mask is expected in this folder, found no segmentation and no series",
    empty: r"seg\.dcm: the mask is empty",
    empty_series: r"the mask is empty",
    elsewhere: r"seg\.dcm: this mask lies outside the series: it marks \d+ voxels",
    cut: r"seg\.dcm: this segmentation cannot be read",
    nowhere: r"seg\.dcm: its frames do not say where they lie",
    nobodys: r"seg\.dcm: its frames do not say which segment they show",
    without_thickness: r"seg\.dcm: a single slice without a stated thickness",
    other_object: r"cbf\.dcm: a DICOM segmentation is expected, found Parametric Map Storage",
    pdf: r"letter\.pdf: a mask is a NIfTI file",
    no_bytes: r"mask\.dcm: a mask is a NIfTI file",
    junk: r"mask\.dcm: this DICOM file cannot be read|no SOP class",
    segment_of_nifti: r"'#2' chooses a segment of a DICOM segmentation only",
    segment_of_series: r"'#2' chooses a segment, but this is a mask series",
}


@pytest.mark.parametrize("make", REFUSED, ids=lambda make: make.__name__)
def test_what_is_no_mask_is_refused(tmp_path, make):
    path = make(tmp_path)
    with pytest.raises(MaskError, match=REFUSED[make]) as caught:
        read_mask(path, GRID)
    text = str(caught.value)
    assert "\n" not in text.strip()
    assert not any(word in text for word in ("Doe", "Jane", "PATIENT-1", "Mustermann"))


def test_missing_files_are_named(tmp_path):
    for given in ("gone.dcm", "gone.dcm#2", "gone"):
        with pytest.raises(MaskError, match=r"gone(\.dcm)?: no such file"):
            read_mask(tmp_path / given, GRID)


@pytest.fixture
def series(tmp_path):
    write_classic(tmp_path / "in", phantom(), Protocol(patient="SECRET-1"))
    return read_series(tmp_path / "in")


def test_another_patient_is_refused(tmp_path, series):
    mask, frame = np.ones(series.grid.shape, dtype=bool), pydicom.dcmread(series.source.files[0])
    uid = frame.FrameOfReferenceUID
    paths = [
        write_segmentation(
            tmp_path / "s.dcm", {"a": mask}, series.grid, patient="SECRET-2", frame=uid
        ),
        write_roi(tmp_path / "roi", np.ones(DSC.shape), DSC, Head(patient="SECRET-2")),
    ]
    for path in paths:
        with pytest.raises(MaskError, match="another patient than the series") as caught:
            read_mask(path, series.grid, series.source)
        assert "SECRET" not in str(caught.value)
        assert read_mask(path, series.grid).any()
        assert read_mask(path, series.grid, Source(format="nifti")).any()


def test_a_mask_of_no_patient_is_taken(tmp_path, series):
    mask, uid = np.ones(series.grid.shape), pydicom.dcmread(series.source.files[0])
    path = write_segmentation(
        tmp_path / "s.dcm", {"a": mask}, series.grid, patient="", frame=uid.FrameOfReferenceUID
    )
    assert read_mask(path, series.grid, series.source).all()


def test_another_frame_of_reference_is_refused(tmp_path, series):
    mask = np.ones(series.grid.shape)
    path = write_segmentation(tmp_path / "s.dcm", {"a": mask}, series.grid, patient="SECRET-1")
    with pytest.raises(MaskError, match="another frame of reference"):
        read_mask(path, series.grid, series.source)
    roi = write_roi(tmp_path / "roi", np.ones(DSC.shape), DSC, Head(patient="SECRET-1"))
    assert read_mask(roi, series.grid, series.source).any()


def test_masks_are_told_from_tables(tmp_path, several):
    (tmp_path / "aif.tsv").write_text("time_s\taif\n")
    assert not is_mask(tmp_path / "aif.tsv")
    assert not is_mask(tmp_path / "gone.tsv")
    assert is_mask(several)
    assert is_mask(f"{several}#2")
    assert is_mask(tmp_path)
    assert is_mask(tmp_path / "gone.nii.gz")
