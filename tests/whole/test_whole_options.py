"""The options that stand beside a result make it again, from wherever it lies now."""

import json
import tomllib
from dataclasses import asdict, replace
from types import SimpleNamespace

import numpy as np
import pytest

import bolus
from bolus.data import AIF
from bolus.estimators.pinn import Pinn
from bolus.io import write_aif, write_series, write_volume
from bolus.options import MapOptions
from bolus.patient.methods import with_prior
from bolus.phantom import simulate_patient
from bolus.report.settings import settings, settings_text

pytestmark = pytest.mark.usefixtures("no_picture")


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """A small head, its masks and a map of diffusion on disk, under a name that is a secret."""
    folder = tmp_path_factory.mktemp("given") / "Verysecret"
    folder.mkdir()
    made = simulate_patient(seed=5, shape=(28, 28, 4), frames=36, snr=60, tumor="high")
    grid, series = made.series.grid, made.series
    write_series(folder / "dsc.nii.gz", series.signal, grid, series.dt, series.te)
    for name in ("brain", "aif", "tumor"):
        write_volume(folder / f"{name}.nii.gz", getattr(made.masks, name), grid)
    adc = np.where(made.masks.brain, 800e-6, 0).astype(np.float32)
    write_volume(folder / "adc.nii.gz", adc, grid)
    return SimpleNamespace(folder=folder, path=folder / "dsc.nii.gz", made=made)


def same(one, other):
    names = {path.name for path in one.iterdir() if path.suffix != ".html"}
    assert {path.name for path in other.iterdir() if path.suffix != ".html"} == names
    for name in names - {"summary.json"}:
        assert (one / name).read_bytes() == (other / name).read_bytes(), name
    measured = [json.loads((path / "summary.json").read_text()) for path in (one, other)]
    assert measured[0]["measurements"] == measured[1]["measurements"]


def test_a_result_that_was_moved_is_made_again_by_its_own_options(run, given, tmp_path):
    file = given.folder / "rule.toml"
    file.write_text(
        'method = "osvd"\nmotion = "off"\ndrift = false\nmask = "brain.nii.gz"\n'
        'aif = "aif.nii.gz"\ntumor = "tumor.nii.gz"\nreference = "mirror"\nadc = "adc.nii.gz"\n'
        "hematocrit = 0.4\nburden = [0.9, 1.5]\nlate = [4, 6, 10]\n"
    )
    first = tmp_path / "first"
    code, said, err = run("maps", given.path, "-o", first, "--config", file, "--leakage", "bsw")
    assert (code, err) == (0, "")
    assert "osvd" in said
    told = (first / "bolus.toml").read_text()
    assert "Verysecret" not in told
    values = tomllib.loads(told)
    assert values["leakage"] == "bsw", "the flag wins"
    assert (values["tumor"], values["adc"]) == ("roi_tumor.nii.gz", "adc.nii.gz")
    assert (values["te"], values["tr"]) == (given.made.series.te, given.made.series.dt)
    moved = first.rename(tmp_path / "moved")
    again = tmp_path / "again"
    assert run("maps", given.path, "-o", again, "--config", moved / "bolus.toml", "-q")[0] == 0
    same(moved, again)


def test_what_python_made_is_made_again_in_a_bids_dataset(run, given, tmp_path):
    series = bolus.read_series(given.path)
    frames = bolus.perfusion_maps(
        series,
        with_prior("joint", spatial=False),
        preparation=MapOptions.from_mapping({"motion": "off", "unmix": False}, "t").preparation(),
    )
    table = tmp_path / "aif.tsv"
    write_aif(table, frames.aif)
    made = MapOptions.from_mapping(
        {"motion": "off", "spatial": False, "drift": False, "aif": "aif.tsv"}, "t", tmp_path
    ).run(given.path)
    data = tmp_path / "data"
    made.save_bids(data, subject="01")
    (file,) = data.rglob("*.toml")
    assert file.name == "sub-01_desc-joint_bolus.toml"
    again = MapOptions.read(file)
    assert again.given.aif == str(file.parent / "sub-01_desc-joint_aif.tsv")
    assert not again.estimation.spatial
    found = again.run(given.path)
    np.testing.assert_array_equal(found.cbf, made.cbf)
    np.testing.assert_array_equal(found.sd["cbf"], made.sd["cbf"])
    assert "sub-*_bolus.toml" in (data / ".bidsignore").read_text()


def test_what_no_option_says_is_remarked(given):
    series = bolus.read_series(given.path)
    maps = bolus.perfusion_maps(
        series, "osvd", preparation=MapOptions.from_mapping({"motion": "off"}, "t").preparation()
    )

    def remarks(**changes):
        return settings_text(replace(maps, **changes), str).split("\n")[2:]

    assert not [line for line in remarks() if line.startswith("#")]
    assert "otherwise than usual" in remarks(parameters={**maps.parameters, "oscillation": 0.5})[0]
    assert "none of bolus" in remarks(method="mine")[0]
    own = {"weights": "phae", "checksum": "0123456789abcdef", "config": {}}
    told = settings(replace(maps, method="phae", parameters=own), str)
    assert told["weights"] == "weights-0123456789ab.safetensors"
    learnt = {"method": "temporal", "parameters": {**own, "weights": "temporal"}}
    told = settings(replace(maps, **learnt), str)
    assert told["weights"] == "weights-0123456789ab.safetensors"
    assert "method" not in told
    (line,) = (line for line in remarks(**learnt) if line.startswith("#"))
    assert "the file of checksum 0123456789abcdef is needed" in line
    told = settings(replace(maps, method="pinn", parameters={**asdict(Pinn())}), str)
    assert (told["method"], told["any-size"]) == ("pinn", False)
    patient = {"method": "pinn", "parameters": asdict(Pinn(most_voxels=None))}
    assert settings(replace(maps, **patient), str)["any-size"] is True
    assert not [line for line in remarks(**patient) if line.startswith("#")]
    curve = AIF(curve=maps.aif.curve, dt=maps.aif.dt, origin="given")
    assert settings(replace(maps, aif=curve), str)["aif"] == "aif.tsv"
    told = {"unmix": False, "drift": False, "motion": "censor", "motion-limit": 2, "leakage": "bsw"}
    told |= {"stroke": True, "late": [5, 6], "critical": 5, "core-adc": 600, "cluster": 1}
    for options in ({}, told, {"motion": "off", "leakage": "off", "burden": [1, 3]}):
        prepared = MapOptions.from_mapping(options, "t").preparation()
        again = MapOptions.from_mapping(settings(replace(maps, preparation=prepared), str), "s")
        assert again.preparation().as_json() == prepared.as_json()
