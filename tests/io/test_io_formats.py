"""A file format is one function and one entry: the documented example."""

import runpy
from pathlib import Path

import numpy as np
import pytest

import bolus
from bolus.data import SeriesError
from bolus.io import FORMATS

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "add_format.py"


@pytest.fixture
def example():
    before = dict(FORMATS)
    yield runpy.run_path(str(EXAMPLE))
    FORMATS.clear()
    FORMATS.update(before)


def test_a_new_format(example, tmp_path):
    made, patient = example["series"], example["patient"]
    np.testing.assert_array_equal(made.signal, patient.signal)
    assert (made.dt, made.te, made.source.format) == (patient.dt, patient.te, "npz")
    assert "an echo time of 0.003 to 0.15 s is expected" in example["refused"]
    assert len(made.source.checksum) == 64
    (tmp_path / "broken.npz").write_bytes(b"PK")
    with pytest.raises(SeriesError, match=r"broken\.npz: this is no archive"):
        bolus.read_series(tmp_path / "broken.npz")
    few = {"signal": patient.signal[..., :5], "affine": np.eye(4), "tr": 1.5}
    np.savez(tmp_path / "few.npz", **few)
    with pytest.raises(SeriesError, match=r"few\.npz.*at least 20 frames"):
        bolus.read_series(tmp_path / "few.npz")


def test_a_file_of_no_format(tmp_path):
    (tmp_path / "dsc.npz").write_bytes(b"PK")
    with pytest.raises(SeriesError, match=r"dsc\.npz: a file of a known format.*NIfTI"):
        bolus.read_series(tmp_path / "dsc.npz")
