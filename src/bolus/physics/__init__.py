"""The equations, each written once, on the array API: the same numbers from numpy and torch."""

from bolus.physics.constants import (
    DENSITY,
    HEMATOCRIT_LARGE,
    R1,
    R2STAR,
    cbf_scale,
    cbv_scale,
    plasma_ratio,
)
from bolus.physics.convolution import convolve, kernel
from bolus.physics.kinetics import (
    ForwardModel,
    area,
    blood_flow,
    blood_volume,
    dispersed,
    impulse_response,
    transit_time,
)
from bolus.physics.leakage import leak_term, running_integral
from bolus.physics.residue import RESIDUES, Residue
from bolus.physics.signal import (
    clip_signal,
    concentration,
    delta_r2star,
    noise_gain,
    signal_from_r2star,
    spoiled_gradient_echo,
)

__all__ = [
    "DENSITY",
    "HEMATOCRIT_LARGE",
    "R1",
    "R2STAR",
    "RESIDUES",
    "ForwardModel",
    "Residue",
    "area",
    "blood_flow",
    "blood_volume",
    "cbf_scale",
    "cbv_scale",
    "clip_signal",
    "concentration",
    "convolve",
    "delta_r2star",
    "dispersed",
    "impulse_response",
    "kernel",
    "leak_term",
    "noise_gain",
    "plasma_ratio",
    "running_integral",
    "signal_from_r2star",
    "spoiled_gradient_echo",
    "transit_time",
]
