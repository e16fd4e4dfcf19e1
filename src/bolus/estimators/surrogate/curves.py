"""The surrogate ``temporal``: a network on one curve and the arterial input."""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from bolus.data import Description, Perfusion, WeightsError
from bolus.estimators.blocks import in_blocks
from bolus.estimators.protocol import Capabilities, CurveScale
from bolus.estimators.surrogate.config import SurrogateConfig
from bolus.estimators.surrogate.layers import dense, rectified, tower
from bolus.estimators.surrogate.told import described, perfusion
from bolus.estimators.weights import Weights

ROWS = 1024
"""Voxels a block."""


@dataclass(frozen=True)
class CurveSurrogate:
    """Convolutional network with two inputs that learnt another method's maps, voxel by voxel.

    Tissue curve and arterial input each go through convolutions over time of their own; two
    affine maps make CBV, CBF and Tmax of both. It has no posterior and rebuilds no curve.

    Source: Ho et al., Proc ICPR 2016: a bi-input network on patches of 3 × 3 curves; here one.
    """

    weights: Weights
    config: SurrogateConfig = field(init=False, repr=False, compare=False)

    capabilities: ClassVar[Capabilities] = Capabilities(single_precision=True)

    def __post_init__(self) -> None:
        if self.weights.kind != "temporal":
            raise WeightsError(f"these are weights of '{self.weights.kind}', expected 'temporal'")
        object.__setattr__(self, "config", SurrogateConfig.from_weights(self.weights))

    @property
    def description(self) -> Description:
        """What it is, and whom it learnt from."""
        return described("temporal", self.config)

    def bind(self, aif: Float[np.ndarray, " t"], dt: float, *, like: CurveScale) -> "BoundCurves":
        """The network with what it makes of the arterial input, which is the same for all."""
        seen = self.config.timeline.seen(aif[None], aif, dt)
        known = tower(self.weights.tensors, "artery", seen)
        return BoundCurves(weights=self.weights, config=self.config, aif=aif, dt=dt, known=known)


@dataclass(frozen=True, kw_only=True, eq=False)
class BoundCurves:
    """``CurveSurrogate`` bound to an arterial input, of which it ``known`` (1, features)."""

    weights: Weights
    config: SurrogateConfig
    aif: Float[np.ndarray, " t"]
    dt: float
    known: Float[np.ndarray, "one features"]

    def __call__(
        self, tissue: Float[np.ndarray, "voxels t"], noise_sd: np.ndarray | None = None
    ) -> Perfusion:
        """Perfusion without posterior; the noise is not used."""
        tensors = self.weights.tensors

        def block(curves: np.ndarray) -> tuple[np.ndarray]:
            seen = self.config.timeline.seen(curves, self.aif, self.dt)
            both = [
                tower(tensors, "curve", seen),
                np.broadcast_to(self.known, (len(seen), self.known.shape[1])),
            ]
            hidden = rectified(dense(tensors, "dense", np.concatenate(both, axis=1)))
            return (dense(tensors, "last", hidden),)

        return perfusion(in_blocks(block, tissue, size=ROWS)[0], self.config, tissue.dtype)
