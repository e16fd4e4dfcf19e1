"""Every choice of the published autoencoder, and every choice that it leaves open."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from itertools import pairwise
from typing import Any

from bolus.data import WeightsError
from bolus.physics import RESIDUES, ForwardModel

CHOICES = {
    "pooling": ("mean", "max"),
    "positive": ("softplus", "none"),
    "residue": ("lorentzian", "exponential", "gamma"),
    "quadrature": ("piecewise-linear", "plain-sum"),
}
"""What a field may say."""
KERNEL_SIZE = 3
"""Frames a convolution sees."""
EPSILON = 1e-5
"""Added to the variance that batch normalisation divides by."""
PARAMETERS = 130_913
"""Trainable numbers of the default network."""


@dataclass(frozen=True, kw_only=True)
class PaperConfig:
    """The published network; fields after ``batch`` are open in the paper and chosen here.

    ``channels`` of the four convolutions (3 frames wide, zero-padded), ``slope`` of the leaky
    rectifiers; ``learning_rate`` of Adam without weight decay, ``epochs``, ``batch`` voxels.

    ``pooling`` over time: 'mean' or 'max' over all frames, so that any
    length fits. ``positive``: how the
    last number becomes an MTT, 'softplus' above ``floor`` s and begun at ``start`` s, or 'none',
    the number itself. ``residue``: 'lorentzian', or 'exponential' and 'gamma' (shape
    ``gamma_shape``), which the paper tried as well. ``quadrature``: 'piecewise-linear', the
    package's own, or 'plain-sum', the literal sum over samples, which raises the area of R by
    1 + TR/(2·MTT). ``bolus_only``: only brain voxels in which a bolus passes are trained on.
    Estimates use the running statistics of training.

    Raises WeightsError for a choice that does not exist.
    """

    channels: tuple[int, ...] = (32, 64, 128, 256)
    slope: float = 0.02
    learning_rate: float = 1e-4
    epochs: int = 65
    batch: int = 1536
    pooling: str = "mean"
    positive: str = "softplus"
    floor: float = 0.3
    start: float = 5.0
    residue: str = "lorentzian"
    gamma_shape: float = 3.0
    quadrature: str = "piecewise-linear"
    bolus_only: bool = True

    def __post_init__(self) -> None:
        for name, allowed in CHOICES.items():
            value = getattr(self, name)
            if value not in allowed:
                raise WeightsError(f"{name} is one of {', '.join(allowed)}, found '{value}'")
        if not self.channels or min(self.channels) < 1:
            raise WeightsError(f"channels are positive whole numbers, found {self.channels}")
        if not 0 <= self.floor < self.start:
            raise WeightsError(
                f"floor and start of the MTT must rise from 0, found {self.floor} and {self.start}"
            )

    @property
    def shape(self) -> float | None:
        """The shape of the decoder's residue, None for one without."""
        return self.gamma_shape if self.residue == "gamma" else None

    def forward(self, aif: Any, dt: float) -> ForwardModel:
        """The decoder's forward model of arterial inputs (t,) or (n, t); ``dt`` in s."""
        return ForwardModel(aif, dt, RESIDUES[self.residue], quadrature=self.quadrature)

    def as_dict(self) -> dict[str, object]:
        """All fields, as JSON can say them."""
        return {**asdict(self), "channels": list(self.channels)}

    @classmethod
    def from_dict(cls, told: Mapping[str, object]) -> "PaperConfig":
        """The configuration that ``as_dict`` gave; WeightsError for other fields."""
        names = {f.name for f in fields(cls)}
        if set(told) != names:
            odd = sorted(set(told) ^ names)
            raise WeightsError(f"a configuration of phae-paper has other fields: {', '.join(odd)}")
        known = dict(told)
        channels = known.pop("channels")
        if not isinstance(channels, list):
            raise WeightsError(f"channels are a list of whole numbers, found {channels!r}")
        return cls(channels=tuple(channels), **known)  # type: ignore[arg-type]

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Name → shape of every tensor of the network."""
        found: dict[str, tuple[int, ...]] = {}
        for layer, (fan_in, fan_out) in enumerate(pairwise((2, *self.channels))):
            found[f"convolutions.{layer}.weight"] = (fan_out, fan_in, KERNEL_SIZE)
            found[f"convolutions.{layer}.bias"] = (fan_out,)
            for name in ("weight", "bias", "running_mean", "running_var"):
                found[f"norms.{layer}.{name}"] = (fan_out,)
        return {**found, "last.weight": (1, self.channels[-1]), "last.bias": (1,)}
