"""Intervals that hold what they say, for a population that is known."""

from dataclasses import replace

import numpy as np
from jaxtyping import Float

from bolus.estimators.phae.estimator import Phae
from bolus.estimators.phae.network import CALIBRATION, QUANTITIES
from bolus.estimators.protocol import CurveScale
from bolus.estimators.weights import Weights
from bolus.learning.phae.scenes import (
    ScanPrior,
    TissuePrior,
    log_uniform,
    random_scene,
    with_noise,
)

LEVEL = 0.9
SCANS, VOXELS = 64, 384
"""At most; a network trained on fewer scans is calibrated on as many."""
SNR = (8.0, 80.0)
BINS = 6
QUIET = ScanPrior(arterial_noise=0.0)


def calibrate(weights: Weights, prior: TissuePrior, seed: int = 0, scans: int = SCANS) -> Weights:
    """The same weights with every quantity's intervals stretched to hold 90 % of ``prior``.

    A network that was trained on a wider population than it meets says intervals that are too
    wide for what is usual, the more so the less a curve says. On simulated ``scans`` of ``prior``,
    SNR log-uniform between 8 and 80, the truth's distance from the median over that of the
    interval's end on its side is taken; in BINS of the interval's half width h its 90 % quantile
    is the factor, and e^a·h^b is fitted to those. Source: split conformal prediction; Romano et
    al., NeurIPS 2019.
    """
    plain = np.zeros((len(QUANTITIES), 2), dtype=np.float32)
    estimate = Phae(replace(weights, tensors={**weights.tensors, CALIBRATION: plain}))
    reach: list[list[np.ndarray]] = [[] for _ in QUANTITIES]
    for number in range(min(scans, SCANS)):
        rng = np.random.default_rng([seed, 13, number])
        scene = random_scene(rng, prior, VOXELS, QUIET)
        cbv = prior.sample_cbv(rng, VOXELS)
        voxels = with_noise(rng, scene, slice(None), cbv, log_uniform(rng, SNR, VOXELS))
        curves, like = voxels.curves, CurveScale.of(voxels.curves)
        found = estimate.bind(scene.aif, scene.dt, like=like)(curves, voxels.noise_sd)
        tissue = scene.tissue
        truth = {"mtt": tissue.mtt, "cbv": cbv, "delay": tissue.delay, "cbf": cbv / tissue.mtt}
        for place, name in enumerate(QUANTITIES):
            low, high = found.interval(name, LEVEL)
            ends = [low, getattr(found, name), high, truth[name]]
            if name != "delay":
                ends = [np.log(e) for e in ends]
            reach[place].append(_reach(*ends))
    calibration = np.stack([_fitted(*np.concatenate(r, axis=1)) for r in reach])
    tensors = {**weights.tensors, CALIBRATION: calibration.astype(np.float32)}
    return replace(weights, tensors=tensors)


def _reach(
    low: np.ndarray, middle: np.ndarray, high: np.ndarray, true: np.ndarray
) -> Float[np.ndarray, "2 n"]:
    """Half width of the interval, and the truth's distance over that of the end on its side."""
    side = np.where(true > middle, high - middle, middle - low)
    tiny = np.finfo(side.dtype).tiny
    return np.stack([np.maximum(high - low, tiny) / 2, np.abs(true - middle) / (side + tiny)])


def _fitted(half: Float[np.ndarray, " n"], reach: Float[np.ndarray, " n"]) -> np.ndarray:
    """(a, b) of the factor e^a·h^b."""
    order = np.array_split(np.argsort(half), BINS)
    x = np.log([np.median(half[rows]) for rows in order])
    y = np.log([np.quantile(reach[rows], LEVEL) for rows in order])
    b, a = np.polyfit(x, y, 1)
    return np.array([a, b])
