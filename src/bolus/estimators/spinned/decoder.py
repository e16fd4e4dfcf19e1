"""Curves of a residue given at NODES: sums of a few curves of the forward model."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from bolus.estimators.spinned.network import NODES
from bolus.physics import ForwardModel

EARLIEST, LATEST, STEP = -12.0, 20.0, 0.25
"""Delays in s that the table holds, and their distance; between them it is read linearly."""


@dataclass(frozen=True)
class Hat:
    """The residue's value at one node is 1, at the others 0; straight lines between."""

    node: int

    def __call__(self, t: Float[np.ndarray, "..."], mtt: object) -> Float[np.ndarray, "..."]:
        """Its value at ``t`` ≥ 0 s; it has no transit time of its own."""
        unit = np.zeros(NODES.size)
        unit[self.node] = 1
        return np.asarray(np.interp(t, NODES, unit, right=0.0))

    def edge(self, mtt: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
        """The last node, where what is left of R ends."""
        return 0 * mtt + NODES[-1]


@dataclass(frozen=True, eq=False)
class HatCurves:
    """``table`` (delays, nodes, t): tissue curves of every node's hat at every delay."""

    table: Float[np.ndarray, "delays nodes t"]

    @classmethod
    def of(cls, aif: Float[np.ndarray, " t"], dt: float, dtype: np.dtype) -> "HatCurves":
        """The table of an arterial input (t,) every ``dt`` s."""
        delay = np.arange(EARLIEST, LATEST + STEP / 2, STEP)
        one = np.ones_like(delay)
        made = [ForwardModel(aif, dt, Hat(node))(one, one, delay) for node in range(NODES.size)]
        return cls(np.ascontiguousarray(np.stack(made, axis=1), dtype=dtype))

    def __call__(
        self,
        cbf: Float[np.ndarray, " n"],
        delay: Float[np.ndarray, " n"],
        residue: Float[np.ndarray, "n nodes"],
    ) -> Float[np.ndarray, "n t"]:
        """Tissue curves (n, t) in the AIF's unit: CBF in 1/s, delay in s."""
        position = np.clip((delay - EARLIEST) / STEP, 0, len(self.table) - 1)
        first = np.minimum(position.astype(np.intp), len(self.table) - 2)
        later = (position - first).astype(residue.dtype)[:, None]
        flow = (cbf[:, None] * residue)[:, None]
        low, high = ((flow @ self.table[place])[:, 0] for place in (first, first + 1))
        return np.asarray(low + later * (high - low))
