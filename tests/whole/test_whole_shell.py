"""The shell around the main job: start-up, help, simulation, demonstration."""

import json
import subprocess
import sys
from functools import partial

import nibabel as nib
import numpy as np
import pytest

import bolus
from bolus.bench import demo as demonstration
from bolus.bench.demo import render, run_demo
from bolus.estimators import METHODS
from bolus.grading import Voxels, roi_ratio
from bolus.phantom import simulate_patient
from recorder import Recorder

HEAVY = ("torch", "numpy", "nibabel", "pandas", "matplotlib", "scipy", "pydicom", "sklearn")


@pytest.mark.parametrize("start", ["import bolus", "import bolus.cli"])
def test_start_up_is_light(start):
    code = f"{start}; import sys; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_help_names_every_method(run):
    code, out, _ = run("maps", "--help")
    assert code == 0
    flat = " ".join(out.replace("│", " ").split())
    for name in METHODS:
        assert name in flat


def test_help_says_what_it_is_not(run):
    assert "not a medical device" in run("--help")[1]


def test_version(run):
    assert run("--version")[1].strip() == f"bolus {bolus.__version__}"


def test_every_promised_name_is_there():
    for name in bolus.__all__:
        assert getattr(bolus, name) is not None
    with pytest.raises(AttributeError, match="nonsense"):
        _ = bolus.nonsense


def test_shapes_are_not_checked_in_whole_runs():
    """As they are elsewhere (test_shapes), which would make these tests slower by half."""
    whole, part = np.ones((4, 4, 4), bool), np.ones((4, 4, 3), bool)
    with pytest.raises(ValueError, match="broadcast"):
        roi_ratio(Voxels(np.ones((4, 4, 4))), part, whole)


def test_simulated_patient_is_a_patient(run, tmp_path):
    out = tmp_path / "p"
    arguments = ("--tumor", "high", "--field", "1.5", "--tr", "2", "--frames", "40")
    code, said, err = run("simulate", "patient", "-o", out, *arguments, "--matrix", "32,32,4")
    assert code == 0, err
    assert said.strip().endswith("dsc.nii.gz")
    names = {p.name for p in out.iterdir()}
    assert {"dsc.nii.gz", "dsc.json", "brain_mask.nii.gz", "nawm_mask.nii.gz"} <= names
    assert {"tumor_mask.nii.gz", "aif_mask.nii.gz", "truth_cbf.nii.gz", "truth_aif.tsv"} <= names
    series = bolus.read_series(out / "dsc.nii.gz")
    assert series.signal.shape == (32, 32, 4, 40)
    assert (series.dt, series.te) == (2.0, 0.025)
    assert nib.load(out / "truth_cbf.nii.gz").shape == (32, 32, 4)
    assert json.loads((out / "dsc.json").read_text())["RepetitionTime"] == 2.0


def test_same_seed_same_patient(run, tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        arguments = ("--seed", seed, "--matrix", "32,32,3", "-q")
        assert run("simulate", "patient", "-o", tmp_path / name, *arguments) == (0, "", "")
    a, b, c = ((tmp_path / n / "dsc.nii.gz").read_bytes() for n in "abc")
    assert a == b
    assert a != c


@pytest.mark.parametrize(
    "option",
    [("--frames", 5), ("--tumor", "huge"), ("--matrix", "1,2"), ("--field", 7), ("--snr", 0)],
)
def test_simulation_refuses(run, tmp_path, option):
    code, _, err = run("simulate", "patient", "-o", tmp_path / "p", *option)
    assert code == 2
    assert len(err.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("no_picture")
def test_demo_on_a_small_patient(tmp_path, monkeypatch):
    monkeypatch.setattr(demonstration, "simulate_patient", partial(simulate_patient, frames=36))
    monkeypatch.setattr("bolus.preprocess.motion.register.STEPS", 8)
    steps = Recorder()
    demo = run_demo(tmp_path / "demo", shape=(28, 28, 4), reporter=steps)
    assert [s.method for s in demo.scores] == list(METHODS)
    folder = tmp_path / "demo"
    assert {p.name for p in folder.iterdir()} == {
        "patient",
        "comparison.png",
        "summary.json",
        *METHODS,
    }
    assert [s for s in steps.steps if s.startswith("mapping")] == [
        f"mapping with {m}" for m in METHODS
    ]
    assert (folder / "phae" / "report.html").stat().st_size > 0
    written = json.loads((folder / "summary.json").read_text())["scores"]
    error = {s["method"]: s["cbf_error"] for s in written}
    # the arteries of so small a patient lose area, which no method can know
    assert error["phae"] < min(0.5, error["bayes"])
    for score in written:
        assert 0.3 < score["cbf_ratio"] < 3
        assert score["correlation"] > 0.3
        assert score["with_mtt"] > 0.5
    assert render(demo).row_count == len(METHODS)
    picture = nib.load(folder / "phae" / "cbf.nii.gz")
    assert np.isfinite(np.asarray(picture.dataobj)).any()
