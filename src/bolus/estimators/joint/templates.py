"""Tissue curves of unit CBV for every transit time, delay and residue shape, cut from one table."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.interpolate import CubicSpline

from bolus.physics import RESIDUES, ForwardModel

RESIDUE = "weibull"
MTTS = np.geomspace(0.8, 40.0, 40)
"""Transit times in s, 11 % apart."""
SHAPES = np.geomspace(0.7, 5.0, 10)
EARLIEST, LATEST = -6.0, 24.0
"""Delays in s between which tissue is looked for."""
UNSEEN, NEVER = 1e-3, -1e9
"""Share of the largest template under which one has its bolus outside the scan; its log prior."""
STEP = 0.25
"""s between delays, about: a frame is cut into a whole number of parts."""


@dataclass(frozen=True, eq=False)
class Templates:
    """Curves on parts of frames, from which any delay is cut.

    ``fine`` curves have ``parts`` samples a frame, beginning ``before`` samples ahead of frame 0.

    A curve that is later by a part of a frame is the same one read a sample earlier. ``step`` are
    the seconds between two samples, ``frames`` is the length of a curve.
    """

    fine: Float[np.ndarray, "shapes mtts samples"]
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
        axes = np.log(SHAPES[::every]), np.log(MTTS[mtts]), delays * self.step
        shape, mtt, delay = (axis.ravel() for axis in np.meshgrid(*axes, indexing="ij"))
        return np.stack([mtt, delay, shape], axis=1)


def templates(aif: Float[np.ndarray, " t"], dt: float) -> Templates:
    """The table of an arterial input (t,) sampled every ``dt`` s.

    Between its samples the arterial input follows a cubic spline: straight lines would widen the
    bolus by dt²/6 of variance, and tissue would look as much faster. It is 0 before the scan and
    keeps its last value after it.
    """
    parts = max(1, round(dt / STEP))
    step = dt / parts
    before, after = (int(np.ceil(s / dt) + 1) * parts for s in (LATEST, -EARLIEST + dt))
    at = np.arange(-before, aif.size * parts + after) / parts
    spline = CubicSpline(np.arange(-2, aif.size), np.concatenate([[0.0, 0.0], aif]))
    finer = np.where(at < -1, 0.0, spline(np.minimum(at, aif.size - 1)))
    shape, mtt = (axis.ravel() for axis in np.meshgrid(SHAPES, MTTS, indexing="ij"))
    model = ForwardModel(finer, step, RESIDUES[RESIDUE])
    curves = model(1 / mtt, mtt, np.zeros_like(mtt), shape).astype(np.float32)
    fine = curves.reshape(SHAPES.size, MTTS.size, -1)
    return Templates(fine, before, parts, int(aif.size), step)
