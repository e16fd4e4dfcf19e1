"""``svd-pws`` and ``tikhonov-fixed`` against what PWS does, from signals to maps.

The program's source is public (github.com/MRI-NOBEL/Perfusion-NOBEL); example inputs of it are not.
``pws`` below is its algorithm in other words, step by step, with the constants that it ships.
"""

import numpy as np
import pytest
from estimator_cases import gamma_variate, mixture
from scipy.integrate import trapezoid

from bolus.estimators import METHODS, deconvolve

ECHO_TIME, BASELINE, DROPPED = 6.17e-3, 15, 4
"""Echo time in s, frames of the baseline, and frames that it drops at first."""
SCALE = 0.1369 * (0.55 / 0.75) / 0.0104
"""Its k_H over its density: what its CBV and CBF are multiplied by, mL/100 g."""


def concentrations(signals):
    """ΔR2* (voxels, t) as PWS has it: what is negative becomes 0."""
    kept = signals[:, DROPPED:]
    before = kept[:, :BASELINE].mean(axis=1, keepdims=True)
    return np.maximum(-np.log(kept / before) / ECHO_TIME, 0)


def pws(curves, artery, regularisation, share=0.2):
    """CBF and CBV (voxels,) in its units, the frame being its unit of time."""
    first = next(k for k, value in enumerate(artery) if value > 0.01 * max(artery))
    artery, curves = artery[first:], curves[:, first:]
    n = len(artery)
    matrix = np.array([[artery[i - j] if i >= j else 0.0 for j in range(n)] for i in range(n)])
    u, s, vh = np.linalg.svd(matrix)
    limit = share * s[0]
    factors = s > limit if regularisation == "TSVD" else s**2 / (s**2 + limit**2)
    inverse = np.where(s == 0, 0, 1 / np.where(s == 0, 1, s))
    response = vh.T @ np.diag(factors * inverse) @ u.T @ curves.T
    volume = trapezoid(curves, axis=1) / trapezoid(artery)
    return SCALE * response.max(axis=0), SCALE * volume


@pytest.fixture(scope="module", params=[1.0, 1.5], ids="TR {} s".format)
def examination(request):
    """Signals of tissue and arteries every second, noise on both, as the program reads them."""
    dt = request.param
    aif = gamma_variate(arrival=25 * dt)
    tissue = mixture(40, snr=40, aif=aif).tissue
    rng = np.random.default_rng(1007)
    arteries = aif + rng.normal(0, 0.004, (5, aif.size)) * aif.max()
    return dt, *(1000 * np.exp(-ECHO_TIME * 40 * curves) for curves in (tissue, arteries))


@pytest.mark.parametrize(
    ("method", "regularisation"), [("svd-pws", "TSVD"), ("tikhonov-fixed", "Tikhonov")]
)
def test_it_is_what_the_program_computes(examination, method, regularisation):
    dt, tissue, arteries = examination
    curves, artery = concentrations(tissue), concentrations(arteries).mean(axis=0)
    cbf, cbv = pws(curves, artery, regularisation)
    found = deconvolve(curves, artery, dt, METHODS[method]())
    np.testing.assert_allclose(SCALE * found.cbf * dt, cbf, rtol=1e-9)
    np.testing.assert_allclose(SCALE * found.cbv, cbv, rtol=1e-9)
    np.testing.assert_allclose(found.mtt / dt, cbv / cbf, rtol=1e-9)


def test_what_the_program_cuts_off_is_not_nothing(examination):
    """Its cut matters on these inputs, so that the law above would fail without it."""
    dt, tissue, arteries = examination
    curves, artery = concentrations(tissue), concentrations(arteries).mean(axis=0)
    found = deconvolve(curves, artery, dt, "svd-pws")
    whole = trapezoid(curves, axis=1) / trapezoid(artery)
    assert np.abs(found.cbv / whole - 1).max() > 1e-3
