"""Spikes and dropouts: single slices of single frames that are far too bright or too dark."""

import numpy as np
from jaxtyping import Bool, Float, Num
from scipy import ndimage

from bolus.preprocess.steady import TOLERANCE

LARGEST = 0.04
"""Deviation of a slice's log mean signal that is never taken for a spike. In digital patients,
moving ones too, at 0.7 to 3 s a frame, the largest without spikes was 0.03."""
SCALES = 8.0
"""Deviation that is not, either, in robust SDs of the slice over time and of the frame over slices.
"""
LONGEST = 2
"""Frames in a row at most; what lasts longer is no spike."""
FEWEST_VOXELS = 30
"""Voxels of a slice in the mask from which its mean is judged."""
FEWEST_SLICES = 3
"""Slices from which one can be told from the others."""
WINDOW = 7
"""Frames over which a slice may slowly differ from the others."""
OPPOSITE = 0.25
"""A frame's deviation from the mean of its neighbours, of which so large a part must come back with
the other sign in each neighbour's: a spike has a half there, a bolus nothing or the same sign."""
DARKEST = 1e-3
_ROUNDS, _TUNING, _SD = 20, 4.685, 1.4826


def outlier_samples(
    signal: Num[np.ndarray, "x y z t"], mask: Bool[np.ndarray, "x y z"]
) -> Bool[np.ndarray, "z t"]:
    """Spikes and dropouts of a series as read, slice by frame.

    With L the log of a slice's mean signal in the mask over its median in time: every slice's L is
    fitted by the median L of all slices, that a frame earlier and later, and a constant (bisquare
    weights), so that neither a deeper nor an earlier bolus is an outlier. What deviates from that
    fit, less its running median over 7 frames, by more than LARGEST and SCALES robust SDs of its
    slice and of its frame is one, if it lasts at most two frames. In series of fewer than three
    slices, and for all slices at once, it is a single frame that deviates so from the mean of its
    neighbours and they do from theirs with the other sign. Leading frames that are not yet in
    steady state are not judged, nor frames without any signal. Source of the weights: Beaton &
    Tukey, Technometrics 1974;16:147.
    """
    out = np.zeros((signal.shape[2], signal.shape[3]), dtype=bool)
    judged = np.flatnonzero(mask.sum(axis=(0, 1)) >= FEWEST_VOXELS)
    if judged.size == 0 or signal.shape[3] < WINDOW:
        return out
    means = np.stack([_mean(signal[:, :, k][mask[:, :, k]]) for k in judged])
    alive = means.max(axis=0) > 0
    level = np.median(means[:, alive], axis=1, keepdims=True) if alive.any() else 0.0
    if not np.all(level > 0):
        return out
    logs = np.log(np.maximum(means / level, DARKEST))
    common = np.median(logs, axis=0)
    found = np.zeros(logs.shape, dtype=bool)
    if judged.size >= FEWEST_SLICES:
        found = _short(_apart(logs, common))
    found |= _lone(common) & alive
    found[:, : _steady_from(common)] = False
    out[judged] = found & alive
    return out


def _mean(values: Num[np.ndarray, "n t"]) -> Float[np.ndarray, " t"]:
    """Mean over finite values; 0 where there are none."""
    finite = np.isfinite(values)
    total = np.sum(values, axis=0, dtype=float, where=finite)
    return total / np.maximum(finite.sum(axis=0), 1)


def _apart(
    logs: Float[np.ndarray, "z t"], common: Float[np.ndarray, " t"]
) -> Bool[np.ndarray, "z t"]:
    """Samples in which a slice is unlike the others."""
    left = logs - _fitted(logs, common)
    left -= ndimage.median_filter(left, (1, WINDOW), mode="mirror")
    size = np.abs(left)
    scale = _SD * np.maximum(
        np.median(size, axis=1, keepdims=True), np.median(size, axis=0, keepdims=True)
    )
    return (size > LARGEST) & (size > SCALES * scale)


def _fitted(
    logs: Float[np.ndarray, "z t"], common: Float[np.ndarray, " t"]
) -> Float[np.ndarray, "z t"]:
    """Every slice's curve as a sum of the common one, its neighbours in time, and a constant."""
    padded = np.pad(common, 1, mode="edge")
    basis = np.stack([np.ones_like(common), padded[:-2], common, padded[2:]], axis=1)
    ridge = 1e-9 * np.eye(basis.shape[1])
    weight, fit = np.ones_like(logs), logs
    for _ in range(_ROUNDS):
        square = np.einsum("zt,ti,tj->zij", weight, basis, basis) + ridge
        right = np.einsum("zt,ti,zt->zi", weight, basis, logs)
        fit = np.linalg.solve(square, right[..., None])[..., 0] @ basis.T
        size = np.abs(logs - fit)
        scale = _SD * np.median(size, axis=1, keepdims=True) + 1e-9
        weight = np.clip(1 - (size / (_TUNING * scale)) ** 2, 0, None) ** 2
    return fit


def _short(found: Bool[np.ndarray, "z t"]) -> Bool[np.ndarray, "z t"]:
    """Runs of at most LONGEST frames."""
    kept = np.zeros_like(found)
    for row, marked in zip(kept, found, strict=True):
        runs, number = ndimage.label(marked)
        for run in range(1, number + 1):
            frames = np.flatnonzero(runs == run)
            row[frames] = frames.size <= LONGEST
    return kept


def _steady_from(common: Float[np.ndarray, " t"]) -> int:
    """Frame after the first within TOLERANCE of the median of the next WINDOW; its fit has both."""
    ahead = [np.median(common[k + 1 : k + 1 + WINDOW]) for k in range(common.size - 1)]
    steady = np.abs(common[:-1] - ahead) <= TOLERANCE
    first = int(np.argmax(steady))
    return first + 1 if first else 0


def _lone(common: Float[np.ndarray, " t"]) -> Bool[np.ndarray, " t"]:
    """Single frames in which all slices stand out from those before and after."""
    off = np.zeros_like(common)
    off[1:-1] = common[1:-1] - (common[:-2] + common[2:]) / 2
    size, found = np.abs(off), np.zeros(common.size, dtype=bool)
    back = -np.sign(off[2:-2]) * np.stack([off[1:-3], off[3:-1]])
    limit = max(LARGEST, SCALES * _SD * float(np.median(size)))
    found[2:-2] = (size[2:-2] > limit) & (back > OPPOSITE * size[2:-2]).all(axis=0)
    return found
