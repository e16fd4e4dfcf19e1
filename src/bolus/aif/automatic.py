"""Finding the arteries in a series."""

from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float, Int

from bolus.aif.average import MIN_CLARITY, VISIBLE, arterial_mean
from bolus.aif.shape import SMOOTHING, Shape, shape_of
from bolus.aif.voxels import agreeing, on_grid, support
from bolus.data import AIF, ArterialInputError, PreparedSeries, Quality, TissueCurves
from bolus.physics import area

MIN_HEIGHT = 1.5
MAX_WIDTH = 1.0
MIN_WIDTH = 2.0
MAX_REST = 0.6
"""What every arterial voxel must meet: height and FWHM relative to the mean tissue curve, FWHM in
s, level after the first pass relative to the peak."""

FEWEST, MOST = 3, 12
LEADERS, MIN_PART = (20, 5), 0.5
"""Candidates compete when they reach this part of the median height of so many highest: 20, or,
where there are few arteries, 5."""

MIN_SUPPORT = 1
MIN_QUALITY, GOOD = 0.3, 0.5
"""Score below which a curve is refused, and from which the largest area decides."""

BY_HAND = (
    "Mark arteries by hand (bolus view OUT --from INPUT), or give a mask or a curve (--aif, aif=)"
)
"""What to do where none is found."""


def find_aif(curves: TissueCurves, series: PreparedSeries, *, judged: bool = True) -> AIF:
    """Arterial input found in a prepared series: the mean curve of its most arterial voxels.

    Every candidate must, after smoothing by 0.8 s, be 1.5 times as high as the mean tissue curve
    and 6 noise SDs, reach half its height before it, be narrower than it (and no spike: 2 s), come
    back below 60 % of its peak, and touch another candidate. Those at least half as high as the 20
    highest are ranked by height, early rise, width and roughness; of the best 12 those stay whose
    curve follows the median of them. This is done with and without saturated voxels (trough under
    2 noise SDs of the signal, or clipped), and with the 20 or the 5 highest. Of the mean curves
    that score 0.5 or more the one with the largest area is taken: tissue in a voxel and a peak lost
    in noise both take from the area, tissue by far more (on 48 digital patients the root mean
    square of ln(area/true) was 0.09; 0.38 where saturated voxels were let in only in need). Else
    the best score wins. The curve is averaged without smoothing; ``score`` and ``notes`` are
    ``arterial_mean``'s.

    Raises ArterialInputError, with the number of voxels that met each criterion, when fewer than
    three voxels qualify, or, where it is ``judged``, by ``check_score``.
    Source: criteria after Mouridsen et al., Magn Reson Med 2006;55:524.
    """
    usable = np.flatnonzero((curves.quality & (Quality.NON_FINITE | Quality.NO_BOLUS)) == 0)
    if usable.size == 0:
        raise ArterialInputError(f"none of {curves.quality.size} voxels has a bolus. {BY_HAND}")
    late = series.slice_times_in(series.mask)
    candidates, shape = _candidates(curves, series, usable, late)
    kept = _take(shape, usable, candidates)
    clear = ~_saturated(curves, candidates, kept.height, series.te or 1.0)
    choices = [
        agreeing(curves, pool[_best(_take(shape, usable, pool), leaders)], series.dt, late)
        for pool in (candidates[clear], candidates)
        for leaders in LEADERS
        if pool.size >= FEWEST
    ]
    found, reasons = _means(curves, series, [on_grid(series.mask, one) for one in choices])
    if not found:
        raise ArterialInputError(
            f"the {candidates.size} voxels that look arterial one by one make no arterial input: "
            f"{'; '.join(dict.fromkeys(reasons))}. {BY_HAND}"
        )
    good = [mean for mean in found if (mean.quality or 0.0) >= GOOD]
    if good:
        best = max(good, key=lambda mean: float(area(mean.curve, mean.dt)))
    else:
        best = max(found, key=lambda mean: mean.quality or 0.0)
    if judged:
        check_score(best)
    return replace(best, origin="automatic")


def _means(
    curves: TissueCurves, series: PreparedSeries, choices: list[Bool[np.ndarray, "x y z"]]
) -> tuple[list[AIF], list[str]]:
    """The mean curve of every choice of voxels that has one, and why the others have none."""
    found, reasons = [], []
    for chosen in choices:
        if chosen.sum() < FEWEST:
            reasons.append("they do not agree with each other")
            continue
        try:
            found.append(arterial_mean(curves, series, chosen))
        except ArterialInputError as error:
            reasons.append(str(error))
    return found, reasons


def check_score(aif: AIF) -> None:
    """Raise ArterialInputError for an input that was found and scores below 0.3."""
    if (aif.quality or 0.0) < MIN_QUALITY:
        raise ArterialInputError(
            f"nothing looks arterial enough: the best curve scores {aif.quality:.2f}, at least "
            f"{MIN_QUALITY} is needed ({_measured(aif)}). {BY_HAND}"
        )


def _measured(mean: AIF) -> str:
    sentences = [] if mean.score is None else [one.sentence for one in mean.score.criteria]
    return "; ".join([*mean.notes, *sentences])


def _candidates(
    curves: TissueCurves,
    series: PreparedSeries,
    usable: Int[np.ndarray, " u"],
    late: Float[np.ndarray, " n"],
) -> tuple[Int[np.ndarray, " c"], Shape]:
    """Voxels that meet every criterion, and the shape of all usable ones.

    ``late`` (n,) are the seconds from the start of a frame to each voxel.
    """
    mask, dt = series.mask, series.dt
    shape = shape_of(curves.curves[usable], dt, SMOOTHING)
    shape = shape._replace(rise=shape.rise + late[usable])
    mean = shape_of(curves.mean[None], dt, SMOOTHING)
    mean = mean._replace(rise=mean.rise + late.mean())
    steps = {
        f"{MIN_HEIGHT} times as high as the mean tissue curve": shape.height
        >= MIN_HEIGHT * mean.height,
        f"at least {MIN_CLARITY:.0f} noise SDs high": shape.height
        >= MIN_CLARITY * curves.noise_sd[usable],
        "rising before it": shape.rise < mean.rise,
        "narrower than it": (shape.width <= MAX_WIDTH * mean.width) & (shape.width >= MIN_WIDTH),
        "returning towards the baseline": shape.rest <= MAX_REST,
    }
    left, counts = np.ones(usable.size, dtype=bool), []
    for name, met in steps.items():
        left = left & met
        counts.append(f"{int(left.sum())} {name}")
    candidates = usable[left]
    candidates = candidates[support(mask, candidates) >= MIN_SUPPORT]
    counts.append(f"{candidates.size} beside another such voxel")
    if candidates.size < FEWEST:
        raise ArterialInputError(
            f"no artery found; of {usable.size} voxels with a bolus remain, criterion by "
            f"criterion: {', '.join(counts)}; at least {FEWEST} are needed. {BY_HAND}"
        )
    return candidates, shape


def _saturated(
    curves: TissueCurves,
    voxels: Int[np.ndarray, " c"],
    height: Float[np.ndarray, " c"],
    te: float,
) -> Bool[np.ndarray, " c"]:
    """Whether the signal at the trough, exp(−TE·ΔR2*) of S0, is lost in noise or was clipped."""
    deepest = np.exp(-te * height)
    clipped = (curves.quality[voxels] & Quality.CLIPPED) > 0
    return clipped | (deepest < VISIBLE * te * curves.noise_sd[voxels])


def _best(shape: Shape, leaders: int) -> Int[np.ndarray, " k"]:
    """Positions of the curves that rank best over all criteria among the high ones."""
    high = np.flatnonzero(shape.height >= MIN_PART * np.median(np.sort(shape.height)[-leaders:]))
    parts = (-shape.height, shape.rise, shape.width, shape.roughness)
    rank = np.sum([_ranks(part[high]) for part in parts], axis=0)
    return high[np.argsort(rank, kind="stable")[:MOST]]


def _ranks(values: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Ranks from 1, those of equal values their mean."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(count) - (count - 1) / 2)[place]


def _take(shape: Shape, usable: Int[np.ndarray, " u"], voxels: Int[np.ndarray, " c"]) -> Shape:
    """The shape of some of the usable voxels."""
    at = np.searchsorted(usable, voxels)
    return Shape(*(part[at] for part in shape))
