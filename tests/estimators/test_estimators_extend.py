"""A residue function is one function and one entry; so is an estimator. Nothing else changes."""

from dataclasses import dataclass

import numpy as np
from array_api_compat import array_namespace
from estimator_cases import DT, gamma_variate, mixture

from bolus.data import Perfusion
from bolus.estimators import METHODS, Prior, deconvolve
from bolus.physics import RESIDUES, area, blood_volume, tissue_curve


def triangle(t, mtt):
    """R falls in a straight line to zero at 2·MTT."""
    xp = array_namespace(t, mtt)
    r = 1 - t / (2 * mtt)
    return xp.where(r > 0, r, xp.zeros_like(r))


def test_a_new_residue_function(monkeypatch):
    monkeypatch.setitem(RESIDUES, "triangle", triangle)
    aif, mtt = gamma_variate(), np.array([3.0, 5.0, 8.0])
    tissue = tissue_curve(aif, DT, 0.04 / mtt, mtt, RESIDUES["triangle"], np.array([0.0, 1.0, -1]))
    np.testing.assert_allclose(area(tissue, DT) / area(aif, DT), 0.04, rtol=1e-3)
    prior = Prior(families=(("triangle", None),), mtt=(2, 12), delay=(-3, 3))
    found = deconvolve(tissue, aif, DT, METHODS["bayes"](prior=prior))
    np.testing.assert_allclose(found.mtt, mtt, rtol=0.05)
    np.testing.assert_allclose(found.cbf, 0.04 / mtt, rtol=0.05)


@dataclass(frozen=True)
class Slope:
    """Toy estimator: flow as the steepest rise over the largest arterial value."""

    factor: float = 1.0

    def __call__(self, tissue, aif, dt, noise_sd=None):
        cbv = blood_volume(tissue, aif)
        cbf = self.factor * np.diff(tissue, axis=1).max(axis=1) / (dt * aif.max())
        nothing = np.full_like(cbv, np.nan)
        return Perfusion(cbv, cbf, cbv / cbf, nothing, nothing, nothing)


def test_a_new_estimator(monkeypatch):
    monkeypatch.setitem(METHODS, "slope", Slope)
    case = mixture(14)
    tissue = case.tissue.copy()
    tissue[5, 5] = np.nan
    found = deconvolve(tissue, case.aif, DT, "slope")
    assert np.isnan(found.cbf[5])
    rest = np.arange(14) != 5
    assert np.corrcoef(found.cbf[rest], case.cbf[rest])[0, 1] > 0.7
    twice = deconvolve(tissue, case.aif, DT, Slope(factor=2.0))
    np.testing.assert_allclose(twice.cbf[rest], 2 * found.cbf[rest])
