"""Every entry of METHODS, sized for tests, and tissue with known truth."""

from typing import NamedTuple

import numpy as np

from bolus.estimators import METHODS, Prior, capabilities
from bolus.physics import RESIDUES, tissue_curve

DT = 1.5
SMALL = Prior(mtt=(1.5, 12.0), delay=(-3.0, 5.0), mtt_steps=10, delay_steps=16)
QUICK = {"bayes": {"prior": SMALL}}
"""Settings that make a slow method quick enough for a contract; all others run as they are."""


def having(**claims):
    """Names of the methods that declare these capabilities."""

    def has(made):
        declared = capabilities(made)
        return all(getattr(declared, claim) == value for claim, value in claims.items())

    return tuple(name for name, made in METHODS.items() if has(made))


def method(name):
    """The estimator of an entry of METHODS."""
    return METHODS[name](**QUICK.get(name, {}))


def gamma_variate(n=60, dt=DT, arrival=15.0, power=3.0, width=1.5, peak=1.0):
    """Arterial input at rest before ``arrival`` s."""
    t = np.maximum(dt * np.arange(n) - arrival, 0) / (power * width)
    return peak * t**power * np.exp(power * (1 - t))


class Case(NamedTuple):
    """Curves with their truth."""

    tissue: np.ndarray
    aif: np.ndarray
    cbv: np.ndarray
    cbf: np.ndarray
    mtt: np.ndarray
    delay: np.ndarray
    noise: float


def mixture(count=24, n=60, dt=DT, snr=None, delay=(0.0, 2.0), aif=None, seed=0):
    """Tissue of all residue families in turn; ``snr`` is peak over SD of the median curve."""
    rng = np.random.default_rng(seed)
    aif = gamma_variate(n, dt) if aif is None else aif
    mtt, cbv = rng.uniform(3, 8, count), rng.uniform(0.02, 0.06, count)
    late = rng.uniform(*delay, count)
    tissue = np.empty((count, n))
    for i, name in enumerate(RESIDUES):
        rows = slice(i, None, len(RESIDUES))
        if mtt[rows].size:
            flow = cbv[rows] / mtt[rows]
            tissue[rows] = tissue_curve(aif, dt, flow, mtt[rows], RESIDUES[name], late[rows])
    noise = 0.0 if snr is None else float(np.median(tissue.max(axis=1)) / snr)
    tissue = tissue + noise * rng.normal(size=tissue.shape)
    return Case(tissue, aif, cbv, cbv / mtt, mtt, late, noise)
