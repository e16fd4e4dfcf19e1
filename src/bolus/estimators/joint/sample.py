"""What a sample of a patient's voxels says of dispersion."""

import numpy as np
from jaxtyping import Float, Int
from scipy.special import logsumexp

from bolus.estimators.joint.dispersion import LOOKED_AT, LOOSE
from bolus.estimators.joint.gaussian import around
from bolus.estimators.joint.moments import Voxels, log_likelihood
from bolus.estimators.joint.noise import Noise
from bolus.estimators.joint.templates import MTTS, NEVER, Templates, Undispersed
from bolus.estimators.joint.windows import COARSELY, Window, first_look

VOXELS = 500
"""Voxels at most that are asked."""
TRANSITS = np.arange(1, MTTS.size - 6, 3)
STRIDE, START, LENGTH = 2, 12, 14
"""Delays looked at: every so many-th step, from a multiple of so many, and how many."""
AHEAD = 2.0
"""s before the delay that a voxel seems to have from which others are looked at."""
TISSUE = around((np.log(5.0), 1.0, np.log(1.3)), (0.4, 4.0, 0.45))
"""What tissue is taken to be; of residues it is as open as ``ANYTHING``, or a narrower prior would
find dispersion where residues are those of no tissue that it knows."""


def evidence_of_dispersion(
    tissue: Float[np.ndarray, "n t"], noise: Noise, curves: Undispersed, seed: int = 0
) -> Float[np.ndarray, "some k"]:
    """Log evidence of each of LOOKED_AT in voxels drawn at random, of any MTT, delay and shape."""
    rng = np.random.default_rng(seed)
    some = np.sort(rng.choice(len(tissue), min(VOXELS, len(tissue)), replace=False))
    tissue, noise = tissue[some], Noise(*(part[some] for part in noise))
    opened = _opened(tissue, noise, curves.dispersed(LOOSE))
    order = np.concatenate([one.rows for one in opened])
    out = np.empty((len(tissue), LOOKED_AT.size))
    for place, time in enumerate(LOOKED_AT):
        table = curves.dispersed(float(time))
        voxels = Voxels(tissue, noise, table, opened, doubt=COARSELY.doubt)
        out[order, place] = np.concatenate([_evidence(voxels, window) for window in opened])
    return out


def _opened(tissue: Float[np.ndarray, "n t"], noise: Noise, table: Templates) -> list[Window]:
    """Windows of any MTT and of many delays: a first look has not seen much dispersion."""
    look = first_look(tissue, noise, table)
    seen = look.mean[:, 1] - look.sd[:, 1] - AHEAD
    start = START * np.floor(seen / table.step / START).astype(int)
    keys = np.stack([np.maximum(start, table.bounds[0]), noise.pattern], axis=1)
    kinds, kind = np.unique(keys, axis=0, return_inverse=True)
    steps = STRIDE * np.arange(LENGTH)
    return [
        Window(np.flatnonzero(kind.ravel() == number), TRANSITS, _within(first + steps, table))
        for number, (first, _) in enumerate(kinds)
    ]


def _within(delays: Int[np.ndarray, " d"], table: Templates) -> Int[np.ndarray, " d"]:
    return delays[delays <= table.bounds[1]]


def _evidence(voxels: Voxels, window: Window) -> Float[np.ndarray, " rows"]:
    held = voxels.scored(window)
    prior = np.where(held.seen, TISSUE.log_density(held.cells), NEVER)
    score = held.score * held.trust(voxels.doubt)[:, None]
    return logsumexp(log_likelihood(score) + prior.astype(score.dtype), axis=1)
