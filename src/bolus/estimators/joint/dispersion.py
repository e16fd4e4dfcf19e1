"""Arterial dispersion: how wide an arterial input has become when it arrives in tissue."""

import numpy as np
from jaxtyping import Float
from scipy.special import log_softmax, softmax


def depth(time: Float[np.ndarray, "*n"]) -> Float[np.ndarray, "*n"]:
    """ln(1 + |dispersion in s|) with its sign: what is normally distributed of it."""
    return np.sign(time) * np.log1p(np.abs(time))


def time_of(depth: Float[np.ndarray, "*n"]) -> Float[np.ndarray, "*n"]:
    """The dispersion in s of a depth."""
    return np.sign(depth) * np.expm1(np.abs(depth))


LOOSE = 0.0
"""Dispersion in s of curves of which no more is known."""
LOOKED_AT = time_of(np.array([-0.3, 0.2, 0.7, 1.2, 1.7]))
"""Dispersions in s between which a patient's is looked for."""
MEANS = np.linspace(0.0, 2.0, 81)
"""Mean depths that a patient may have …"""
SPREAD = 0.2
"""… and the SD of voxels around them."""
NONE = 0.95
"""Probability of patients without dispersion: little of it cannot be told from none, and an
arterial input that is found may be narrower than the true one."""
EXPECTED = (0.3, 0.5)
"""Mean and SD of the others' mean depths."""
SURE = 0.1
"""What a voxel is worth: the errors of the model, of noise that is not quite as it is taken to be,
and of an arterial input that is found, are the same in all. In simulated strokes without
dispersion, inputs found at SNR 50, five hundred blocks say e^20 to e^35 that there is some; with
1.5 to 3 s of it e^95."""
OPEN = 0.1
"""Weight of residues that no dispersion explains: what a voxel may say is bounded by it.

Tissue whose residue is far from what is expected (box-like and slow) would else decide for all."""
LEAST = 0.1
"""s of dispersion that is no more than none."""


def learned(evidence: Float[np.ndarray, "n k"]) -> tuple[float, float]:
    """A patient's dispersion in s and its SD, from voxels' log evidence (n, k) of LOOKED_AT.

    The median of its posterior: none, unless some is more probable than none. The mean of one that
    is half at none would be dispersion that hardly any patient has, and tissue would seem as much
    earlier.
    """
    at = depth(LOOKED_AT)
    share = np.exp(-0.5 * ((at - MEANS[:, None]) / SPREAD) ** 2)
    share /= share.sum(axis=1, keepdims=True)
    seen = np.exp(evidence - evidence.max(axis=1, keepdims=True)) @ share.T
    seen += OPEN * seen.max(axis=1, keepdims=True)
    log_prior = log_softmax(-0.5 * ((MEANS - EXPECTED[0]) / EXPECTED[1]) ** 2) + np.log1p(-NONE)
    log_prior[0] = np.log(NONE)
    weight = softmax(SURE * np.log(seen).sum(axis=0) + log_prior)
    times = time_of(MEANS)
    median = float(times[np.searchsorted(np.cumsum(weight), 0.5)])
    sd = float(np.sqrt(weight @ np.square(times - weight @ times)))
    return (median, sd) if median > LEAST else (0.0, sd)
