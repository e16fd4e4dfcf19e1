"""What maps show: the contrast of lesions, the width of an edge, a hemisphere that is late."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from bolus.bench.brain.cases import EDGE, STEP
from bolus.bench.brain.run import Mapped
from bolus.bench.brain.voxels import TISSUE

FAR = 6
"""Voxels from an edge that its profile reaches."""
WIDTHS, MIDDLES = np.arange(1.0, 10.01, 0.1), np.arange(-1.5, 1.51, 0.1)
"""Voxels: ramps that are fitted to an edge; none is narrower than from one voxel to the next."""
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
    truth without the step; its width is that of the ramp that fits it best. TRUTH gives the
    truth's own.
    """
    away, heights = [np.empty(0, dtype=int)], [np.empty(0)]
    for one in mapped:
        v = one.voxels
        if method != TRUTH and method not in one.errors:
            continue
        extra = 0.0 if method == TRUTH else one.errors[method].value[:, 2]
        height = np.log(STEP) * (v.tissue == TISSUE.index("late side")) + extra
        place = v.index[:, 0] - round(EDGE.share * one.shape[0])
        near = (place >= -FAR) & (place < FAR)
        away.append(place[near])
        heights.append(height[near])
    place = np.concatenate(away) + FAR
    count = np.bincount(place, minlength=2 * FAR)
    if not (count > 0).all():
        return np.nan
    profile = np.bincount(place, weights=np.concatenate(heights)) / count
    return 0.8 * _ramp_width(profile, count)


def _ramp_width(profile: Float[np.ndarray, " places"], count: np.ndarray) -> float:
    """Width of the falling ramp between two levels that is nearest to a profile, by least squares.

    Places count by their number of voxels.
    """
    at = np.arange(profile.size) - FAR + 0.5
    width, middle = (a.ravel()[:, None] for a in np.meshgrid(WIDTHS, MIDDLES, indexing="ij"))
    ramps = np.clip(0.5 - (at - middle) / width, 0, 1)
    weight = count / count.sum()
    away = profile - weight @ profile
    ramps = ramps - (ramps @ weight)[:, None]
    scale = np.maximum((ramps @ (weight * away)) / (ramps**2 @ weight), 0)
    left = np.square(away - scale[:, None] * ramps) @ weight
    return float(width[np.argmin(left), 0])


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
