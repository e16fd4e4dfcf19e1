"""Every object that is written is valid DICOM by a program that is not ours."""

from dataclasses import replace

import numpy as np
import pydicom
import pytest
from dicom_maps import maps_of
from dicom_writers import Protocol, phantom, write_classic, write_enhanced, write_mosaic
from validator import errors_of

from bolus.data import DSCSeries, Grid
from bolus.data.measures import Measurement
from bolus.io import read_series, write_dicom, write_dicom_series
from bolus.report.figures.capture import capture

TURN = np.array([[0.8, -0.48, 0.36], [0.6, 0.64, -0.48], [0.0, 0.6, 0.8]])
NUMBERS = (
    Measurement(measure="cbv_ratio", region="tumor", value=2.0, interval=(1.5, 2.5), voxels=9),
    Measurement(measure="cbv_ratio", region="elsewhere", value=np.nan),
)


def maps_like(series, *names, **more):
    """Maps of few names, as every object takes its time; a tumour, its mirror, and numbers."""
    tumor = np.zeros(series.grid.shape, dtype=bool)
    tumor[3:6, 2:5, 1] = True
    rois = {"tumor": tumor, "reference": tumor[::-1]}
    made = maps_of(series, rois=rois, measurements=NUMBERS, **more)
    volumes = {name: made.volumes[name] for name in names}
    return replace(made, volumes=volumes, sd={n: v for n, v in made.sd.items() if n in volumes})


def check(maps, folder, count):
    write_dicom(maps, folder, capture)
    paths = sorted(folder.iterdir())
    assert len(paths) == count
    assert {path.name: errors_of(path) for path in paths} == {path.name: [] for path in paths}


@pytest.mark.parametrize("write", [write_classic, write_enhanced, write_mosaic])
def test_maps_pictures_regions_and_numbers_of_any_source(tmp_path, write):
    write(tmp_path / "in", phantom(), Protocol(number=7, name="Doe^Jane", patient="ID-77"))
    check(maps_like(read_series(tmp_path / "in"), "cbf"), tmp_path / "out", 5)


def test_every_map_of_a_slanted_head_without_echo_time(tmp_path):
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = TURN @ np.diag([2.0, 2.5, 4.0]), (11.0, -7.0, 23.0)
    grid = Grid(shape=(9, 7, 4), affine=affine)
    signal = phantom(grid.shape, 20).astype(np.float32)
    paths = write_dicom_series(
        tmp_path / "in", DSCSeries(signal=signal, dt=1.5, te=0.03, grid=grid)
    )
    assert errors_of(paths[0]) == []
    series = replace(read_series(tmp_path / "in"), te=None)
    names = ("cbv", "cbv_corrected", "k2", "srcbv", "psr", "misfit", "adc")
    check(maps_like(series, *names, leakage="free"), tmp_path / "out", 2 * len(names) + 3)


def test_a_validator_that_finds_nothing_would_not_do(tmp_path):
    write_classic(tmp_path / "in", phantom())
    write_dicom(maps_like(read_series(tmp_path / "in"), "cbf"), tmp_path / "out", capture)
    ds = pydicom.dcmread(tmp_path / "out" / "cbf_picture.dcm")
    del ds.ConversionType
    ds.save_as(tmp_path / "wrong.dcm")
    assert any("ConversionType" in line for line in errors_of(tmp_path / "wrong.dcm"))
