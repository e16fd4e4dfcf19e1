"""The losses of a training as a picture."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np

from bolus.base.files import write_bytes
from bolus.report.figures.overview import ARTERY, INK, MUTED, PAPER, TISSUE


def save_loss_curve(
    train: Sequence[float],
    validation: Sequence[float],
    path: Path,
    *,
    title: str,
    kept: int | None = None,
) -> None:
    """Training and validation loss of every epoch, the epoch that was kept marked, as PNG.

    ``kept`` counts from 1. Validation losses that are NaN are left out; the axis is logarithmic
    where all losses are positive and their range is wide. Raises OutputError.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(8, 4.8), dpi=110, facecolor=PAPER, layout="constrained")
    axis = figure.subplots()
    epochs = np.arange(1, len(train) + 1)
    for values, colour, label in (
        (train, TISSUE, "training"),
        (validation, ARTERY, "validation"),
    ):
        shown = np.asarray(values, dtype=float)
        if np.isfinite(shown).any():
            axis.plot(epochs, shown, color=colour, lw=2.2, marker="o", ms=3.5, label=label)
    if kept is not None:
        axis.axvline(kept, color=MUTED, lw=1.2, ls="--", label=f"kept: epoch {kept}")
    every = np.concatenate([np.asarray(v, dtype=float) for v in (train, validation)])
    every = every[np.isfinite(every)]
    if every.size and every.min() > 0 and every.max() > 3 * every.min():
        axis.set_yscale("log")
    axis.set_facecolor(PAPER)
    axis.tick_params(colors=INK, labelsize=11, which="both")
    for name, spine in axis.spines.items():
        spine.set_visible(name in ("left", "bottom"))
        spine.set_color(MUTED)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.set_xlabel("epoch", color=INK, fontsize=12)
    axis.set_ylabel("loss", color=INK, fontsize=12)
    axis.set_title(title, color=INK, fontsize=13, loc="left", pad=8)
    axis.legend(frameon=False, labelcolor=INK, fontsize=12)
    picture = BytesIO()
    figure.savefig(picture, facecolor=PAPER, format="png")
    write_bytes(path, picture.getvalue())
