"""Constants of the tracer kinetics and the units at the edge."""

HEMATOCRIT_LARGE = 0.45
HEMATOCRIT_SMALL = 0.25
KAPPA = (1 - HEMATOCRIT_LARGE) / (1 - HEMATOCRIT_SMALL)
"""Ratio of plasma fractions in large and small vessels, 0.733."""
DENSITY = 1.04
"""Density of brain tissue, g/mL."""


R2STAR = {1.5: 44.0, 3.0: 87.0}
"""Transverse relaxivity r2* of agent in tissue vessels by field in T, 1/s/mM."""
R1 = 4.0
"""Longitudinal relaxivity r1, 1/s/mM."""


def cbv_scale() -> float:
    """mL/100 g per unit of the ratio ∫C/∫AIF: 100·κ/ρ = 70.5."""
    return 100 * KAPPA / DENSITY


def cbf_scale() -> float:
    """mL/100 g/min per 1/s: 6000·κ/ρ = 4231."""
    return 6000 * KAPPA / DENSITY
