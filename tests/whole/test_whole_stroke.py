"""A stroke from the shell: simulated, mapped, its numbers and regions in every output."""

import json

import nibabel as nib
import numpy as np
import pytest

from altered import LIGHT
from bolus.viewer.load import read_view


def test_a_stroke_from_simulation_to_numbers(run, tmp_path, no_picture):
    patient, out = tmp_path / "patient", tmp_path / "maps"
    size = ("--matrix", "24,24,4", "--te", "0.03", "--seed", 1, "--frames", 50)
    assert run("simulate", "patient", "--stroke", "-o", patient, *size)[0] == 0
    assert nib.load(patient / "adc.nii.gz").shape == (24, 24, 4)
    assert nib.load(patient / "core_mask.nii.gz").get_fdata().any()
    given = ("--adc", patient / "adc.nii.gz", "--mask", patient / "brain_mask.nii.gz")
    asked = ("--late", "4,6,9", "--cluster", 2)
    code, _, err = run("maps", patient / "dsc.nii.gz", "-o", out, *LIGHT, *given, *asked)
    assert code == 0, err
    told = json.loads((out / "summary.json").read_text())
    assert told["preparation"]["stroke"]["late"] == [4.0, 6.0, 9.0]
    assert told["preparation"]["stroke"]["cluster"] == 2.0
    numbers = {(n["measure"], n["region"]): n for n in told["measurements"]}
    core = numbers["core_volume", "ADC < 620e-6 mm2/s"]
    region = nib.load(out / "roi_core.nii.gz")
    voxel = float(np.prod(region.header.get_zooms())) / 1000
    assert core["value"] == pytest.approx(region.get_fdata().sum() * voxel, rel=1e-5)
    low, high = core["interval_90"]
    assert low < core["value"] < high
    view, _ = read_view(out)
    again = {(n.measure, n.region): n for n in view.maps.measurements}
    assert {k: n.as_json()["value"] for k, n in again.items()} == (
        {k: n["value"] for k, n in numbers.items()}
    )


def test_wrong_thresholds_are_refused_before_anything_is_read(run, tmp_path):
    missing = tmp_path / "none.nii.gz"
    for option, text in (("--late", "4,x"), ("--critical", "5"), ("--cluster", "-1")):
        code, _, err = run("maps", missing, "-o", tmp_path / "out", "--stroke", option, text)
        assert code == 2
        assert "none.nii.gz" not in err
        assert not (tmp_path / "out").exists()
