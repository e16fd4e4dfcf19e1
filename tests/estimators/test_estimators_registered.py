"""Estimators of other packages: entered by their entry points, named where they cannot be."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CODE = """
import warnings
from dataclasses import dataclass
from bolus.estimators.spectral.methods import SVD


@dataclass(frozen=True)
class Mine(SVD):
    pass
"""
POINTS = """[bolus.estimators]
mine = their_package:Mine
osvd = their_package:Mine
broken = their_package:nothing
number = their_package:__name__
"""
SHOWN = """
import warnings
with warnings.catch_warnings(record=True) as seen:
    warnings.simplefilter("always")
    import bolus
    methods = dict(bolus.METHODS)
print(sorted(methods))
print(methods["osvd"].__module__)
print([str(one.message) for one in seen if "left out" in str(one.message)])
import numpy as np
rng = np.random.default_rng(0)
aif = np.exp(-0.5 * ((np.arange(40) - 12) / 3) ** 2)
tissue = np.tile(np.convolve(aif, np.exp(-np.arange(40) / 4))[:40], (3, 1)) * 0.01
mine, svd = (bolus.deconvolve(tissue, aif, 1.5, method) for method in ("mine", "svd"))
print(bool(np.array_equal(mine.cbf, svd.cbf)))
from bolus.patient import method_name
print(method_name(bolus.METHODS["mine"]()))
"""


@pytest.fixture
def installed(tmp_path):
    """A place on the path where a distribution with entry points lies."""
    (tmp_path / "their_package.py").write_text(CODE)
    about = tmp_path / "their_package-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: their-package\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(POINTS)
    return tmp_path


def test_a_package_that_is_installed_brings_a_method(installed):
    source = Path(__import__("bolus").__file__).parents[1]
    path = os.pathsep.join([str(installed), str(source)])
    done = subprocess.run(
        [sys.executable, "-c", SHOWN],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    names, home, left_out, same, name = done.stdout.splitlines()
    assert "'mine'" in names
    assert "'broken'" not in names
    assert home.startswith("bolus.estimators")
    assert "'osvd' of their_package:Mine is left out: a method of this name is there" in left_out
    assert "'broken' of their_package:nothing is left out: AttributeError" in left_out
    assert "'number' of their_package:__name__ is left out: a class or a factory" in left_out
    assert (same, name) == ("True", "mine")
