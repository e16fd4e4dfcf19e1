"""Curves with known truth on which laws are tried."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from bolus.physics import RESIDUES, ForwardModel

DT = 1.5
FRAMES = 60


class Case(NamedTuple):
    """Curves (n, t) of an arterial input (t,) in one unit, with their truth, each (n,).

    ``cbv`` is a ratio, ``cbf`` in 1/s, ``mtt`` and ``delay`` in s; ``noise`` is the SD of the
    noise in the curves' unit.
    """

    tissue: Float[np.ndarray, "n t"]
    aif: Float[np.ndarray, " t"]
    cbv: Float[np.ndarray, " n"]
    cbf: Float[np.ndarray, " n"]
    mtt: Float[np.ndarray, " n"]
    delay: Float[np.ndarray, " n"]
    noise: float


def gamma_variate(
    frames: int = FRAMES,
    dt: float = DT,
    *,
    arrival: float = 15.0,
    power: float = 3.0,
    width: float = 1.5,
    peak: float = 1.0,
) -> Float[np.ndarray, " frames"]:
    """Gamma variate (frames,) of a ``peak``, at rest before ``arrival`` s; ``width`` in s."""
    t = np.maximum(dt * np.arange(frames) - arrival, 0) / (power * width)
    return np.asarray(peak * t**power * np.exp(power * (1 - t)))


MIXED = ("exponential", "lorentzian", "box", "gamma", "weibull", "biexponential", "fermi")
"""Residues of a mixture, which one more residue does not change."""


def mixture(
    count: int = 24,
    frames: int = FRAMES,
    dt: float = DT,
    *,
    snr: float | None = None,
    delay: tuple[float, float] = (0.0, 2.0),
    aif: Float[np.ndarray, " frames"] | None = None,
    seed: int = 0,
) -> Case:
    """``count`` curves of all residues in turn, MTT 3–8 s, CBV 2–6 %, delays in s in a range.

    ``snr`` is the peak of the median curve over the SD of the noise; None: no noise.
    """
    rng = np.random.default_rng(seed)
    artery = gamma_variate(frames, dt) if aif is None else aif
    mtt, cbv = rng.uniform(3, 8, count), rng.uniform(0.02, 0.06, count)
    late = rng.uniform(*delay, count)
    tissue = np.empty((count, frames))
    for i, name in enumerate(MIXED):
        residue, rows = RESIDUES[name], slice(i, None, len(MIXED))
        if mtt[rows].size:
            flow = cbv[rows] / mtt[rows]
            tissue[rows] = ForwardModel(artery, dt, residue)(flow, mtt[rows], late[rows])
    noise = 0.0 if snr is None else float(np.median(tissue.max(axis=1)) / snr)
    tissue = tissue + noise * rng.normal(size=tissue.shape)
    return Case(tissue, artery, cbv, cbv / mtt, mtt, late, noise)
