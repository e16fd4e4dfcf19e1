"""Where in transit time and delay each voxel has to be looked at closely."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from bolus.estimators.blocks import in_blocks
from bolus.estimators.joint.gaussian import ANYTHING
from bolus.estimators.joint.noise import Noise
from bolus.estimators.joint.templates import MTTS, NEVER, UNSEEN, Templates

COARSE, EVERY = 1.0, 3
"""s between the delays of the first look, which takes every sixth MTT and every third shape."""
SOFTENED = 0.5
"""Power of the first look's likelihood: its cells are wide."""
REACH = 2.5
"""SDs either side of a mean that a window holds, and beyond that a margin."""
ROWS = 512
"""Voxels at most that are looked at together."""


class Look(NamedTuple):
    """What is expected of n voxels: ``mean`` and ``sd`` (n, 2) of log MTT and of the delay in s.

    The delay is that in the templates, the voxel as early as it looks.
    """

    mean: Float[np.ndarray, "n two"]
    sd: Float[np.ndarray, "n two"]


class Fineness(NamedTuple):
    """MTTs and delays at most in a window, and its ``margin`` in log MTT and in s.

    Windows begin and end at multiples of so many ``steps`` of MTTS and of the delay: where there
    are few voxels, larger steps make fewer windows of them. ``doubt`` is the error of the model and
    of its cells, root mean square in parts of that of a curve; see ``Voxels``.
    """

    transits: int
    delays: int
    margin: tuple[float, float]
    doubt: float = 0.0
    steps: int = 6

    def of_few(self) -> "Fineness":
        """The same where there are few voxels."""
        return self._replace(steps=2 * self.steps)


COARSELY, FINELY = Fineness(9, 11, (0.3, 0.75), 0.2), Fineness(14, 12, (0.12, 0.4), 0.1)
ALONE = Fineness(22, 16, (0.45, 1.2))
"""Of windows in which any tissue is looked for, of those in which a prior says where, and of those
of voxels without any.

Doubts were chosen on 15 simulated brains and 12 patients with arteries as scanners see them. The
model's own error is near the second; wide cells miss a curve by more. Without it, where noise is
low, the cell that happens to lie nearest decides, and neighbours follow it."""


class Window(NamedTuple):
    """Voxels ``rows``, and the ``mtts`` (places of MTTS) and ``delays`` (steps) looked at."""

    rows: Int[np.ndarray, " rows"]
    mtts: Int[np.ndarray, " m"]
    delays: Int[np.ndarray, " d"]


def windows(
    look: Look, noise: Noise, table: Templates, late: np.ndarray | None, fineness: Fineness
) -> list[Window]:
    """Windows of all voxels (n,); which one a voxel is in depends on what is expected of it only.

    Voxels of one window are equally ``late`` and have the same samples censored.
    """
    if not len(look.mean):
        return []
    bounds = _bounds(look, table, fineness)
    when = np.zeros(len(bounds)) if late is None else late
    moment = np.unique(when, return_inverse=True)[1].ravel()
    keys = np.concatenate([bounds, np.stack([noise.pattern, moment], axis=1)], axis=1)
    kinds, kind = np.unique(keys, axis=0, return_inverse=True)
    order = np.argsort(kind.ravel(), kind="stable")
    ends = np.cumsum(np.bincount(kind.ravel(), minlength=len(kinds)))
    found = []
    for bound, rows in zip(kinds.tolist(), np.split(order, ends[:-1]), strict=True):
        low, high, early, last, *_ = bound
        mtts = _at_most(low, high, fineness.transits)
        delays = _at_most(early, last, fineness.delays)
        parts = range(0, rows.size, ROWS)
        found += [Window(rows[start : start + ROWS], mtts, delays) for start in parts]
    return found


def _at_most(low: int, high: int, count: int) -> Int[np.ndarray, " k"]:
    """Evenly spaced whole numbers from ``low`` to about ``high``, no more than ``count``."""
    return np.arange(low, high + 1, max(1, -(-(high - low) // (count - 1))))


def first_look(tissue: Float[np.ndarray, "n t"], noise: Noise, table: Templates) -> Look:
    """What a voxel's own curve says under ANYTHING, from wide cells."""
    stride = max(1, round(COARSE / table.step))
    delays = np.arange(table.bounds[0], table.bounds[1] + 1, stride)
    mtts = np.arange(3, MTTS.size, 6)
    curves, cells = table.curves(mtts, delays, EVERY), table.cells(mtts, delays, EVERY)
    curves = curves - curves.mean(axis=1, keepdims=True)
    size = np.sqrt(np.einsum("ij,ij->i", curves, curves))
    least = UNSEEN * size.max()
    unit = (curves / np.maximum(size, least)[:, None]).T
    prior = np.where(size > least, ANYTHING.log_density(cells), NEVER).astype(tissue.dtype)
    about = np.stack([cells[:, 0], cells[:, 0] ** 2, cells[:, 1], cells[:, 1] ** 2], axis=1)
    about, unit = about.astype(tissue.dtype), unit.astype(tissue.dtype)

    def block(curves: np.ndarray, sd: np.ndarray) -> tuple[np.ndarray]:
        weight = np.maximum(curves @ unit / sd, 0)
        weight *= weight
        weight *= 0.5 * SOFTENED
        weight += prior
        weight -= weight.max(axis=1, keepdims=True)
        np.exp(weight, out=weight)
        moments = weight @ about
        moments /= weight.sum(axis=1, keepdims=True)
        return (moments,)

    moments = in_blocks(block, tissue, noise.mean, size=1024)[0]
    mean = moments[:, ::2]
    return Look(mean, np.sqrt(np.maximum(moments[:, 1::2] - mean**2, 0)))


def _bounds(look: Look, table: Templates, fineness: Fineness) -> Int[np.ndarray, "n four"]:
    """First and last MTT (place) and delay (step) of each voxel's window, (n, 4)."""
    log_mtts, steps = np.log(MTTS), fineness.steps
    middle, wide = look.mean, REACH * look.sd + np.array(fineness.margin)
    scale = np.array([log_mtts[1] - log_mtts[0], table.step])
    offset = np.array([log_mtts[0], 0.0])
    low = steps * np.floor((middle - wide - offset) / scale / steps)
    high = low + steps * np.ceil(((middle + wide - offset) / scale - low) / steps)
    lowest, highest = np.array([0, table.bounds[0]]), np.array([MTTS.size - 1, table.bounds[1]])
    low = np.clip(low, lowest, highest - 1)
    high = np.clip(high, low + 1, highest)
    return np.stack([low[:, 0], high[:, 0], low[:, 1], high[:, 1]], axis=1).astype(np.intp)
