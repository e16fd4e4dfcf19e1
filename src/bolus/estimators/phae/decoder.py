"""The decoder for many voxels: the forward model tabulated once a patient, read by interpolation.

A curve is CBV times one of a few hundred curves of unit CBV (MTT × Weibull shape), late by the
delay. These are computed by ``physics.ForwardModel`` on frames cut into PARTS; a voxel reads them
linearly in log MTT, log shape and time.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.lib.stride_tricks import sliding_window_view

from bolus.estimators.blocks import in_blocks
from bolus.physics import RESIDUES, ForwardModel

RESIDUE = "weibull"
MTTS = np.geomspace(0.5, 40.0, 30)
SHAPES = np.geomspace(0.5, 10.0, 7)
CELLS = 30
"""Curves computed at once."""
PARTS = 3
"""Table samples a frame."""
EARLIEST, LATEST = -12.0, 16.0
"""Delays in s to which those beyond are clamped."""


@dataclass(frozen=True, eq=False)
class CurveTable:
    """Curves of CBV 1: ``values`` (shapes·mtts, parts, samples), samples ``dt`` s apart.

    Part p begins p/PARTS frames after part 0, which begins ``lead`` s before frame 0; so the
    samples that a voxel reads lie beside each other. ``frames`` is their number.
    """

    values: Float[np.ndarray, "cells parts samples"]
    lead: float
    dt: float
    frames: int

    def rebuild(
        self,
        cbv: Float[np.ndarray, " n"],
        mtt: Float[np.ndarray, " n"],
        delay: Float[np.ndarray, " n"],
        log_shape: Float[np.ndarray, " n"],
    ) -> Float[np.ndarray, "n t"]:
        """Tissue curves (n, t) in the AIF's unit: CBV a ratio, MTT and delay in s."""
        dtype = self.values.dtype
        column, right = _place(np.log(mtt), np.log(MTTS))
        row, below = _place(log_shape, np.log(SHAPES))
        late = np.clip(delay, EARLIEST, LATEST)
        start = (self.lead - late) * (PARTS / self.dt)
        first = np.floor(start).astype(np.intp)
        later = (start - first).astype(dtype)[:, None]
        windows = sliding_window_view(self.values, self.frames, axis=-1)
        before, after = divmod(first, PARTS), divmod(first + 1, PARTS)
        out = np.zeros((cbv.size, self.frames), dtype=dtype)
        for down, share_down in ((0, 1 - below), (1, below)):
            for aside, share_aside in ((0, 1 - right), (1, right)):
                cell = (row + down) * MTTS.size + column + aside
                share = (cbv * share_down * share_aside).astype(dtype)[:, None]
                low = windows[cell, before[1], before[0]]
                high = windows[cell, after[1], after[0]]
                low *= share * (1 - later)
                high *= share * later
                out += low
                out += high
        return out


def curve_table(aif: Float[np.ndarray, " t"], dt: float, dtype: np.dtype) -> CurveTable:
    """The table of an arterial input (t,) sampled every ``dt`` s."""
    lead = LATEST + dt
    tail = -EARLIEST + 2 * dt
    before, after = round(np.ceil(lead / dt)), round(np.ceil(tail / dt))
    n = aif.size
    fine = np.interp(
        np.arange(-before * PARTS, (n + after) * PARTS) / PARTS,
        np.arange(-1, n + 1),
        np.concatenate([[0.0], aif, [0.0]]),
    )
    shape, mtt = np.meshgrid(SHAPES, MTTS, indexing="ij")

    def curves(mtt: np.ndarray, shape: np.ndarray) -> tuple[np.ndarray]:
        at_once = np.zeros_like(mtt)
        return (ForwardModel(fine, dt / PARTS, RESIDUES[RESIDUE])(1 / mtt, mtt, at_once, shape),)

    fine = fine.astype(dtype)
    cells = (axis.ravel().astype(dtype) for axis in (mtt, shape))
    values = in_blocks(curves, *cells, size=CELLS)[0]
    by_part = values.astype(dtype).reshape(len(values), -1, PARTS).transpose(0, 2, 1)
    return CurveTable(np.ascontiguousarray(by_part), before * dt, dt, n)


def _place(
    value: Float[np.ndarray, " n"], nodes: Float[np.ndarray, " nodes"]
) -> tuple[np.ndarray, np.ndarray]:
    """Left node and share of the right one for evenly spaced nodes, clamped at the ends."""
    position = (value - nodes[0]) / (nodes[1] - nodes[0])
    position = np.clip(position, 0, nodes.size - 1)
    left = np.minimum(position.astype(np.intp), nodes.size - 2)
    return left, position - left
