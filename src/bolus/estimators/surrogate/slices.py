"""The surrogates ``gan`` and ``talebi``: networks on the curves of a whole slice."""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from bolus.data import Description, MethodError, Perfusion, WeightsError
from bolus.estimators.fit import Fit
from bolus.estimators.protocol import Capabilities, CurveScale, Places
from bolus.estimators.surrogate.config import KINDS, SurrogateConfig
from bolus.estimators.surrogate.layers import dense, rectified, tower, unet
from bolus.estimators.surrogate.told import described, perfusion
from bolus.estimators.weights import Weights


@dataclass(frozen=True)
class SliceSurrogate:
    """Convolutions over time, then a U-Net over the slice, that learnt another method's maps.

    The arterial input gives the scale and the time of its peak, and is not seen otherwise: the
    publications had none. It needs to know where voxels lie, and estimates no loose curve.

    Source: Kossen et al., Front Neurol 2023;13:1051397 (temp-pix2pix, trained against a
    discriminator); Talebi et al., Ann Biomed Eng 2024,
    doi:10.1007/s10439-024-03471-7 (without one).
    """

    weights: Weights
    config: SurrogateConfig = field(init=False, repr=False, compare=False)

    capabilities: ClassVar[Capabilities] = Capabilities(single_precision=True, joint=True)

    def __post_init__(self) -> None:
        if self.weights.kind not in KINDS[1:]:
            raise WeightsError(
                f"these are weights of '{self.weights.kind}', expected {' or '.join(KINDS[1:])}"
            )
        object.__setattr__(self, "config", SurrogateConfig.from_weights(self.weights))

    @property
    def description(self) -> Description:
        """What it is, and whom it learnt from."""
        return described(self.weights.kind, self.config)

    def bind(self, aif: Float[np.ndarray, " t"], dt: float, *, like: CurveScale) -> "BoundSlices":
        """The network for one arterial input."""
        return BoundSlices(weights=self.weights, config=self.config, aif=aif, dt=dt)


@dataclass(frozen=True, kw_only=True, eq=False)
class BoundSlices:
    """``SliceSurrogate`` bound to an arterial input."""

    weights: Weights
    config: SurrogateConfig
    aif: Float[np.ndarray, " t"]
    dt: float

    def __call__(
        self, tissue: Float[np.ndarray, "voxels t"], noise_sd: np.ndarray | None = None
    ) -> Perfusion:
        """Raises MethodError: a loose curve lies in no slice."""
        raise MethodError(
            f"'{self.weights.kind}' sees whole slices, and estimates no curves whose places are "
            "not known; deconvolve_patient takes them with their places"
        )

    def together(
        self,
        tissue: Float[np.ndarray, "voxels t"],
        noise_sd: np.ndarray | None,
        places: Places,
    ) -> "Slices":
        """All voxels, slice by slice (the third axis of the grid); the noise is not used."""
        config, level = self.config, places.index[:, 2]
        said = np.zeros((len(tissue), len(config.quantities)), dtype=np.float32)
        for number in np.unique(level):
            rows = np.flatnonzero(level == number)
            late = 0.0 if places.late is None else float(places.late[rows[0]])
            seen = config.timeline.seen(tissue[rows], self.aif, self.dt, late)
            said[rows] = self._slice(seen, places.index[rows, :2], places.shape[:2])
        return Slices(self.weights.kind, perfusion(said, config, tissue.dtype))

    def _slice(
        self, seen: Float[np.ndarray, "n samples"], pixels: np.ndarray, shape: tuple[int, int]
    ) -> Float[np.ndarray, "n maps"]:
        """What the network says of the voxels of one slice; around them everything is 0."""
        tensors = self.weights.tensors
        high, wide = padded(shape, self.config)
        image = np.zeros((self.config.hidden, high, wide), dtype=np.float32)
        features = rectified(dense(tensors, "dense", tower(tensors, "curve", seen)))
        image[:, pixels[:, 0], pixels[:, 1]] = features.T
        return unet(tensors, image)[:, pixels[:, 0], pixels[:, 1]].T


def padded(shape: tuple[int, int], config: SurrogateConfig) -> tuple[int, int]:
    """Sides of a slice, made longer until every level of the U-Net can halve them."""
    unit = 2 ** (len(config.image) - 1)
    return -(-shape[0] // unit) * unit, -(-shape[1] // unit) * unit


@dataclass(frozen=True, eq=False)
class Slices:
    """What a network on slices made of the voxels of a patient."""

    kind: str
    perfusion: Perfusion

    def fit(self, row: int) -> Fit:
        """Raises MethodError: no curve is rebuilt."""
        raise MethodError(f"'{self.kind}' says maps alone, and rebuilds no curve")
