"""Contrast agent outside the vessels of a tumour, and what it does to the signal."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from bolus.phantom.acquisition import CLASSES, Protocol
from bolus.phantom.realism import Leak
from bolus.physics import (
    HEMATOCRIT_LARGE,
    R1,
    R2STAR,
    ForwardModel,
    signal_from_r2star,
    spoiled_gradient_echo,
)
from bolus.physics.residue import Exponential

LEAST_SHARE = 0.01
"""Share of a voxel that must be tumour for its leakage to count."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Leakage:
    """Leaking flat ``voxels`` (n,), the tumour's ``share`` of each, Ktrans (n,) in 1/min.

    ``factor`` (n, t) is what agent outside the vessels multiplies the tumour's signal by.
    """

    voxels: Int[np.ndarray, " n"]
    share: Float[np.ndarray, " n"]
    factor: Float[np.ndarray, "n t"]
    ktrans: Float[np.ndarray, " n"]

    def added(self, protocol: Protocol) -> Float[np.ndarray, "n t"]:
        """What the leak adds to the voxels' signal without vascular contrast."""
        return self.share[:, None] * protocol.baseline("solid") * (self.factor - 1)


def leakage(
    protocol: Protocol,
    leak: Leak,
    solid: Float[np.ndarray, "x y z"],
    texture: Float[np.ndarray, "x y z"],
    delay: Float[np.ndarray, "x y z"],
    fine: tuple[int, float, Float[np.ndarray, " fine"]],
) -> Leakage:
    """Leakage of a tumour whose Ktrans follows ``texture`` (mean 1).

    ``fine`` is what ``signal.fine_input`` gives. C_e = Ktrans·∫C_p(τ)·e^(−Ktrans·(t−τ)/ve) dτ
    with C_p = AIF/(r2*·(1 − Hct)) in mM; agent outside vessels changes R1 by r1·C_e and R2* by
    ``leak.relaxivity``·C_e. The T1 effect of agent within the vessels is left out: within a bolus
    the water of tissue hardly exchanges with that of blood. Source: Tofts, J Magn Reson Imaging
    1997;7:91; Boxerman et al., AJNR 2006;27:859.
    """
    voxels = np.flatnonzero(solid.ravel() > LEAST_SHARE)
    steps, dt, aif = fine
    plasma = aif / (R2STAR[protocol.field] * (1 - HEMATOCRIT_LARGE))
    rate = leak.ktrans / 60 * texture.ravel()[voxels]
    outside = ForwardModel(plasma, dt, Exponential())(rate, leak.ve / rate, delay.ravel()[voxels])[
        :, ::steps
    ]
    t1 = CLASSES["solid"].t1[0 if protocol.field < 2 else 1]
    flip = np.deg2rad(protocol.flip)

    def steady(agent: np.ndarray | float) -> np.ndarray:
        r1 = np.asarray(1 / t1 + R1 * (leak.preload + agent))
        return np.asarray(spoiled_gradient_echo(r1, protocol.tr, flip))

    longitudinal = steady(outside) / steady(0.0)
    return Leakage(
        voxels=voxels,
        share=solid.ravel()[voxels],
        factor=longitudinal * signal_from_r2star(leak.relaxivity * outside, 1.0, protocol.te),
        ktrans=60 * rate,
    )
