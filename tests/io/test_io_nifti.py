"""Series from NIfTI files: values, times, places, and every way a file can be unusable."""

import gzip
import hashlib
import json

import nibabel as nib
import numpy as np
import pytest

from bolus.data import DSCSeries, Grid, SeriesError
from bolus.io import checksum, read_series, write_series

AFFINE = np.array([[-2.0, 0.1, 0, 30], [0.1, 2, 0.2, -40], [0, -0.2, 4, 5], [0, 0, 0, 1]])
SHAPE = (5, 4, 3, 24)


def signal(shape=SHAPE):
    return np.arange(np.prod(shape), dtype=np.float32).reshape(shape)


def save(path, data=None, *, step=1.5, units=("mm", "sec"), affine=AFFINE, sidecar=None):
    image = nib.Nifti1Image(signal() if data is None else data, affine)
    image.header.set_xyzt_units(*units)
    if image.ndim > 3:
        image.header["pixdim"][4] = step
    nib.save(image, path)
    if sidecar is not None:
        text = sidecar if isinstance(sidecar, str) else json.dumps(sidecar)
        (path.parent / f"{path.name.split('.')[0]}.json").write_text(text)
    return path


@pytest.fixture
def file(tmp_path):
    return tmp_path / "dsc.nii.gz"


def test_values_times_and_place(file):
    series = read_series(save(file, sidecar={"RepetitionTime": 1.5, "EchoTime": 0.03}))
    assert isinstance(series, DSCSeries)
    assert series.signal.dtype == np.float32
    np.testing.assert_array_equal(series.signal, signal())
    assert (series.dt, series.te) == (1.5, 0.03)
    np.testing.assert_allclose(series.grid.affine, AFFINE, atol=1e-6)
    assert series.source.format == "nifti"
    assert series.source.checksum == hashlib.sha256(file.read_bytes()).hexdigest()


def test_source_names_nobody(tmp_path):
    series = read_series(save(tmp_path / "Doe_Jane.nii.gz"))
    assert "Doe" not in repr(series.source)


def test_uncompressed_file(tmp_path):
    np.testing.assert_array_equal(read_series(save(tmp_path / "dsc.nii")).signal, signal())


def test_scaling_is_applied(file):
    image = nib.Nifti1Image(np.full(SHAPE, 100, dtype=np.int16), AFFINE)
    image.header["pixdim"][4] = 2
    image.header.set_xyzt_units("mm", "sec")
    image.header.set_slope_inter(0.5, 7)
    nib.save(image, file)
    stored = bytearray(gzip.decompress(file.read_bytes()))
    stored[352:] = np.full(SHAPE, 100, dtype="<i2").tobytes()
    stored[112:120] = np.array([0.5, 7], dtype="<f4").tobytes()
    file.write_bytes(gzip.compress(bytes(stored)))
    assert (read_series(file).signal == 57).all()


def test_values_that_are_not_finite_are_kept(file):
    data = signal()
    data[0, 0, 0, :2] = np.nan, np.inf
    np.testing.assert_array_equal(read_series(save(file, data)).signal, data)


@pytest.mark.parametrize(
    ("step", "unit", "sidecar", "expected"),
    [
        (1.5, "sec", None, 1.5),
        (1.2, "sec", None, 1.2),
        (1500, "msec", None, 1.5),
        (1.5e6, "usec", None, 1.5),
        (1.0, "sec", None, 1.0),
        (1.5, "unknown", None, 1.5),
        (1.0, "unknown", {"RepetitionTime": 1.8}, 1.8),
        (1.0, "sec", {"RepetitionTime": 1.8}, 1.8),
        (0.0, "sec", {"RepetitionTime": 1.8}, 1.8),
        (1500, "unknown", {"RepetitionTime": 1.5}, 1.5),
        (1.501, "sec", {"RepetitionTime": 1.5}, 1.5),
        (1.5, "sec", {"EchoTime": 0.03}, 1.5),
    ],
)
def test_time_between_frames(file, step, unit, sidecar, expected):
    save(file, step=step, units=("mm", unit), sidecar=sidecar)
    assert read_series(file).dt == expected


@pytest.mark.parametrize(
    ("step", "unit", "sidecar", "words"),
    [
        (0.0, "sec", None, "--tr"),
        (1.0, "unknown", None, "--tr"),
        (1500, "unknown", None, "--tr"),
        (1500, "sec", None, "1500"),
        (2.0, "sec", {"RepetitionTime": 1.5}, "1.5 s.*2 s"),
        (1.5, "sec", {"RepetitionTime": 1500}, "1500; seconds"),
        (1.5, "sec", {"RepetitionTime": "1.5"}, "'1.5'"),
        (1.5, "sec", {"EchoTime": 30}, "30; seconds"),
        (1.5, "sec", {"EchoTime": [0.01, 0.03]}, "one number"),
        (1.5, "sec", {"EchoTime": True}, "True"),
        (1.5, "sec", "{broken", "JSON"),
        (1.5, "sec", "[1, 2]", "JSON object"),
    ],
)
def test_times_that_cannot_be_right(file, step, unit, sidecar, words):
    save(file, step=step, units=("mm", unit), sidecar=sidecar)
    with pytest.raises(SeriesError, match=words):
        read_series(file)


def test_given_times_go_first(file):
    save(file, step=2.0, sidecar={"RepetitionTime": 1.5, "EchoTime": 30})
    series = read_series(file, te=0.04, tr=1.7)
    assert (series.dt, series.te) == (1.7, 0.04)


@pytest.mark.parametrize("times", [{"tr": 1500.0}, {"te": 30.0}, {"tr": -1.0}, {"te": 0.0}])
def test_given_times_must_be_seconds(file, times):
    with pytest.raises(SeriesError, match="seconds"):
        read_series(save(file), **times)


def test_unknown_echo_time_is_none(file):
    assert read_series(save(file)).te is None


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (signal((5, 4, 3)), "four dimensions"),
        (signal((5, 4, 3, 24, 2)), "four dimensions"),
        (signal((5, 4, 3, 5)), "at least 20 frames, found 5"),
        (signal().astype(np.complex64), "complex"),
        (signal((5, 4, 3, 19)), "found 19"),
    ],
)
def test_shapes_and_types_that_are_no_series(file, data, words):
    with pytest.raises(SeriesError, match=words) as caught:
        read_series(save(file, data))
    assert str(file) in str(caught.value)


def test_twenty_frames_are_enough(file):
    assert read_series(save(file, signal((2, 2, 2, 20)))).n_frames == 20


def test_missing_path(tmp_path):
    with pytest.raises(SeriesError, match="no such file"):
        read_series(tmp_path / "nothing.nii.gz")


@pytest.mark.parametrize("kept", [0, 5, 300, -40, -8])
def test_cut_short_gzip(file, kept):
    save(file, np.random.default_rng(0).random(SHAPE).astype(np.float32))
    file.write_bytes(file.read_bytes()[:kept])
    with pytest.raises(SeriesError, match=r"dsc\.nii\.gz.*(cut short|not a readable)"):
        read_series(file)


def test_damaged_gzip(file):
    save(file, np.random.default_rng(0).random(SHAPE).astype(np.float32))
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(content)
    with pytest.raises(SeriesError, match=r"damaged|not a readable"):
        read_series(file)


def test_nifti_2(tmp_path):
    image = nib.Nifti2Image(signal(), AFFINE)
    image.header["pixdim"][4] = 1.5
    image.header.set_xyzt_units("mm", "sec")
    nib.save(image, tmp_path / "dsc.nii.gz")
    series = read_series(tmp_path / "dsc.nii.gz")
    np.testing.assert_array_equal(series.signal, signal())
    assert series.dt == 1.5


def test_signal_does_not_depend_on_the_file_any_more(tmp_path):
    file = save(tmp_path / "dsc.nii")
    series = read_series(file)
    content = file.read_bytes()
    file.write_bytes(content[:352] + bytes(len(content) - 352))
    np.testing.assert_array_equal(series.signal, signal())


def test_cut_short_plain_file(tmp_path):
    file = save(tmp_path / "dsc.nii")
    file.write_bytes(file.read_bytes()[:-8])
    with pytest.raises(SeriesError, match="not a readable"):
        read_series(file)


@pytest.mark.parametrize("name", ["dsc.nii", "dsc.nii.gz", "dsc.txt"])
def test_not_a_nifti_file(tmp_path, name):
    (tmp_path / name).write_bytes(b"plain words, repeated. " * 50)
    with pytest.raises(SeriesError, match="NIfTI"):
        read_series(tmp_path / name)


def test_series_number_is_for_folders(file):
    with pytest.raises(SeriesError, match="--series"):
        read_series(save(file), series=3)


@pytest.mark.parametrize("column", [[0, 0, 0], [-2.0, 0.1, 0], [np.nan, 0, 0]])
def test_affine_that_places_nothing(tmp_path, column):
    file = save(tmp_path / "dsc.nii")
    content = bytearray(file.read_bytes())
    rows = np.frombuffer(content[280:328], dtype="<f4").reshape(3, 4).copy()
    rows[:, 1] = column
    content[280:328] = rows.astype("<f4").tobytes()
    file.write_bytes(content)
    with pytest.raises(SeriesError, match="affine"):
        read_series(file)


def test_checksum_is_of_the_bytes(tmp_path):
    one, two = save(tmp_path / "a.nii"), save(tmp_path / "b.nii", signal() + 1)
    assert checksum(one) != checksum(two)
    two.write_bytes(one.read_bytes())
    assert checksum(one) == checksum(two)


def test_series_round_trip(tmp_path):
    grid = Grid(shape=SHAPE[:3], affine=AFFINE)
    path = tmp_path / "sub-01_dsc.nii.gz"
    write_series(path, signal(), grid, dt=1.2345, te=0.0301)
    series = read_series(path)
    assert (series.dt, series.te) == (1.2345, 0.0301)
    np.testing.assert_array_equal(series.signal, signal())
    assert series.grid.matches(grid, tolerance=1e-4)
    sidecar = json.loads((tmp_path / "sub-01_dsc.json").read_text())
    assert sidecar == {"RepetitionTime": 1.2345, "EchoTime": 0.0301}


def test_series_without_echo_time_round_trip(tmp_path):
    path = tmp_path / "dsc.nii.gz"
    write_series(path, signal(), Grid(shape=SHAPE[:3], affine=AFFINE), dt=1.5, te=None)
    assert read_series(path).te is None


def test_milliseconds_are_not_written(tmp_path):
    grid = Grid(shape=SHAPE[:3], affine=AFFINE)
    with pytest.raises(SeriesError, match="seconds"):
        write_series(tmp_path / "dsc.nii.gz", signal(), grid, dt=1500.0, te=None)
    assert not list(tmp_path.iterdir())


def test_real_series(shared_data):
    series = read_series(shared_data / "ntuh-convexity" / "dsc.nii.gz")
    assert series.n_frames >= 20
    assert series.signal.max() > 0
