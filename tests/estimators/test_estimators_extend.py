"""A residue is one object and one entry; so is an estimator, and a map: the documented examples."""

import json
import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pydicom
import pytest

from bolus.cli import main
from bolus.data import QUANTITIES, Perfusion
from bolus.estimators import METHODS
from bolus.io import write_dicom_series
from bolus.patient.leakage import MODELS as LEAKAGE_MODELS
from bolus.physics import RESIDUES, ForwardModel, area

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"


@pytest.fixture
def example(monkeypatch):
    """Run an example; what it enters into the dictionaries is taken out again."""
    registries = (RESIDUES, METHODS, LEAKAGE_MODELS, QUANTITIES)
    entries = [(registry, dict(registry)) for registry in registries]
    yield lambda name: SimpleNamespace(**runpy.run_path(str(EXAMPLES / f"{name}.py")))
    for registry, before in entries:
        registry.clear()
        registry.update(before)


def test_a_new_residue_function(example):
    made = example("add_residue")
    assert RESIDUES["triangle"] == made.Triangle()
    np.testing.assert_allclose(made.found.mtt, made.mtt, rtol=0.05)
    np.testing.assert_allclose(made.found.cbf, 0.04 / made.mtt, rtol=0.05)
    np.testing.assert_allclose(made.found.delay, made.delay, atol=0.1)
    time = np.linspace(0, 40, 4001)
    assert area(made.Triangle()(time, np.float64(5.0)), 0.01) == pytest.approx(5.0, rel=1e-4)
    curve = ForwardModel(made.aif, 1.5, made.Triangle())(
        np.array([0.01]), np.array([4.0]), np.array([0.0])
    )
    assert area(curve, 1.5) / area(made.aif, 1.5) == pytest.approx(0.04, rel=1e-2)


def test_a_new_estimator(example, capsys):
    made = example("add_estimator")
    assert METHODS["slope"] is made.Slope
    assert isinstance(made.found, Perfusion)
    assert np.isnan(made.found.cbf[5])
    rest = np.arange(200) != 5
    np.testing.assert_array_equal(made.good, rest)
    np.testing.assert_allclose(made.doubled.cbf[rest], 2 * made.found.cbf[rest])
    assert made.correlation > 0.6
    assert capsys.readouterr().out.startswith("199 curves of 200, correlation")


def test_a_new_leakage_model(example, tmp_path):
    """It is told by its own words and paper on the page and by its own code in DICOM."""
    made = example("add_leakage_model")
    assert np.nanmean(made.maps.volumes["k2"][made.tumor]) > 0.005
    assert made.maps.leakage_model == made.model != LEAKAGE_MODELS["bidirectional"]
    text = made.methods_text(made.maps)
    cited = text.references.index(made.Bidirectional.citations["leu"].full) + 1
    assert f"in both directions at one rate [{cited}]." in text.paragraph
    assert not any("859–867" in reference for reference in text.references)

    write_dicom_series(tmp_path / "dsc", made.patient.series)
    options = ["-m", "osvd", "--leakage", "bidirectional"]
    with pytest.raises(SystemExit) as stop:
        main(
            [
                "maps",
                str(tmp_path / "dsc"),
                "-o",
                str(tmp_path / "out"),
                "--motion",
                "off",
                "--dicom",
                *options,
            ]
        )
    assert not stop.value.code
    told = pydicom.dcmread(tmp_path / "out" / "dicom" / "k2.dcm")
    mapping = told.SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence[0]
    codes = [item.ConceptCodeSequence[0].CodeValue for item in mapping.QuantityDefinitionSequence]
    assert "leakage-bidir" in codes
    assert (
        json.loads((tmp_path / "out" / "summary.json").read_text())["leakage_model"]
        == "bidirectional"
    )
    assert "at one rate" in (tmp_path / "out" / "report.html").read_text()


def test_a_new_map(example):
    made = example("add_map")
    assert made.files == ["peak.json", "peak.nii.gz"]
    assert "Peak, 1/s" in made.page, "a row of the table of regions"
    assert "Highest change of R2* during the bolus" in made.page
    assert made.maps.units["peak"] == "1/s"


def test_the_dictionaries_are_as_before():
    assert "triangle" not in RESIDUES
    assert "slope" not in METHODS
    assert "bidirectional" not in LEAKAGE_MODELS
    assert "peak" not in QUANTITIES
