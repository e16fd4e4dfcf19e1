"""A residue is one object and one entry; so is an estimator: the documented examples."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from bolus.data import Perfusion
from bolus.estimators import METHODS
from bolus.physics import RESIDUES, area, tissue_curve

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"


@pytest.fixture
def example(monkeypatch):
    """Run an example; what it enters into the dictionaries is taken out again."""
    entries = [(registry, dict(registry)) for registry in (RESIDUES, METHODS)]
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
    curve = tissue_curve(
        made.aif, 1.5, np.array([0.01]), np.array([4.0]), made.Triangle(), np.array([0.0])
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


def test_the_dictionaries_are_as_before():
    assert "triangle" not in RESIDUES
    assert "slope" not in METHODS
