"""A head whose slices are acquired one after the other."""

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from bolus.phantom.acquisition import Protocol
from bolus.phantom.arterial import ArterialShape
from bolus.phantom.leakage import Leakage, leakage
from bolus.phantom.realism import Leak
from bolus.phantom.signal import compose_signal, fine_input
from bolus.phantom.tissue import Tissue
from bolus.phantom.vessels import Vessels


@dataclass(frozen=True, kw_only=True, eq=False)
class LeakyTumor:
    """A ``leak``, the ``solid`` share of every voxel and the ``texture`` (mean 1) of its Ktrans."""

    leak: Leak
    solid: Float[np.ndarray, "x y z"]
    texture: Float[np.ndarray, "x y z"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Scene:
    """All that the signal of a head is made from, but for the arterial input."""

    protocol: Protocol
    classes: dict[str, Float[np.ndarray, "x y z"]]
    tissue: Tissue
    vessels: Vessels
    tumor: LeakyTumor | None

    def leakage(self, arterial: ArterialShape) -> Leakage | None:
        """The tumour's leak; None without one."""
        tumor = self.tumor
        if tumor is None:
            return None
        fine = fine_input(self.protocol, arterial)
        return leakage(
            self.protocol, tumor.leak, tumor.solid, tumor.texture, self.tissue.delay, fine
        )

    def signal(
        self, arterial: ArterialShape, late: Float[np.ndarray, " z"]
    ) -> Float[np.ndarray, "x y z t"]:
        """Noise-free signal, each slice acquired ``late`` s (z,) after the start of its frame.

        A slice that is acquired later sees the same bolus earlier in its frames.
        """
        times = np.unique(late)
        if times.size == 1:
            return self._signal(replace(arterial, onset=arterial.onset - float(times[0])))
        out = np.empty((*self.tissue.cbv.shape, self.protocol.frames))
        for seconds in times:
            which = late == seconds
            part = replace(arterial, onset=arterial.onset - float(seconds))
            out[:, :, which] = self._slices(which)._signal(part)
        return out

    def _signal(self, arterial: ArterialShape) -> Float[np.ndarray, "x y z t"]:
        leak = self.leakage(arterial)
        return compose_signal(
            self.protocol, self.classes, self.tissue, self.vessels, arterial, leak
        )

    def _slices(self, which: Bool[np.ndarray, " z"]) -> "Scene":
        return replace(
            self,
            classes={name: share[:, :, which] for name, share in self.classes.items()},
            tissue=_cut(self.tissue, which),
            vessels=_cut(self.vessels, which),
            tumor=None if self.tumor is None else _cut(self.tumor, which),
        )


def _cut(parts: Any, which: Bool[np.ndarray, " z"]) -> Any:
    """A dataclass with some slices of all its volumes."""
    volumes = {f.name: getattr(parts, f.name) for f in fields(parts)}
    cut = {k: v[:, :, which] for k, v in volumes.items() if isinstance(v, np.ndarray)}
    return replace(parts, **cut)
