"""Tissue curves of one arterial input, as the phantom makes them, on a fine grid."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from bolus.phantom import DigitalPatient
from bolus.phantom.acquisition import Protocol
from bolus.phantom.realism import SHAPES
from bolus.phantom.signal import LEVEL, fine_input
from bolus.physics import RESIDUES, ForwardModel, dispersed

MTT_STEP = 0.025
"""Of log MTT."""
SHAPE_STEPS = 16
DELAY_STEP = 0.05
"""s, about."""


class Cells(NamedTuple):
    """Places in a bank, any shape: of residue shapes, MTTs, delays (in steps) and dispersion."""

    shape: Int[np.ndarray, "..."]
    mtt: Int[np.ndarray, "..."]
    delay: Int[np.ndarray, "..."]
    level: Int[np.ndarray, "..."]


@dataclass(frozen=True, eq=False)
class Bank:
    """Curves of unit CBV for every shape, MTT and delay, of an arterial input dispersed or not.

    ``aif`` (samples,) is the phantom's own, every ``step`` s, beginning ``before`` samples ahead of
    frame 0; a curve has ``samples`` (t,) of it, those of the used frames.
    """

    aif: Float[np.ndarray, " samples"]
    step: float
    before: int
    samples: Int[np.ndarray, " t"]
    residue: str
    log_mtts: Float[np.ndarray, " m"]
    shapes: Float[np.ndarray, " s"]
    delays: tuple[int, int]
    _made: dict[int, Float[np.ndarray, "cells samples"]] = field(default_factory=dict)

    def cells(
        self, point: Float[np.ndarray, "... three"], dispersion: Float[np.ndarray, "..."]
    ) -> Cells:
        """The places nearest to log MTT, delay (s) and residue shape, and to a dispersion (s)."""
        log_mtt, delay, shape = (point[..., place] for place in range(3))
        mtt, form = (
            np.clip(np.rint((value - axis[0]) / (axis[1] - axis[0])), 0, axis.size - 1)
            for value, axis in ((log_mtt, self.log_mtts), (shape, self.shapes))
        )
        late = np.clip(np.rint(delay / self.step), *self.delays)
        level = np.maximum(np.rint(dispersion / LEVEL), 0)
        form, mtt, late, level = (a.astype(np.intp) for a in (form, mtt, late, level))
        return Cells(form, mtt, late, level)

    def curves(self, cells: Cells) -> Float[np.ndarray, "... t"]:
        """The curves of some places."""
        out = np.empty((*cells.mtt.shape, self.samples.size), dtype=np.float32)
        for level in np.unique(cells.level):
            these = cells.level == level
            row = cells.shape[these] * self.log_mtts.size + cells.mtt[these]
            start = row * self.aif.size + self.before - cells.delay[these]
            out[these] = self._table(int(level)).ravel()[start[:, None] + self.samples]
        return out

    def _table(self, level: int) -> Float[np.ndarray, "cells samples"]:
        """Curves (shapes × MTTs, samples) of one level of dispersion; each is made once."""
        if level not in self._made:
            if level == 0:
                mtt, shape = np.exp(self.log_mtts), self.shapes
                mtt = np.tile(mtt, shape.size).astype(np.float32)
                shape = np.repeat(shape, self.log_mtts.size).astype(np.float32)
                model = ForwardModel(self.aif, self.step, RESIDUES[self.residue])
                curves = model(1 / mtt, mtt, np.zeros_like(mtt), shape)
            else:
                curves = dispersed(self._table(0), self.step, LEVEL * level)
            self._made[level] = curves.astype(np.float32)
        return self._made[level]


def bank_of(made: DigitalPatient, used: slice, log_mtts: tuple[float, float]) -> Bank:
    """The bank of a patient whose log MTTs lie in a range, for the ``used`` frames.

    Between its samples the phantom's arterial input is linear, so cutting them finer changes no
    curve, and a delay only shifts them.
    """
    s = made.settings
    steps, dt, coarse = fine_input(
        Protocol(field=s.field, tr=s.tr, te=s.te, frames=s.frames), made.arterial
    )
    parts = int(np.ceil(dt / DELAY_STEP))
    step = dt / parts
    low, high = (float(f(made.truth.delay)) for f in (np.nanmin, np.nanmax))
    delays = int(np.floor((low - 1) / step)), int(np.ceil((high + 1) / step))
    before, after = delays[1] + 1, 1 - delays[0]
    at = np.arange(-before, (coarse.size - 1) * parts + 1 + after) / parts
    aif = np.interp(at, np.arange(coarse.size), coarse, left=0.0).astype(np.float32)
    residue = s.realism.residue
    frames = np.arange(s.frames)[used]
    count = max(2, int(np.ceil((log_mtts[1] - log_mtts[0]) / MTT_STEP)) + 1)
    return Bank(
        aif=aif,
        step=step,
        before=before,
        samples=frames * steps * parts,
        residue=residue,
        log_mtts=np.linspace(*log_mtts, count),
        shapes=np.linspace(*SHAPES[residue][2:], SHAPE_STEPS),
        delays=delays,
    )
