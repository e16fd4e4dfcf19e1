"""The arterial input of voxels that hold tissue too, with how sure its scale is."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float
from scipy.special import expit

from bolus.aif.average import mean_time
from bolus.aif.mixture import ArterialPart, BloodPart, arterial_part
from bolus.aif.problem import STEP, Problem
from bolus.aif.score import Known, arterial_score, unmixed_score
from bolus.aif.venous import EQUAL, FEWEST, OFF, SHAPE, find_vein, vein_of, venous_part
from bolus.data import AIF, ArterialScore, MaskError, PreparedSeries, TissueCurves

POOR = 2.0
"""Misfit from which the model explains nothing."""
SHRUNK, GROWN = 0.8, 15.0
"""Area over that of the voxels as they are, outside of which no mixture with tissue lies: tissue
takes from a bolus. Late tissue that is taken for a vein makes an input smaller, and signal that
drifts makes one larger."""
STAYS = "tissue in these voxels could not be taken off"
DEVIATION, LEVEL = 0.15, 0.01
"""SD of an arterial input about the model: relative, and of its peak."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Unmixed(Known):
    """An arterial input ``curve`` (t,) in 1/s without tissue, and what is known of it."""

    curve: Float[np.ndarray, " t"]


def without_tissue(
    aif: AIF,
    curves: TissueCurves,
    series: PreparedSeries,
    vein: Bool[np.ndarray, "x y z"] | None = None,
) -> AIF:
    """An arterial input without the tissue that its voxels hold; see ``unmixed``.

    It is held against the ``vein`` (x, y, z), None finds one (``find_vein``); one that is found but
    cannot be explained, or takes area off the input, is none. Where nothing can be told, or what is
    found is no mixture with tissue, the input stays as it is, and a note says why. Raises MaskError
    for a given vein whose curve fewer than three voxels follow.
    """
    seen = arterial_part(curves, series, aif)
    if seen is None:
        return replace(aif, notes=(*aif.notes, f"{STAYS}: too few voxels follow one curve"))
    where = find_vein(curves, series, aif) if vein is None else vein
    part = None if where is None else venous_part(curves, series, aif, where)
    if vein is not None and part is None:
        raise MaskError(f"fewer than {FEWEST} voxels follow the curve of the marked vein")
    found = unmixed(seen, part)
    if vein is None and part is not None and (found.misfit > POOR or not _mixture(found, aif)):
        where, part, found = None, None, unmixed(seen)
    told = ""
    if found.misfit > POOR:
        told = f"signal and tissue fit no bolus ({found.misfit:.1f} times their noise)"
    elif not _mixture(found, aif):
        told = f"the input would have {_gain(found, aif):.2g} times the area of its voxels"
    if told:
        return replace(aif, notes=(*aif.notes, f"{STAYS}: {told}"))
    note = (
        f"tissue taken off: {100 * found.blood:.0f} % of the most arterial of {seen.voxels} voxels "
        f"is blood; the scale of CBF and CBV is known to {100 * found.scale_sd:.0f} % (SD)"
    )
    return replace(
        aif,
        curve=found.curve,
        mixed=aif.curve,
        scale_sd=found.scale_sd,
        score=_judged(found, aif, curves, series),
        notes=(*aif.notes, note),
        vein=None
        if where is None or part is None
        else vein_of(series, aif, where, by_hand=vein is not None),
    )


def _gain(found: Unmixed, aif: AIF) -> float:
    """Area of what was found over that of the voxels as they are."""
    return float(found.curve.sum() / aif.curve.sum())


def _mixture(found: Unmixed, aif: AIF) -> bool:
    """Whether the voxels can be a mixture of what was found with tissue."""
    return SHRUNK <= _gain(found, aif) <= GROWN


def _judged(
    found: Unmixed, aif: AIF, curves: TissueCurves, series: PreparedSeries
) -> ArterialScore | None:
    """The score of what was found, None where the voxels as they are have none."""
    if aif.score is None:
        return None
    steady = aif.curve[: series.frames.onset - series.frames.first]
    noise = float(steady.std(ddof=1) * found.curve.max() / aif.curve.max())
    late = (aif.slice_time or 0.0) - mean_time(curves, series)
    plain = arterial_score(found.curve, curves.mean, noise, series.dt, late)
    return unmixed_score(plain, found, aif.score)


def unmixed(seen: ArterialPart, vein: BloodPart | None = None) -> Unmixed:
    """The arterial input under which the signals of arterial voxels and tissue are explained.

    The signal of blood falls as exp(−TE·C), that of a voxel half full of it as half of that and
    half of tissue: its curve is not the arterial one times a factor, but the lower the higher that
    is. So where the bolus is deep, the arterial part of the signal shows its factor. The tissue
    shows it too, for its mean curve is the arterial input convolved with falling residues: an input
    that lost of its peak, and kept its tail, makes no such curve. Both are fitted at once by least
    squares, with a bolus of a first pass, a second and a tail; ``curve`` is between that bolus and
    what the signal says sample by sample, as sure as each is. That the most arterial voxels are
    full of blood is fitted apart; both answers are averaged by how well they fit.

    The blood of a ``vein`` is that of the arteries after a transport that keeps the area. Its share
    in the voxels shows as theirs does, and better: veins are wider, and what is dispersed leaves
    signal. So it is fitted too, and of the log of the areas' ratio 78 % is taken for the arterial
    fit's error (OFF and EQUAL in ``venous``); the input is scaled by that.
    Where a factor alone goes wrong: Hansen et al., Proc ISMRM 2009, abstract 1468.
    """
    problem = Problem(seen, vein)
    free = problem.solved()
    full = problem.filled(free.x)
    weight = float(expit(free.cost - full.cost))
    two = [(weight, full.x, full.jac), (1 - weight, free.x, free.jac)]
    curve = sum(w * _curve(problem, q) for w, q, _ in two)
    apart = problem.log_area(full.x) - problem.log_area(free.x)
    own = sum(w * _log_area_variance(problem, q, jac) for w, q, jac in two)
    blood = sum(w * min(seen.most * problem.scale(q), 1.0) for w, q, _ in two)
    unsure = OFF if vein is None else OFF * EQUAL / np.hypot(OFF, EQUAL)
    return Unmixed(
        curve=np.asarray(curve),
        scale_sd=float(np.sqrt(own + weight * (1 - weight) * apart**2 + unsure**2 + SHAPE**2)),
        blood=float(blood),
        misfit=problem.misfit(free.x),
        venous=None if vein is None else float(sum(w * q[-1] for w, q, _ in two)),
    )


def _log_area_variance(
    problem: Problem, q: Float[np.ndarray, " q"], slopes: Float[np.ndarray, "m q"]
) -> float:
    """Variance of the log area by the curvature of the fit, whose residuals have ``slopes``."""
    slope = np.empty(q.size)
    for place in range(q.size):
        step = np.zeros(q.size)
        step[place] = STEP
        slope[place] = (problem.log_area(q + step) - problem.log_area(q - step)) / (2 * STEP)
    return float(slope @ np.linalg.solve(slopes.T @ slopes, slope))


def _curve(problem: Problem, q: Float[np.ndarray, " q"]) -> Float[np.ndarray, " t"]:
    """Between the model and what the signal says, each as sure as it is."""
    seen, model, scale = problem.seen, problem.bolus(q), problem.scale(q)
    blood = problem.blood(q, problem.fine(q))
    left = np.maximum(seen.tissue + seen.part / scale, 1e-3)
    off = -np.log(left / blood) / seen.te
    said_var = np.square(seen.noise / (scale * blood * seen.te))
    model_var = np.square(DEVIATION * model) + np.square(LEVEL * model.max())
    return np.asarray(np.exp(problem.off(q)) * (model + off * model_var / (model_var + said_var)))
