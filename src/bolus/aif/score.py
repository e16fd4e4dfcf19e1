"""How arterial a curve looks."""

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
