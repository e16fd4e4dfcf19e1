"""What maps show: the contrast of lesions, the width of an edge, a hemisphere that is late."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from bolus.bench.brain.cases import EDGE, STEP
from bolus.bench.brain.run import Mapped
from bolus.bench.brain.voxels import TISSUE

PLATEAU, FAR = 3, 6
"""Voxels from an edge at which its plateaus begin, and end."""
LATE_TMAX = 6.0
"""s of Tmax past which tissue is called critically late."""
TRUTH = "truth"


def contrast(
    mapped: Sequence[Mapped], method: str, size: int, kinds: Sequence[int], quantity: int
) -> float:
    """Contrast recovered of lesions of a size: 1 is all of it.

    Of every lesion the mean of ln(estimate) in it minus that around it (from 1 to 3 voxels away);
    the sum of these over all lesions, each with the sign of its true one, over the sum of the true.
    """
    total = np.zeros(2)
    for one in mapped:
        v, mine = one.voxels, one.errors.get(method)
        if mine is None:
            continue
        true = np.log(v.true[:, quantity])
        number = int(max(v.lesion.max(initial=-1), v.around.max(initial=-1))) + 1
        own = np.isfinite(mine.value[:, 0])
        inside = own & np.isin(v.kind, kinds) & (v.size == size)
        near = own & (v.around >= 0) & (v.lesion < 0)
        counts = np.stack(
            [np.bincount(n[w], minlength=number) for n, w in ((v.lesion, inside), (v.around, near))]
        )
        both = (counts > 0).all(axis=0)
        estimate, truth = (
            _means(values, inside, v.lesion, number) - _means(values, near, v.around, number)
            for values in (true + mine.value[:, quantity], true)
        )
        sign = np.sign(truth[both])
        total += [(sign * estimate[both]).sum(), (sign * truth[both]).sum()]
    return float(total[0] / total[1]) if total[1] > 0 else np.nan


def _means(
    values: np.ndarray, where: np.ndarray, number: np.ndarray, count: int
) -> Float[np.ndarray, " lesions"]:
    sums = np.bincount(number[where], weights=values[where], minlength=count)
    return np.asarray(sums / np.maximum(np.bincount(number[where], minlength=count), 1))


def edge_width(mapped: Sequence[Mapped], method: str) -> float:
    """Width in voxels over which MTT falls from 90 to 10 % of its step, across a straight edge.

    The profile is the mean of ln(MTT) over all voxels so far from the edge, less that of the
    truth without the step; its plateaus are its means PLATEAU to FAR voxels away. TRUTH gives the
    truth's own.
    """
    offsets = np.arange(-FAR, FAR)
    sums = np.zeros((2, offsets.size))
    for one in mapped:
        v = one.voxels
        if method != TRUTH and method not in one.errors:
            continue
        plane = round(EDGE.share * one.shape[0])
        away = v.index[:, 0] - plane
        extra = 0.0 if method == TRUTH else one.errors[method].value[:, 2]
        height = np.log(STEP) * (v.tissue == TISSUE.index("late side")) + extra
        near = (away >= -FAR) & (away < FAR)
        place = away[near] + FAR
        sums[0] += np.bincount(place, weights=height[near], minlength=offsets.size)
        sums[1] += np.bincount(place, minlength=offsets.size)
    if not (sums[1] > 0).all():
        return np.nan
    profile = sums[0] / sums[1]
    count = FAR - PLATEAU
    high, low = profile[:count].mean(), profile[-count:].mean()
    return _crossed((profile - low) / (high - low))


def _crossed(fall: Float[np.ndarray, " places"]) -> float:
    """Places between the first crossing of 0.9 and the last of 0.1, straight between samples."""
    first = int(np.argmax(fall < 0.9))
    last = fall.size - 1 - int(np.argmax(fall[::-1] > 0.1))
    if first == 0 or last == fall.size - 1:
        return float(fall.size)
    start = first - (0.9 - fall[first]) / (fall[first - 1] - fall[first])
    end = last + (fall[last] - 0.1) / (fall[last] - fall[last + 1])
    return float(end - start)


class Late(NamedTuple):
    """One side of a brain: bias of the ``delay`` in s, of Tmax where a method has none (median).

    ``share`` is that of voxels with a Tmax past LATE_TMAX as estimated, ``true`` as it is; ``flow``
    the median of CBF/true.
    """

    delay: float
    share: float
    true: float
    flow: float


def late_side(mapped: Sequence[Mapped], method: str, side: str) -> Late:
    """What a method makes of one side, a name in TISSUE."""
    values, truths = [np.empty((0, 4))], [np.empty(0)]
    for one in mapped:
        if method in one.errors:
            inside = one.voxels.tissue == TISSUE.index(side)
            values.append(one.errors[method].value[inside])
            truths.append(one.voxels.true[inside, 3])
    value, true = np.concatenate(values), np.concatenate(truths)
    if not true.size:
        return Late(np.nan, np.nan, np.nan, np.nan)
    late = true + value[:, 3] > LATE_TMAX
    return Late(
        float(np.median(value[:, 3])),
        float(late.mean()),
        float((true > LATE_TMAX).mean()),
        float(np.exp(np.median(value[:, 0]))),
    )
