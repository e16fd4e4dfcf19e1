"""Simulated series as DICOM images: back within rounding, at the same place, of nobody."""

import hashlib

import numpy as np
import pydicom
import pytest

from bolus.data import DSCSeries, Grid, InputError, OutputError, SeriesError
from bolus.io import read_series, write_dicom_series
from bolus.io.dicom.planes import right_angled

TURN = np.array([[0.8, -0.48, 0.36], [0.6, 0.64, -0.48], [0.0, 0.6, 0.8]])
AXES = {
    "axial": np.diag([2.0, 2.5, 4.0]),
    "radiological": np.diag([-2.0, 2.5, 4.0]),
    "oblique": TURN @ np.diag([2.0, 2.5, 4.0]),
    "left-handed": TURN @ np.diag([2.0, 2.5, -4.0]),
    "sagittal": np.array([[0, 0, 3.0], [2.0, 0, 0], [0, 1.5, 0]]),
}


def series_of(axes, shape=(10, 8, 4), frames=21, te=0.025):
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = axes, (3.0, -17.0, 11.0)
    signal = np.random.default_rng(0).uniform(-20, 900, (*shape, frames)).astype(np.float32)
    return DSCSeries(signal=signal, dt=1.35, te=te, grid=Grid(shape=shape, affine=affine))


@pytest.mark.parametrize("axes", AXES.values(), ids=AXES)
def test_back_within_rounding(tmp_path, axes):
    series = series_of(axes)
    paths = write_dicom_series(tmp_path / "d", series)
    assert len(paths) == 4 * 21
    back = read_series(tmp_path / "d")
    assert (back.dt, back.te) == (series.dt, series.te)
    index = np.indices(series.grid.shape).reshape(3, -1)
    world = np.vstack([index, np.ones(index.shape[1])])
    found = np.linalg.inv(back.grid.affine) @ series.grid.affine @ world
    nearest = np.round(found[:3]).astype(int)
    np.testing.assert_allclose(found[:3], nearest, atol=2e-3)
    half_step = (series.signal.max() - series.signal.min()) / 32767 / 2
    np.testing.assert_allclose(
        back.signal[tuple(nearest)], series.signal[tuple(index)], atol=1.01 * half_step
    )


def test_unknown_echo_time_stays_so(tmp_path):
    write_dicom_series(tmp_path / "d", series_of(AXES["axial"], te=None))
    assert read_series(tmp_path / "d").te is None


def test_a_signal_that_never_changes(tmp_path):
    series = series_of(AXES["axial"])
    flat = DSCSeries(signal=np.zeros_like(series.signal), dt=1.5, te=0.03, grid=series.grid)
    path = write_dicom_series(tmp_path / "d", flat)[0]
    ds = pydicom.dcmread(path)
    assert (not ds.pixel_array.any(), ds.RescaleSlope, ds.RescaleIntercept) == (True, 1, 0)
    with pytest.raises(SeriesError, match="different values"):
        read_series(tmp_path / "d")


def test_whose_it_is(tmp_path):
    path = write_dicom_series(tmp_path / "d", series_of(AXES["axial"]))[30]
    ds = pydicom.dcmread(path)
    assert (str(ds.PatientName), ds.PatientID) == ("Phantom^Digital", "PHANTOM")
    assert (ds.StudyDate, ds.Manufacturer) == ("20000101", "bolus")
    assert (ds.InstanceNumber, ds.TemporalPositionIdentifier) == (31, 8)
    assert ds.ImageOrientationPatient == [1, 0, 0, 0, 1, 0]


def test_same_series_same_bytes(tmp_path):
    def digests(name, series):
        paths = write_dicom_series(tmp_path / name, series)
        return [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]

    series = series_of(AXES["oblique"])
    first = digests("a", series)
    assert digests("b", series) == first
    assert len(set(first)) == len(first)
    assert not set(digests("c", series_of(AXES["axial"]))) & set(first)


def test_what_is_refused(tmp_path):
    series = series_of(AXES["axial"])
    holes = series.signal.copy()
    holes[0, 0, 0, 0] = np.nan
    with pytest.raises(InputError, match="finite"):
        write_dicom_series(
            tmp_path / "d", DSCSeries(signal=holes, dt=1.5, te=None, grid=series.grid)
        )
    skew = np.diag([2.0, 2.5, 4.0])
    skew[0, 2] = 1.0
    with pytest.raises(InputError, match="right angles"):
        write_dicom_series(tmp_path / "d", series_of(skew))
    (tmp_path / "d").mkdir()
    with pytest.raises(OutputError, match="File exists"):
        write_dicom_series(tmp_path / "d", series)
    assert list((tmp_path / "d").iterdir()) == []


def test_a_little_skew_is_taken_out_about_the_middle():
    series = series_of(AXES["oblique"])
    bent = series.grid.affine.copy()
    bent[:3, 2] += 1e-3 * bent[:3, 0]
    grid = Grid(shape=series.grid.shape, affine=bent)
    straight = right_angled(grid)
    cosines = straight[:3, :3] / np.linalg.norm(straight[:3, :3], axis=0)
    np.testing.assert_allclose(cosines.T @ cosines, np.eye(3), atol=1e-12)
    middle = [*((np.array(grid.shape) - 1) / 2), 1]
    np.testing.assert_allclose(straight @ middle, bent @ middle, atol=1e-12)
    assert right_angled(series.grid) is series.grid.affine
