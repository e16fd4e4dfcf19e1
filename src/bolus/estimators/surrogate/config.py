"""What a surrogate network has learnt, from whom, and in which scale it sees and says it."""

import math
from dataclasses import asdict, dataclass, fields
from itertools import pairwise

from bolus.data import InputError, WeightsError
from bolus.estimators.surrogate.timeline import Timeline
from bolus.estimators.weights import SURROGATES, Weights

KINDS = SURROGATES
"""'temporal' sees one curve and the arterial input; 'gan' and 'talebi' see the curves of a slice.
"""
QUANTITIES = {
    "temporal": ("cbv", "cbf", "tmax"),
    "gan": ("cbv", "cbf", "tmax"),
    "talebi": ("cbv", "cbf"),
}
"""Maps that each learns. MTT is their CBV/CBF, so that the central volume theorem holds."""
SPAN, STRIDE, SLOPE = 4, 2, 0.2
"""Kernel and step of convolutions over time, and slope of the leaky rectifier: Kossen's program's.
"""
SPATIAL = 3
"""Side of the kernels over a slice."""


@dataclass(frozen=True, kw_only=True)
class SurrogateConfig:
    """Size, scale and teacher of a surrogate network.

    ``target`` is the method whose maps were learnt, ``quantities`` are the maps and ``caps`` the
    values that they are divided by (CBV a ratio, CBF in 1/s, Tmax in s); targets above were cut
    off there, and the network says the root of the share (``told.taught``). Curves come over the
    arterial input's peak on a timeline of ``samples`` every ``step`` s from ``before`` s ahead of
    that peak. ``tower`` are the channels of the convolutions over time, ``hidden`` what is made of
    them for a voxel, ``image`` the channels of the U-Net's levels (empty for 'temporal').

    Raises InputError for sizes that make no network.
    """

    target: str
    quantities: tuple[str, ...]
    caps: tuple[float, ...]
    step: float
    before: float
    samples: int
    tower: tuple[int, ...]
    hidden: int
    image: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        sizes = (*self.tower, self.hidden, *self.image)
        if not self.tower or not all(isinstance(n, int) and n > 0 for n in sizes):
            raise InputError(f"channels of a surrogate network are 1 or more, found {sizes}")
        if self.samples % STRIDE ** len(self.tower) or self.samples <= 0:
            raise InputError(
                f"{len(self.tower)} convolutions halve the samples, so that their number is a "
                f"multiple of {STRIDE ** len(self.tower)}, found {self.samples}"
            )
        if len(self.caps) != len(self.quantities) or not all(
            0 < cap < math.inf for cap in self.caps
        ):
            raise InputError(f"every map has a positive cap, found {self.caps}")
        if not (self.step > 0 and self.before >= 0):
            raise InputError(f"a timeline has a positive step, found {self.step} s")

    @property
    def timeline(self) -> Timeline:
        """When the network sees a curve."""
        return Timeline(step=self.step, before=self.before, samples=self.samples)

    @property
    def features(self) -> int:
        """Numbers that the convolutions over time make of a curve."""
        return self.tower[-1] * self.samples // STRIDE ** len(self.tower)

    def as_dict(self) -> dict[str, object]:
        """All fields, as JSON can say them."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}

    @classmethod
    def from_weights(cls, weights: Weights) -> "SurrogateConfig":
        """The configuration of some weights, whose tensors fit it; WeightsError otherwise."""
        told, names = weights.config, {f.name for f in fields(cls)}
        if set(told) != names:
            odd = sorted(set(told) ^ names)
            raise WeightsError(f"a configuration of '{weights.kind}' has other fields: {odd}")
        known = {k: tuple(v) if isinstance(v, list) else v for k, v in told.items()}
        try:
            config = cls(**known)  # type: ignore[arg-type]
        except (InputError, TypeError) as error:
            raise WeightsError(f"weights of '{weights.kind}': {error}") from error
        if config.quantities != QUANTITIES.get(weights.kind):
            raise WeightsError(f"weights of '{weights.kind}' have other maps: {config.quantities}")
        weights.check_shapes(config.shapes())
        return config

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Name → shape of every tensor of the network."""
        found = _tower("curve", self.tower)
        if not self.image:
            found |= _tower("artery", self.tower)
            found |= _layer("dense", self.hidden, 2 * self.features)
            return found | _layer("last", len(self.quantities), self.hidden)
        found |= _layer("dense", self.hidden, self.features)
        for level, (a, b) in enumerate(pairwise((self.hidden, *self.image))):
            found |= _layer(f"down.{level}", b, a, SPATIAL, SPATIAL)
        for level, (above, below) in enumerate(pairwise(self.image)):
            found |= _layer(f"up.{level}", above, above + below, SPATIAL, SPATIAL)
        return found | _layer("last", len(self.quantities), self.image[0], 1, 1)


def _tower(name: str, channels: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    for level, (a, b) in enumerate(pairwise((1, *channels))):
        found |= _layer(f"{name}.{level}", b, a, SPAN)
    return found


def _layer(name: str, *shape: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": shape, f"{name}.bias": shape[:1]}
