"""The posterior of CBV, CBF, MTT and delay, as normal distributions of their logarithms."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.special import ndtri

from bolus.data import PARAMETERS, Perfusion
from bolus.data.perfusion import NUMBERS, check_quantile
from bolus.estimators.joint.amplitude import Volume
from bolus.estimators.joint.moments import Settled

MOST_SHIFT = 0.5
"""Log MTT that a volume's prior moves at most."""
LEAST = 1e-12
RESIDUE_SD = 0.08
"""SD of the log of MTT, and of CBF, by which a patient's voxels are off together.

How tissue lets blood go is learned from all of a patient's voxels, but not exactly. In simulated
brains of development the medians of MTT in grey and white matter were off by 0.05 (root mean
square) where residues were usual ones, by 0.14 in two whose residues were near a box or
exponentials.
"""


@dataclass(frozen=True, eq=False)
class NormalPosterior:
    """``mean`` and ``sd`` (n, 4) of log CBV (ratio), log CBF (1/s), log MTT (s) and delay (s).

    Tmax is the delay, where every residue peaks.
    """

    mean: Float[np.ndarray, "n four"]
    sd: Float[np.ndarray, "n four"]
    quantities: tuple[str, ...] = PARAMETERS

    def quantile(self, name: str, q: float) -> Float[np.ndarray, " n"]:
        """Posterior quantile (n,): ratio, 1/s or s. NoPosteriorError for another name."""
        check_quantile(self.quantities, name, q)
        place = ("cbv", "cbf", "mtt", "delay").index("delay" if name == "tmax" else name)
        value = self.mean[:, place] + self.mean.dtype.type(ndtri(q)) * self.sd[:, place]
        return value if place == 3 else np.exp(value)

    def row(self, number: int) -> "NormalPosterior":
        """That of one voxel."""
        one = slice(number, number + 1)
        return NormalPosterior(self.mean[one], self.sd[one], self.quantities)


def perfusion(found: Settled, volume: Volume, dtype: np.dtype, common: float = 0.0) -> Perfusion:
    """Perfusion of voxels in a precision, from what was found of shape and of volume.

    What the volume's prior moved takes log MTT along by their covariance. Point estimates are
    medians, with CBF = CBV/MTT. ``common`` is the SD of log MTT that the voxels share.
    """
    variance = np.maximum(found.variance, LEAST)
    slope = found.together / variance
    shift = np.clip(slope * (volume.value - found.volume), -MOST_SHIFT, MOST_SHIFT)
    log_mtt = found.middle[:, 0] + shift
    told = np.clip(slope * found.together / np.maximum(np.square(found.width[:, 0]), LEAST), 0, 1)
    apart = np.maximum(np.square(found.width[:, 0]) * (1 - told), LEAST) + common**2
    tied = np.clip(slope * volume.value, -1, 1)
    log_cbv = volume.mean
    mean = np.stack([log_cbv, log_cbv - log_mtt, log_mtt, found.middle[:, 1]], axis=1)
    sd = np.stack(
        [
            volume.sd,
            np.sqrt((1 - tied) ** 2 * volume.sd**2 + apart),
            np.sqrt(tied**2 * volume.sd**2 + apart),
            found.width[:, 1],
        ],
        axis=1,
    )
    mean, sd = mean.astype(dtype), sd.astype(dtype)
    cbv, mtt, delay = np.exp(mean[:, 0]), np.exp(mean[:, 2]), mean[:, 3]
    residual = found.residual.astype(dtype)
    posterior = NormalPosterior(mean, sd)
    return Perfusion(cbv, cbv / mtt, mtt, delay, delay, residual, posterior, common)


def one_voxel(whole: Perfusion, row: int) -> Perfusion:
    """The perfusion of one voxel of many."""
    numbers = {name: getattr(whole, name)[row : row + 1] for name in NUMBERS}
    known = whole.posterior
    own = known.row(row) if isinstance(known, NormalPosterior) else None
    return Perfusion(**numbers, posterior=own, common=whole.common)
