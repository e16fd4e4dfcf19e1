"""When slices were acquired, from sidecars and DICOM clocks; no wrong answer for none."""

import json
from dataclasses import replace

import numpy as np
import pytest
from dicom_writers import Protocol, phantom, write_classic, write_enhanced, write_mosaic

from bolus.data import Grid, SeriesError
from bolus.io import read_series, write_series
from bolus.io.slice_timing import stated_slice_times

OFFSETS = (0.0, 0.75, 0.375)
SHAPE = (5, 4, 3, 24)


@pytest.fixture
def series(tmp_path):
    """Write a series with a sidecar that says more; returns what is read."""

    def read(**stated):
        path = tmp_path / "dsc.nii.gz"
        signal = np.arange(np.prod(SHAPE), dtype=np.float32).reshape(SHAPE)
        write_series(path, signal, Grid(shape=SHAPE[:3], affine=np.diag([2.0, 2, 5, 1])), 1.5, 0.03)
        sidecar = tmp_path / "dsc.json"
        sidecar.write_text(json.dumps(json.loads(sidecar.read_text()) | stated))
        return read_series(path)

    return read


@pytest.mark.parametrize("times", [[0.0, 0.75, 1.5], [0.0, 0.75]])
def test_what_to_do_about_times_that_cannot_be(series, times):
    with pytest.raises(SeriesError, match=r"dsc\.json.*Delete .* from that file"):
        series(SliceTiming=times)


def test_a_sidecar_says_when(series):
    np.testing.assert_array_equal(series(SliceTiming=list(OFFSETS)).slice_times, OFFSETS)
    backwards = series(SliceTiming=list(OFFSETS), SliceEncodingDirection="k-")
    np.testing.assert_array_equal(backwards.slice_times, OFFSETS[::-1])
    assert series().slice_times is None
    assert series(SliceTiming=[0, 0, 0], SliceEncodingDirection="k").slice_times.tolist() == [0] * 3


def test_slices_along_another_axis_are_unknown(series):
    assert series(SliceTiming=[0, 0.1, 0.2, 0.3], SliceEncodingDirection="j").slice_times is None


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        ([0.0, 0.5], "3 slices, found 2"),
        ([0.0, 0.5, 1.5], "below the 1.5 s"),
        ([0, 500, 1000], "0 to 1000"),
        ([0.0, -0.5, 0.5], "found -0.5"),
        ([0.0, None, 0.5], "no list"),
        ([0.0, float("nan"), 0.5], "no list"),
        ([0.0, 10**400, 0.5], "no list"),
        ("0 0.5 1", "no list"),
        ({}, "no list"),
        ([], "no list"),
        ([True, False, True], "no list"),
    ],
)
def test_times_that_are_none(series, stated, words):
    with pytest.raises(SeriesError, match=rf"dsc\.json: .*{words}"):
        series(SliceTiming=stated)


@pytest.mark.parametrize("way", ["x", 3, "k+", "kk", ""])
def test_directions_that_are_none(series, way):
    with pytest.raises(SeriesError, match="SliceEncodingDirection"):
        series(SliceTiming=list(OFFSETS), SliceEncodingDirection=way)


def test_the_grid_decides_how_many():
    told = {"SliceTiming": [0.0, 0.1, 0.2, 0.3, 0.4], "SliceEncodingDirection": "i-"}
    assert stated_slice_times(told, (5, 4, 3), 1.0, "x") is None
    with pytest.raises(SeriesError, match="4 slices, found 5"):
        stated_slice_times(told | {"SliceEncodingDirection": "j"}, (5, 4, 3), 1.0, "x")


@pytest.mark.parametrize("write", [write_classic, write_enhanced, write_mosaic])
def test_dicom_says_when(tmp_path, write):
    protocol = Protocol(offsets=OFFSETS)
    write(tmp_path / "in", phantom(), protocol)
    found = read_series(tmp_path / "in")
    # The brightest slice is the last that was written, wherever the conversion put it.
    order = np.argsort(found.signal[..., 0].mean(axis=(0, 1)))
    np.testing.assert_allclose(found.slice_times[order], OFFSETS, atol=1e-3)


@pytest.mark.parametrize("write", [write_classic, write_enhanced, write_mosaic])
def test_dicom_that_does_not_say_when(tmp_path, write):
    write(tmp_path / "in", phantom(), Protocol())
    assert read_series(tmp_path / "in").slice_times is None


def test_one_clock_for_a_frame_and_slices_without_order_are_unknown(tmp_path):
    wild = replace(Protocol(), offsets=(0.0, 2.0, 5.0))
    write_classic(tmp_path / "in", phantom(), wild)
    assert read_series(tmp_path / "in").slice_times is None
