"""Contrast agent that leaks into tissue: its trace in the concentration curve."""

from typing import Any

from array_api_compat import array_namespace

Array = Any


def running_integral(curve: Array, dt: float) -> Array:
    """∫₀ᵗ of sampled curves along the last axis by the trapezoid rule: same shape, in unit·s."""
    xp = array_namespace(curve)
    return dt * (xp.cumulative_sum(curve, axis=-1) - (curve + curve[..., :1]) / 2)


def leak_term(k2: Array, reference: Array, dt: float) -> Array:
    """What leakage takes off the curves, K2·∫m, (voxels, t); ``k2`` (voxels,) in 1/s.

    ``reference`` m (t,) is the mean curve of brain that does not leak. K2 > 0 where T1 shortens
    and the signal rises, K2 < 0 where T2* does and it falls further. CAPLEX Q.LC1.002. Source:
    Boxerman et al., AJNR 2006;27:859.
    """
    return k2[..., None] * running_integral(reference, dt)
