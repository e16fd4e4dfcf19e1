"""Tissue curves of unit CBV for every transit time, delay, residue shape and dispersion."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float, Int
from scipy.interpolate import CubicSpline

from bolus.physics import RESIDUES, ForwardModel, dispersed

RESIDUE = "weibull"
MTTS = np.geomspace(0.8, 40.0, 40)
"""Transit times in s, 11 % apart."""
SHAPES = np.geomspace(0.7, 5.0, 10)
EARLIEST, LATEST = -6.0, 24.0
"""Delays in s between which tissue is looked for."""
UNSEEN, NEVER = 1e-3, -1e9
"""Share of the largest template under which one has its bolus outside the scan; its log prior."""
MOST = 8.0
"""s of dispersion at most."""
STEP = 0.3
"""s between delays, about: a frame is cut into a whole number of parts."""


@dataclass(frozen=True, eq=False)
class Templates:
    """Curves on parts of frames, from which any delay is cut.

    ``fine`` curves have ``parts`` samples a frame, beginning ``before`` samples ahead of frame 0.

    A curve that is later by a part of a frame is the same one read a sample earlier. ``step`` are
    the seconds between two samples, ``frames`` is the length of a curve. A delay in a table holds
    the mean time that dispersion takes, ``spread`` s, of which ``rest`` are less than a step.
    """

    fine: Float[np.ndarray, "shapes mtts samples"]
    spread: float
    rest: float
    before: int
    parts: int
    frames: int
    step: float

    @property
    def bounds(self) -> tuple[int, int]:
        """Earliest and latest delay, in steps."""
        return int(np.ceil(EARLIEST / self.step)), int(np.floor(LATEST / self.step))

    def curves(
        self, mtts: Int[np.ndarray, " m"], delays: Int[np.ndarray, " d"], every: int = 1
    ) -> Float[np.ndarray, "cells t"]:
        """Curves of some MTTS (by place) and delays (in steps), and of every so many-th shape."""
        samples = (self.before - delays)[:, None] + self.parts * np.arange(self.frames)
        return self.fine[::every, mtts][..., samples].reshape(-1, self.frames)

    def cells(
        self, mtts: Int[np.ndarray, " m"], delays: Int[np.ndarray, " d"], every: int = 1
    ) -> Float[np.ndarray, "cells three"]:
        """Log MTT, delay in s and log shape of these curves, in the same order."""
        late = delays * self.step + self.rest
        axes = np.log(SHAPES[::every]), np.log(MTTS[mtts]), late
        shape, mtt, delay = (axis.ravel() for axis in np.meshgrid(*axes, indexing="ij"))
        return np.stack([mtt, delay, shape], axis=1)


@dataclass(frozen=True, eq=False)
class Undispersed:
    """Curves of an arterial input as it is, of ``frames`` frames cut into ``parts`` of ``step`` s.

    ``fine`` begins ``before`` samples ahead of frame 0.
    """

    fine: Float[np.ndarray, "curves samples"]
    before: int
    parts: int
    frames: int
    step: float

    def dispersed(self, time: float) -> Templates:
        """The table with a dispersion of ``time`` s; one of -τ s is one undone, C + τ·dC/dt."""
        edge, late = int(np.ceil(MOST / self.step)), round(time / self.step)
        length = self.fine.shape[1] - 2 * edge
        curves = self._one(time)[:, edge + late : edge + late + length].astype(np.float32)
        fine = curves.reshape(SHAPES.size, MTTS.size, length)
        rest, before = time - late * self.step, self.before - edge
        return Templates(fine, time, rest, before, self.parts, self.frames, self.step)

    def _one(self, time: float) -> Float[np.ndarray, "curves samples"]:
        if time < 0:
            return self.fine - time * np.gradient(self.fine, self.step, axis=1)
        return np.asarray(dispersed(self.fine, self.step, time))


def undispersed(aif: Float[np.ndarray, " t"], dt: float) -> Undispersed:
    """The curves of an arterial input (t,) sampled every ``dt`` s.

    Between its samples the arterial input follows a cubic spline: straight lines would widen the
    bolus by dt²/6 of variance, and tissue would look as much faster. It is 0 before the scan and
    keeps its last value after it.
    """
    parts = max(1, round(dt / STEP))
    step = dt / parts
    before, after = (int(np.ceil((s + MOST) / dt) + 2) * parts for s in (LATEST, dt - EARLIEST))
    at = np.arange(-before, aif.size * parts + after) / parts
    spline = CubicSpline(np.arange(-2, aif.size), np.concatenate([[0.0, 0.0], aif]))
    finer = np.where(at < -1, 0.0, spline(np.minimum(at, aif.size - 1)))
    model = ForwardModel(finer, step, RESIDUES[RESIDUE])
    curves = model.weighted(np.tile(1 / MTTS, SHAPES.size), *_weights(finer.size, step))
    return Undispersed(curves, before, parts, int(aif.size), step)


@lru_cache(maxsize=4)
def _weights(samples: int, step: float) -> tuple[np.ndarray, int]:
    """What the table convolves an input of so many samples with; inputs of one scan share it."""
    shape, mtt = (axis.ravel() for axis in np.meshgrid(SHAPES, MTTS, indexing="ij"))
    return ForwardModel(np.empty(samples), step, RESIDUES[RESIDUE]).weights(mtt, 0 * mtt, shape)
