"""Constants of the tracer kinetics and the units at the edge."""

HEMATOCRIT_LARGE = 0.45
HEMATOCRIT_SMALL = 0.25
"""Haematocrit of large and small vessels. Source: Rempp et al., Radiology 1994;193:637."""
DENSITY = 1.04
"""Density of brain tissue, g/mL."""

R2STAR = {1.5: 44.0, 3.0: 87.0}
"""Transverse relaxivity r2* of agent in tissue vessels by field in T, 1/s/mM."""
R1 = 4.0
"""Longitudinal relaxivity r1, 1/s/mM."""


def plasma_ratio(hematocrit: float | None = None) -> float:
    """Ratio of the plasma fractions of large and small vessels, κ = (1 − H)/(1 − h).

    H is the ``hematocrit`` of large vessels, HEMATOCRIT_LARGE unless known; that of small ones, h,
    is the usual share of it, 0.25/0.45. κ is 0.733 for the usual one, 0.840 for H = 0.3.
    """
    large = HEMATOCRIT_LARGE if hematocrit is None else hematocrit
    return (1 - large) / (1 - large * HEMATOCRIT_SMALL / HEMATOCRIT_LARGE)


def cbv_scale(hematocrit: float | None = None) -> float:
    """mL/100 g per unit of the ratio ∫C/∫AIF: 100·κ/ρ, usually 70.5; see ``plasma_ratio``."""
    return 100 * plasma_ratio(hematocrit) / DENSITY


def cbf_scale(hematocrit: float | None = None) -> float:
    """mL/100 g/min per 1/s: 6000·κ/ρ, usually 4231; see ``plasma_ratio``."""
    return 6000 * plasma_ratio(hematocrit) / DENSITY
