"""What is believed of tissue before its curve is seen, on a grid."""

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from jaxtyping import Float

from bolus.data import InputError
from bolus.physics import RESIDUES, ForwardModel

FAMILIES: tuple[tuple[str, float | None], ...] = (
    ("exponential", None),
    ("lorentzian", None),
    ("box", None),
    ("gamma", 3.0),
    ("biexponential", None),
    ("fermi", None),
)


@dataclass(frozen=True)
class Prior:
    """Residue family × MTT × delay, independent: equal families, log-uniform MTT, uniform delay.

    ``families`` are (name in RESIDUES, shape or None); ``mtt`` and ``delay`` are (lowest, highest)
    in s, cut into ``mtt_steps`` and ``delay_steps`` cells, each held by its middle. CBV is
    log-uniform over ``cbv`` (ratio): wide enough that nothing but an undetectable bolus feels it.
    ``share`` (families, mtts, delays), if given, is each cell's probability up to a factor; None
    makes all equal.
    """

    families: tuple[tuple[str, float | None], ...] = FAMILIES
    mtt: tuple[float, float] = (1.0, 24.0)
    delay: tuple[float, float] = (-8.0, 12.0)
    cbv: tuple[float, float] = (0.002, 2.0)
    mtt_steps: int = 32
    delay_steps: int = 50
    share: Float[np.ndarray, "families mtts delays"] | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        unknown = [name for name, _ in self.families if name not in RESIDUES]
        if unknown or not self.families:
            raise InputError(f"families come from {', '.join(RESIDUES)}, found {self.families}")
        if not 0 < self.mtt[0] < self.mtt[1] or not self.delay[0] < self.delay[1]:
            raise InputError(f"ranges must rise, found mtt {self.mtt} and delay {self.delay}")
        if not 0 < self.cbv[0] < self.cbv[1]:
            raise InputError(f"the range of cbv must be positive and rise, found {self.cbv}")
        if self.share is not None and (self.share.shape != self.shape or (self.share < 0).any()):
            raise InputError(f"shares are {self.shape} and not negative, found {self.share.shape}")

    @property
    def mtt_edges(self) -> Float[np.ndarray, " edges"]:
        """Cell edges of the MTT in s, (mtt_steps + 1,)."""
        return np.geomspace(*self.mtt, self.mtt_steps + 1)

    @property
    def delay_edges(self) -> Float[np.ndarray, " edges"]:
        """Cell edges of the delay in s, (delay_steps + 1,)."""
        return np.linspace(*self.delay, self.delay_steps + 1)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of families, MTT cells and delay cells."""
        return len(self.families), self.mtt_steps, self.delay_steps

    @property
    def log_share(self) -> Float[np.ndarray, " cells"] | None:
        """Log probability of every cell up to a constant; None when all are equal."""
        if self.share is None:
            return None
        with np.errstate(divide="ignore"):
            return np.log(self.share.ravel())

    @property
    def _mtts(self) -> Float[np.ndarray, " mtts"]:
        edges = self.mtt_edges
        return np.sqrt(edges[1:] * edges[:-1])

    @property
    def _delays(self) -> Float[np.ndarray, " delays"]:
        return (self.delay_edges[1:] + self.delay_edges[:-1]) / 2

    def cell(self, number: int) -> tuple[tuple[str, float | None], float, float]:
        """Family, MTT and delay in s of a cell, counted through ``shape``."""
        family, mtt, delay = np.unravel_index(number, self.shape)
        return self.families[family], float(self._mtts[mtt]), float(self._delays[delay])

    def templates(
        self, aif: Float[np.ndarray, " t"], dt: float
    ) -> Float[np.ndarray, "families mtts delays t"]:
        """Tissue curves of CBV 1 for every cell, by the forward model."""
        flow = np.repeat(1 / self._mtts, self.delay_steps)
        curves = [
            ForwardModel(aif, dt, RESIDUES[name]).weighted(flow, *weights)
            for (name, _), weights in zip(
                self.families, _weights(self, aif.size, float(dt)), strict=True
            )
        ]
        return np.stack(curves).reshape(*self.shape, aif.size)


@lru_cache(maxsize=4)
def _weights(prior: Prior, frames: int, dt: float) -> list[tuple[np.ndarray, int]]:
    """What every family convolves an input of so many frames with: most of the work.

    Inputs of one scan, of slices acquired at other times, say, share it.
    """
    mtt, delay = np.meshgrid(prior._mtts, prior._delays, indexing="ij")
    flat, late, any_input = mtt.ravel(), delay.ravel(), np.empty(frames)
    return [
        ForwardModel(any_input, dt, RESIDUES[name]).weights(flat, late, shape)
        for name, shape in prior.families
    ]
