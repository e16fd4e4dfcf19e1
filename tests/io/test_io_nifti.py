"""Series from NIfTI files: values, times, places, and every way a file can be unusable."""

import gzip
import hashlib
import json
import tracemalloc

import nibabel as nib
import numpy as np
import pytest

from bolus.data import DSCSeries, Grid, SeriesError
from bolus.io import checksum, read_series, write_series
from bolus.io.signal import check_signal

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
    values = signal().astype(np.int16)
    image = nib.Nifti1Image(values, AFFINE)
    image.header["pixdim"][4] = 2
    image.header.set_xyzt_units("mm", "sec")
    image.header.set_slope_inter(0.5, 7)
    nib.save(image, file)
    stored = bytearray(gzip.decompress(file.read_bytes()))
    stored[352:] = values.tobytes(order="F")
    stored[112:120] = np.array([0.5, 7], dtype="<f4").tobytes()
    file.write_bytes(gzip.compress(bytes(stored)))
    np.testing.assert_array_equal(read_series(file).signal, 0.5 * values + 7.0)


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


def changed(path, **fields):
    """Change header fields of a plain or packed NIfTI-1 file, the way no library would."""
    packed = path.name.endswith(".gz")
    content = gzip.decompress(path.read_bytes()) if packed else path.read_bytes()
    header = nib.Nifti1Header(content[:348], check=False)
    for name, value in fields.items():
        if isinstance(value, tuple):
            header[name][value[0]] = value[1]
        else:
            header[name] = value
    content = header.binaryblock + content[348:]
    path.write_bytes(gzip.compress(content, 1) if packed else content)
    return path


NAMES = pytest.mark.parametrize("name", ["dsc.nii", "dsc.nii.gz"])


@NAMES
@pytest.mark.parametrize("version", [1, 2])
def test_dimensions_far_beyond_the_file(tmp_path, name, version):
    """Refused by the header alone: nothing of that size is allocated."""
    kind = nib.Nifti1Image if version == 1 else nib.Nifti2Image
    image = kind(signal(), AFFINE)
    image.header["pixdim"][4] = 1.5
    nib.save(image, tmp_path / name)
    content = (tmp_path / name).read_bytes()
    content = gzip.decompress(content) if name.endswith("gz") else content
    size, kind = (348, nib.Nifti1Header) if version == 1 else (540, nib.Nifti2Header)
    header = kind(content[:size])
    header["dim"][1:5] = 30000
    content = header.binaryblock + content[size:]
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    with pytest.raises(SeriesError, match=r"dsc\.nii.*30000.* need 324[0-9]{16} bytes"):
        read_series(tmp_path / name)


@NAMES
def test_dimensions_a_little_beyond_the_file(tmp_path, name):
    path = changed(save(tmp_path / name), dim=(4, 25))
    with pytest.raises(SeriesError, match=r"dsc\.nii.*(need|missing)"):
        read_series(path)


@NAMES
@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"scl_slope": np.inf}, "scales the values by inf"),
        ({"scl_slope": 2.0, "scl_inter": np.nan}, "adds nan"),
        ({"datatype": 99}, "not a readable"),
        ({"datatype": 128}, "real numbers"),
        ({"dim": (1, 0)}, "no voxels"),
        ({"dim": (2, -4)}, "no voxels"),
        ({"dim": (0, 9)}, "no voxels|not a readable"),
        ({"vox_offset": np.nan}, "not a readable"),
        ({"vox_offset": 3e8}, "not a readable"),
        ({"srow_x": (0, 1e-20)}, "voxel edge of 0.2 to 50 mm"),
        ({"srow_x": (0, 900.0)}, "voxel edge"),
        ({"srow_x": (3, 1e9)}, "a position of the first voxel of -10000 to 10000 mm"),
        ({"srow_y": (0, 60.0)}, "voxel edge|unit vectors"),
        ({"scl_slope": 1e30}, "largest signal"),
        ({"scl_slope": 1e-30}, "largest signal"),
    ],
)
def test_header_fields_that_cannot_be(tmp_path, name, fields, words):
    values = (signal() % 3000).astype(np.int16)
    path = changed(save(tmp_path / name, values), **fields)
    with pytest.raises(SeriesError, match=rf"dsc\.nii.*{words}"):
        read_series(path)


def test_axes_that_lie_flat(file):
    flat = np.array([[2.0, 1.9, 0, 0], [0, 0.3, 0, 0], [0, 0, 4, 0], [0, 0, 0, 1]])
    with pytest.raises(SeriesError, match="unit vectors"):
        read_series(save(file, affine=flat))


@pytest.mark.parametrize("units", [7, 56, 63, 5 | 8, 255])
def test_units_without_a_meaning(file, units):
    """No unit of space matters; one of time that NIfTI does not know states no time."""
    path = changed(save(file), xyzt_units=units)
    if units & 0x38 in (0, 8):
        assert read_series(path).dt == 1.5
        return
    with pytest.raises(SeriesError, match="--tr"):
        read_series(path)
    assert read_series(path, tr=1.5).dt == 1.5


@pytest.mark.parametrize("unit", ["hz", "ppm", "rads"])
def test_a_step_that_is_no_time(file, unit):
    with pytest.raises(SeriesError, match="--tr"):
        read_series(save(file, units=("mm", unit)))


NO_TIMES = [10**25, 10**400, -(10**30), 1e-30, 1e300, 5e-4, 0.2, 0.3, 0.5, [], {}, "x" * 999]


@pytest.mark.parametrize("value", NO_TIMES, ids=lambda v: repr(v)[:20])
@pytest.mark.parametrize("field", ["EchoTime", "RepetitionTime"])
def test_numbers_of_a_sidecar_that_are_no_times(file, field, value):
    if field == "RepetitionTime" and value in (0.2, 0.3, 0.5):
        value = 5.5
    save(file, sidecar={"RepetitionTime": 1.5, field: value})
    with pytest.raises(SeriesError, match=r"dsc\.json .*seconds") as caught:
        read_series(file)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("te", [2e-5, 1e-3, 0.2, 0.5])
def test_given_echo_times_that_no_scanner_has(file, te):
    with pytest.raises(SeriesError, match=r"0\.003 to 0\.15 s"):
        read_series(save(file), te=te)


@pytest.mark.parametrize("te", [0.003, 0.025, 0.045, 0.1, 0.15])
def test_echo_times_of_gradient_and_spin_echoes(file, te):
    assert read_series(save(file), te=te).te == te


@pytest.mark.parametrize(
    "data",
    [
        np.full(SHAPE, 7, np.int16),
        (signal() > 500).astype(np.uint8),
        np.full(SHAPE, np.nan, np.float32),
        np.where(signal() < 9, signal(), np.inf).astype(np.float32),
    ],
    ids=["constant", "two values", "NaN", "infinite"],
)
def test_signal_that_no_scanner_makes(file, data):
    with pytest.raises(SeriesError, match=r"dsc\.nii\.gz.*(different values|finite)"):
        read_series(save(file, data))


def test_more_bytes_than_the_header_needs_are_not_kept(file):
    """A compressed file of 300 MB of zeros behind the image."""
    save(file)
    content = gzip.decompress(file.read_bytes())
    with gzip.open(file, "wb", compresslevel=1) as packed:
        packed.write(content)
        for _ in range(30):
            packed.write(bytes(10_000_000))
    tracemalloc.start()
    try:
        np.testing.assert_array_equal(read_series(file).signal, signal())
        assert tracemalloc.get_traced_memory()[1] < 30e6
    finally:
        tracemalloc.stop()


def test_one_voxel_that_no_scanner_makes_is_seen_among_many(tmp_path):
    """Different values are counted in a quarter million of samples, sizes in all."""
    values = np.arange(64 * 64 * 6 * 24, dtype=np.float32).reshape(64, 64, 6, 24) % 4000
    values[11, 23, 3, 7], values[0, 0, 0, 0] = 1e30, np.inf
    with pytest.raises(SeriesError, match=r"largest signal.*found 1e\+30"):
        check_signal(values, "dsc.nii")
    values[11, 23, 3, 7] = 1.0
    check_signal(values, "dsc.nii")


def test_a_qform_that_is_not_used_refuses_no_file(tmp_path):
    path = save(tmp_path / "dsc.nii")
    content = bytearray(path.read_bytes())
    content[268:272] = np.float32(1e6).tobytes()  # qoffset_x
    content[252:256] = np.array([1, 2], "<i2").tobytes()  # qform_code, sform_code
    path.write_bytes(content)
    grid = read_series(path).grid
    np.testing.assert_allclose(grid.affine, AFFINE, atol=1e-6)
    assert (grid.qform, grid.qform_code) == (None, 0)


def test_what_follows_the_image_is_not_inflated_without_end(file, monkeypatch):
    save(file)
    content = gzip.decompress(file.read_bytes())
    file.write_bytes(gzip.compress(content + bytes(100 * len(content))))
    monkeypatch.setattr("bolus.io.nifti._CHUNK", 1 << 10)
    seen, read = [], gzip.GzipFile.read

    def counted(self, size=-1):
        part = read(self, size)
        seen.append(len(part))
        return part

    monkeypatch.setattr(gzip.GzipFile, "read", counted)
    np.testing.assert_array_equal(read_series(file).signal, signal())
    assert sum(seen) < 8 * len(content)
