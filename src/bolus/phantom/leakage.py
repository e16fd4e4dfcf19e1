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

    ``fine`` is what ``signal.fine_input`` gives. The T1 effect of agent within the vessels is left
    out: within a bolus the water of tissue hardly exchanges with that of blood. Source: Boxerman et
    al., AJNR 2006;27:859.
    """
    voxels = np.flatnonzero(solid.ravel() > LEAST_SHARE)
    steps, dt, aif = fine
    rate = leak.ktrans / 60 * texture.ravel()[voxels]
    ve = np.full(rate.shape, leak.ve)
    outside = agent_outside(aif, dt, protocol.field, rate, ve, delay.ravel()[voxels])[:, ::steps]
    return Leakage(
        voxels=voxels,
        share=solid.ravel()[voxels],
        factor=leak_factor(
            outside,
            protocol,
            t1=CLASSES["solid"].t1[0 if protocol.field < 2 else 1],
            relaxivity=leak.relaxivity,
            preload=leak.preload,
        ),
        ktrans=60 * rate,
    )


def agent_outside(
    aif: Float[np.ndarray, " t"],
    dt: float,
    field: float,
    ktrans: Float[np.ndarray, " n"],
    ve: Float[np.ndarray, " n"],
    delay: Float[np.ndarray, " n"],
) -> Float[np.ndarray, "n t"]:
    """Agent outside the vessels in mM, C_e = Ktrans·∫C_p(τ)·e^(−Ktrans·(t−τ)/ve) dτ.

    C_p = AIF/(r2*·(1 − Hct)) in mM; ``ktrans`` in 1/s, ``delay`` in s, ``field`` in T. Source:
    Tofts, J Magn Reson Imaging 1997;7:91.
    """
    plasma = aif / (R2STAR[field] * (1 - HEMATOCRIT_LARGE))
    return np.asarray(ForwardModel(plasma, dt, Exponential())(ktrans, ve / ktrans, delay))


def leak_factor(
    outside: Float[np.ndarray, "n t"],
    protocol: Protocol,
    *,
    t1: float,
    relaxivity: Float[np.ndarray, "n 1"] | float,
    preload: Float[np.ndarray, "n 1"] | float,
) -> Float[np.ndarray, "n t"]:
    """What agent ``outside`` the vessels in mM multiplies the signal by, (n, t).

    It shortens T1, that without agent in s, and T2* with the ``relaxivity`` r2* in 1/s/mM;
    ``preload`` mM of it were there before.
    """
    flip = np.deg2rad(protocol.flip)

    def steady(agent: np.ndarray | float) -> np.ndarray:
        r1 = np.asarray(1 / t1 + R1 * (preload + agent))
        return np.asarray(spoiled_gradient_echo(r1, protocol.tr, flip))

    decay = signal_from_r2star(relaxivity * outside, 1.0, protocol.te)
    return np.asarray(steady(outside) / steady(0.0) * decay)
