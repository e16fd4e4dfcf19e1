"""What each curve says of a drift, whatever its vascular curve and its leak are."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from bolus.physics import RESIDUES, ForwardModel, noise_gain

MTTS = np.geomspace(1.5, 20.0, 7)
DELAYS = np.arange(-2.0, 6.1, 1.0)
SHAPES = np.array([0.8, 1.2, 2.5])
"""Transit times and delays in s, and Weibull shapes, of the vascular curves that are tried."""
TYPICAL_MTT = (5.0, 0.6)
"""Median in s of the transit time, and SD of its logarithm, before a curve is seen."""
FADING = np.array([0.1, 1.6]) / 60
"""Rates in 1/s at which what begins with the bolus and stays fades: leaks, and what the arterial
input has too little or too much of after its first pass."""
DOUBT = 0.03
"""Error of the vascular curves, as a share of the mean curve."""
WIDE = np.array([0.1, 0.5, 0.5])
"""SDs of log signal of drift and traces while the vascular curve is chosen."""
BLOCK = 4096

Traces = Float[np.ndarray, "traces t"]


class Evidence(NamedTuple):
    """The likelihood of n numbers of each curve: its drift, and the size of the other traces.

    Gaussian: ``precision`` (n, 3, 3), and ``weighted``, the precision times the best numbers, (n,
    3). All in units of the log of the signal; the drift is its change over the used frames.
    ``volume`` (n,) is the blood volume, TE·∫C over the arterial input's.
    """

    precision: Float[np.ndarray, "n 3 3"]
    weighted: Float[np.ndarray, "n 3"]
    volume: Float[np.ndarray, " n"]

    def some(self, rows: np.ndarray | slice) -> "Evidence":
        """That of some of the curves."""
        return Evidence(*(own[rows] for own in self))


def ramp(frames: int, baseline: np.ndarray) -> Float[np.ndarray, " t"]:
    """A line that rises by 1 over so many frames, with a mean of 0 over the ``baseline`` ones."""
    frame = np.arange(frames) / frames
    return frame - frame[baseline].mean()


def evidence_of(
    decay: Float[np.ndarray, "n t"],
    noise_sd: Float[np.ndarray, " n"],
    aif: Float[np.ndarray, " t"],
    dt: float,
    measured: np.ndarray,
) -> Evidence:
    """The evidence of curves ``decay`` = TE·ΔR2* with noise SDs (n,), over ``measured`` frames.

    C = a·b + d·t + Σ r_k·l_k + constant, with b the vascular curve that fits best of all transit
    times, delays and shapes, and l_k = AIF ⊗ e^(−w_k·t), of height 1. The late part of a curve
    cannot tell a drift d from a leak r or from an arterial input with too low a tail; the frames
    before the bolus can, and the many curves together (``learn_drift``). Samples weigh as their
    noise, and the less the more of the bolus is in them.
    """
    typical = float(np.median(noise_sd))
    mean = decay.mean(axis=0, dtype=float)
    gain = noise_gain(np.maximum(mean, 0), 1.0)
    weight = measured / np.hypot(gain, DOUBT * mean / typical)
    model = _Model.of(aif, dt, weight, typical)
    precision = np.empty((len(decay), 3, 3))
    weighted, volume = np.empty((len(decay), 3)), np.empty(len(decay))
    for start in range(0, len(decay), BLOCK):
        rows = slice(start, start + BLOCK)
        sd = noise_sd[rows]
        chosen, product, volume[rows] = model.best(decay[rows], sd)
        precision[rows] = model.square[chosen] / sd[:, None, None] ** 2
        weighted[rows] = product / sd[:, None] ** 2
    return Evidence(precision, weighted, volume)


@dataclass(frozen=True, eq=False)
class _Model:
    """Vascular curves of length 1 and the traces, weighted and without constant.

    ``shared`` are products of both, ``square`` those of the traces without what is vascular in
    them, ``ridged`` its inverse with WIDE, and ``factor`` the factor of that.
    """

    weight: Float[np.ndarray, " t"]
    vascular: Float[np.ndarray, "curves t"]
    length: Float[np.ndarray, " curves"]
    log_prior: Float[np.ndarray, " curves"]
    traces: Traces
    shared: Float[np.ndarray, "curves traces"]
    square: Float[np.ndarray, "curves traces traces"]
    ridged: Float[np.ndarray, "curves traces traces"]
    factor: Float[np.ndarray, "curves traces traces"]

    @classmethod
    def of(cls, aif: np.ndarray, dt: float, weight: np.ndarray, typical: float) -> "_Model":
        """The model of an arterial input."""
        mtt, delay, shape = (g.ravel() for g in np.meshgrid(MTTS, DELAYS, SHAPES, indexing="ij"))
        curves = ForwardModel(aif, dt, RESIDUES["weibull"])(1 / mtt, mtt, delay, shape)
        vascular = _centred(np.asarray(curves), weight)
        length = np.sqrt(np.einsum("ij,ij->i", vascular, vascular))
        seen = length > 0
        vascular, length, mtt = vascular[seen], length[seen], mtt[seen]
        vascular = vascular / length[:, None]
        traces = _centred(_traces(aif, dt), weight)
        shared = vascular @ traces.T
        square = traces @ traces.T - shared[:, :, None] * shared[:, None, :]
        full = square + np.diag((typical / WIDE) ** 2)
        ridged = np.linalg.inv(full)
        middle, sd = TYPICAL_MTT
        prior = -(np.log(mtt / middle) ** 2) / (2 * sd**2) - np.linalg.slogdet(full)[1] / 2
        factor = np.swapaxes(np.linalg.cholesky(ridged), 1, 2)
        return cls(weight, vascular, length, prior, traces, shared, square, ridged, factor)

    def best(
        self, curves: Float[np.ndarray, "n t"], sd: Float[np.ndarray, " n"]
    ) -> tuple[Int[np.ndarray, " n"], Float[np.ndarray, "n traces"], Float[np.ndarray, " n"]]:
        """The most probable vascular curve of each, what is left of the traces, and the volume."""
        own = _centred(curves, self.weight)
        along, product = own @ self.vascular.T, own @ self.traces.T
        score = along**2
        for number in range(len(self.traces)):
            part = np.einsum("kb,kb->k", self.factor[:, number], self.shared)
            score += (product @ self.factor[:, number].T - along * part) ** 2
        score = score / (2 * sd[:, None] ** 2) + self.log_prior
        score[along <= 0] -= 1e6
        chosen, row = score.argmax(axis=1), np.arange(len(curves))
        left = product - self.shared[chosen] * along[row, chosen][:, None]
        numbers = np.einsum("nab,nb->na", self.ridged[chosen], left)
        alone = along[row, chosen] - np.einsum("nb,nb->n", self.shared[chosen], numbers)
        return chosen, left, alone / self.length[chosen]


def _traces(aif: Float[np.ndarray, " t"], dt: float) -> Traces:
    """A line of height 1, and what begins with the bolus and stays."""
    none = np.zeros(FADING.size)
    stays = np.asarray(ForwardModel(aif, dt, RESIDUES["exponential"])(none + 1, 1 / FADING, none))
    line = np.arange(aif.size) / aif.size
    return np.concatenate([line[None], stays / stays.max(axis=1, keepdims=True)])


def _centred(curves: Float[np.ndarray, "n t"], weight: np.ndarray) -> Float[np.ndarray, "n t"]:
    """Weighted curves without what a constant explains: the baseline signal is free."""
    unit = weight / np.linalg.norm(weight)
    weighted = curves * weight
    return np.asarray(weighted - np.outer(weighted @ unit, unit))
