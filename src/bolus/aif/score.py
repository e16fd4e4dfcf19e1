"""How arterial a curve looks."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from bolus.aif.shape import Shape, shape_of
from bolus.data import ArterialScore, Criterion

HEIGHT = (1.5, 4.0)
LEAD = (-0.5, 1.5)
FWHM = (1.1, 0.8)
CLARITY = (4.0, 15.0)
REST = (0.7, 0.3)
"""Values that score 0 and 1: height and FWHM relative to the mean tissue curve, half-rise before
it in s, peak in noise SDs, level after the first pass relative to the peak."""


BLOOD = (0.05, 0.5)
SCALE = (0.4, 0.1)
EXPLAINED = (2.0, 1.0)
VENOUS = (0.7, 0.2)
"""The same once tissue was taken off: share of blood in the most arterial voxel, SD of the log of
the scale, misfit of the mixture, and the log of the area of the vein over the arterial one, either
way."""


WEAK = 0.5
"""Worth below which a criterion speaks against the input."""


def arterial_score(
    curve: Float[np.ndarray, " t"],
    tissue_mean: Float[np.ndarray, " t"],
    noise: float | None,
    dt: float,
    late: float = 0.0,
) -> ArterialScore:
    """Score of an arterial input, 0 (useless) to 1 (textbook), with its criteria.

    ``curve`` and ``tissue_mean`` (t,) are concentrations in the same unit at intervals of ``dt``
    s; ``noise`` is the SD of ``curve``, or None to take it from the curve's own second
    differences; ``late`` is how many s after the tissue, on average, the curve's slice was
    acquired. The score is the product of five parts, each linear between a value that is worth
    0 and one that is worth 1: height over the mean tissue curve (1.5 … 4), half-rise before that
    of the mean tissue curve (−0.5 … 1.5 s), FWHM relative to it (1.1 … 0.8), height over noise
    (4 … 15 SDs), and the level after the first pass (0.7 … 0.3 of the peak). A part
    below 0.5 speaks against the input.
    Criteria after Mouridsen et al., Magn Reson Med 2006;55:524.
    """
    own, mean = shape_of(curve[None], dt), shape_of(tissue_mean[None], dt)
    sd = _roughness_sd(curve) if noise is None else noise
    lead = float(mean.rise[0] - own.rise[0]) - late  # a slice acquired later shows a rise earlier
    criteria = _criteria(own, mean, sd, lead)
    return ArterialScore(value=1.0, criteria=()).with_criteria(*criteria)


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known of an arterial input once the tissue in its voxels was taken off.

    ``blood`` is the share of blood in the most arterial voxel, ``scale_sd`` the SD of the log of
    its area, ``misfit`` what is left of signal, tissue and vein over their noise, ``venous`` the
    log of the area of the vein over that of the arterial fit (None without a vein).
    """

    blood: float
    scale_sd: float
    misfit: float
    venous: float | None


def unmixed_score(score: ArterialScore, known: Known, before: ArterialScore) -> ArterialScore:
    """The score of a curve without tissue: of its shape, and of how well it is known.

    ``score`` is ``arterial_score`` of that curve, ``before`` that of the voxels as they are, whose
    counts of voxels stay as sentences: what a saturated voxel hides is in the misfit and the SD.
    Four parts more: share of blood in the most arterial voxel (0.05 … 0.5), SD of the log of the
    scale (0.4 … 0.1), misfit (2 … 1), area of the vein against the arterial one (their log 0.7
    … 0.2 either way).
    """
    counts = (one._replace(value=None) for one in before.criteria if one.voxels is not None)
    return score.with_criteria(*_known(known), *counts)


def _known(known: Known) -> Iterator[Criterion]:
    yield _criterion(
        "blood",
        _ramp(known.blood, BLOOD),
        f"{100 * known.blood:.0f} % of the most arterial voxel is blood",
        "little blood: what tissue hides of it is guessed",
    )
    yield _criterion(
        "scale",
        _ramp(known.scale_sd, SCALE),
        f"area known to {100 * known.scale_sd:.0f} % (SD)",
        "unsure: noise, or a bolus too shallow to show how much blood there is",
    )
    yield _criterion(
        "fit",
        _ramp(known.misfit, EXPLAINED),
        f"signal of arteries, tissue and vein left to {known.misfit:.1f} times its noise",
        "unexplained: these voxels are no mixture of an artery and tissue",
    )
    if known.venous is not None:
        ratio = float(np.exp(known.venous))
        yield _criterion(
            "vein",
            _ramp(abs(known.venous), VENOUS),
            f"the vein has {ratio:.2f} times the area that arteries alone show",
            "unlike the vein: much of the area is the vein's word"
            if ratio > 1
            else "unlike the vein: that is small, or none",
        )


def _criteria(own: Shape, mean: Shape, noise: float, lead: float) -> tuple[Criterion, ...]:
    with np.errstate(invalid="ignore", divide="ignore"):
        height = float(own.height[0] / mean.height[0])
        width = float(own.width[0] / mean.width[0])
        clarity = float(own.height[0] / np.float64(noise))
    rest = float(own.rest[0])
    return (
        _criterion(
            "height",
            _ramp(height, HEIGHT),
            f"peak {height:.1f} times that of the mean tissue curve",
            "low: partial volume with tissue, or a small branch",
        ),
        _criterion(
            "lead",
            _ramp(lead, LEAD),
            f"half-rise {_when(lead)} the mean tissue curve",
            "late: a vein, or an artery behind a narrowing",
        ),
        _criterion(
            "width",
            _ramp(width, FWHM),
            f"width at half height {own.width[0]:.1f} s, mean tissue curve {mean.width[0]:.1f} s",
            "broad: dispersed, or tissue",
        ),
        _criterion(
            "clarity",
            _ramp(clarity, CLARITY),
            f"peak {clarity:.0f} noise standard deviations high",
            "noisy: more voxels are needed",
        ),
        _criterion(
            "return",
            _ramp(rest, REST),
            f"{100 * rest:.0f} % of the peak remain after the first pass",
            "does not come down: tissue, or a saturated artery",
        ),
    )


def _criterion(name: str, value: float, sentence: str, explanation: str) -> Criterion:
    return Criterion(name, value, sentence, value < WEAK, explanation)


def _ramp(value: float, ends: tuple[float, float]) -> float:
    """0 at the first end, 1 at the second, linear between; 0 for NaN."""
    if np.isnan(value):
        return 0.0
    return float(np.clip((value - ends[0]) / (ends[1] - ends[0]), 0.0, 1.0))


def _when(lead: float) -> str:
    return f"{abs(lead):.1f} s {'before' if lead >= 0 else 'after'}"


def _roughness_sd(curve: Float[np.ndarray, " t"]) -> float:
    """Noise SD from the median absolute second difference."""
    second = np.diff(curve, n=2)
    return float(1.4826 * np.median(np.abs(second - np.median(second))) / np.sqrt(6.0))
