"""Pictures of maps for archives that show no other: where they lie, what they say, how bright."""

from dataclasses import replace

import numpy as np
import pydicom
import pytest
from dicom_maps import maps_of
from dicom_writers import Protocol, phantom, write_classic, write_mosaic

from bolus.data import DSCSeries, Grid
from bolus.data.quantities import display_of
from bolus.data.stack import edges_of, side
from bolus.io import read_series, write_dicom, write_dicom_series
from bolus.report.figures.capture import HEAD, MARGIN, SHADES, capture
from bolus.report.figures.colours import shades

TRUE_COLOUR = "1.2.840.10008.5.1.4.1.1.7.4"
TURN = np.array([[0.8, -0.48, 0.36], [0.6, 0.64, -0.48], [0.0, 0.6, 0.8]])
AXES = {
    "axial": np.diag([-2.0, -2.5, 4.0]),
    "oblique": TURN @ np.diag([2.0, 2.5, 4.0]),
    "sagittal": np.array([[0, 0, 3.0], [2.0, 0, 0], [0, 1.5, 0]]),
    "coronal, upside down": np.array([[2.0, 0, 0], [0, 0, 3.0], [0, -1.5, 0]]),
}


def only(maps, name):
    """One map alone, for every object takes its time."""
    return replace(maps, volumes={name: maps.volumes[name]}, sd={})


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures") / "in"
    write_classic(folder, phantom(), Protocol(number=7, name="Doe^Jane", patient="ID-77"))
    return read_series(folder)


@pytest.fixture(scope="module")
def written(source, tmp_path_factory):
    """Maps and the folder of their objects."""
    maps = only(maps_of(source), "cbf")
    folder = tmp_path_factory.mktemp("written") / "dicom"
    write_dicom(maps, folder, capture)
    return maps, folder


def frame_of(ds, k):
    size = (ds.NumberOfFrames, ds.Rows, ds.Columns, 3)
    return np.frombuffer(ds.PixelData, np.uint8)[: np.prod(size)].reshape(size)[k]


@pytest.mark.parametrize("axes", AXES.values(), ids=AXES)
def test_every_voxel_is_seen_where_the_parametric_map_has_it(tmp_path, axes):
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = axes, (11.0, -7.0, 23.0)
    grid = Grid(shape=(9, 7, 4), affine=affine)
    signal = phantom(grid.shape, 20).astype(np.float32)
    write_dicom_series(tmp_path / "in", DSCSeries(signal=signal, dt=1.5, te=0.03, grid=grid))
    maps = only(maps_of(read_series(tmp_path / "in")), "cbf")
    maps = replace(maps, mask=np.ones(grid.shape, dtype=bool))  # all of a slice is shown
    write_dicom(maps, tmp_path / "out", capture)
    values = pydicom.dcmread(tmp_path / "out" / "cbf.dcm")
    picture = pydicom.dcmread(tmp_path / "out" / "cbf_picture.dcm")
    shared = values.SharedFunctionalGroupsSequence[0]
    along, down = np.reshape(shared.PlaneOrientationSequence[0].ImageOrientationPatient, (2, 3))
    heights = [
        np.dot(np.cross(along, down), group.PlanePositionSequence[0].ImagePositionPatient)
        for group in values.PerFrameFunctionalGroupsSequence
    ]
    planes = values.pixel_array[np.argsort(heights)]
    edge = float(picture.PixelSpacing[0])
    assert picture.PixelSpacing[0] == picture.PixelSpacing[1]
    measures = shared.PixelMeasuresSequence[0]
    low, high = maps.display_range("cbf")
    colours = shades(display_of("cbf").colours, SHADES).astype(int)
    for k, plane in enumerate(planes):
        frame = frame_of(picture, k)
        for row, column in np.ndindex(plane.shape):
            y = HEAD + MARGIN + int((row + 0.5) * float(measures.PixelSpacing[0]) / edge)
            x = MARGIN + int((column + 0.5) * float(measures.PixelSpacing[1]) / edge)
            value = plane[row, column]
            share = np.clip((value - low) / (high - low), 0, 1)
            wanted = colours[round(share * (SHADES - 1))] if np.isfinite(value) else (0, 0, 0)
            np.testing.assert_array_equal(frame[y, x], wanted)


def test_all_slices_are_equally_bright_and_the_bar_is_that_of_all(written):
    _, folder = written
    ds = pydicom.dcmread(folder / "cbf_picture.dcm")
    frames = [frame_of(ds, k) for k in range(ds.NumberOfFrames)]
    bars = [frame[HEAD + MARGIN :, -130:] for frame in frames]
    assert all(np.array_equal(bar, bars[0]) for bar in bars)
    assert len({frame.tobytes() for frame in frames}) == len(frames), "slices and their numbers"
    found = {tuple(int(c) for c in pixel) for pixel in bars[0].reshape(-1, 3)}
    colours = {tuple(int(c) for c in one) for one in shades(display_of("cbf").colours, SHADES)}
    assert len(colours & found) > SHADES / 2


def test_what_a_picture_says_of_itself(written, source):
    _, folder = written
    ds = pydicom.dcmread(folder / "cbf_picture.dcm")
    header = pydicom.dcmread(source.source.files[0])
    assert ds.SOPClassUID == ds.file_meta.MediaStorageSOPClassUID == TRUE_COLOUR
    for name in ("PatientName", "PatientID", "StudyInstanceUID", "StudyDate", "StudyTime"):
        assert ds[name].value == header[name].value
    assert (ds.PhotometricInterpretation, ds.NumberOfFrames) == ("RGB", source.grid.shape[2])
    assert ds.SeriesDescription == "CBF phae picture, research (bolus)"
    assert ds.ImageComments.startswith("Research use only")
    assert "Colour picture of: Cerebral blood flow; by phae of 22" in ds.DerivationDescription
    assert ds.BurnedInAnnotation == "NO"
    others = [pydicom.dcmread(folder / f"{name}.dcm") for name in ("cbf", "regions")]
    for name in ("SeriesInstanceUID", "SOPInstanceUID", "SeriesNumber"):
        assert ds[name].value not in {other[name].value for other in (*others, header)}
    firsts = [item.ReferencedSOPInstanceUID for item in ds.SourceImageSequence]
    sources = {str(one.SOPInstanceUID): one for one in map(pydicom.dcmread, source.source.files)}
    assert [sources[uid].TemporalPositionIdentifier for uid in firsts] == [1, 1, 1]
    assert list(ds.PatientOrientation) == ["L", "P"]


def test_the_same_maps_give_the_same_bytes(written, tmp_path):
    maps, folder = written
    write_dicom(maps, tmp_path / "again", capture)
    name = "cbf_picture.dcm"
    assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()


def test_only_maps_with_values_have_pictures(tmp_path):
    write_mosaic(tmp_path / "in", phantom())
    plain = maps_of(read_series(tmp_path / "in"))
    nothing = np.full(plain.grid.shape, np.nan, dtype=np.float32)
    volumes = {"cbf": plain.cbf, "delay": nothing}
    maps = replace(plain, volumes=volumes, sd={"cbf": plain.sd["cbf"]})
    write_dicom(maps, tmp_path / "out", capture)
    names = {path.stem for path in (tmp_path / "out").iterdir()}
    assert names == {"cbf", "cbf_sd", "delay", "regions", "cbf_picture"}


@pytest.mark.parametrize(
    ("direction", "letters"),
    [
        ((1, 0, 0), "L"),
        ((0, -1, 0), "A"),
        ((0, 0, 1), "S"),
        ((0, 0.1, -1), "I"),
        ((0, -0.8, 0.6), "AS"),
        ((-0.6, 0.6, 0.5), "RPS"),
    ],
)
def test_sides_of_the_patient(direction, letters):
    assert side(np.array(direction, dtype=float)) == letters


def test_edges_of_an_axial_image():
    edges = edges_of(np.array([1.0, 0, 0]), np.array([0, 1.0, 0]))
    assert edges == ("R", "L", "A", "P")
