"""The two drawings of the published autoencoder in docs/images: python docs/drawings.py.

Sizes are those of ``PaperConfig``, curves those of the package's own forward model.
"""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from bolus.estimators.paper.config import KERNEL_SIZE, PARAMETERS, PaperConfig
from bolus.phantom import arterial_input
from bolus.physics import RESIDUES, ForwardModel, impulse_response
from bolus.study.figures import save_figure

IMAGES = Path(__file__).parent / "images"
BLUE, RED, GREY = "#0072B2", "#D55E00", "#444444"


def network(config: PaperConfig | None = None) -> Figure:
    """The encoder: two curves to a transit time, and what becomes of it."""
    config = PaperConfig() if config is None else config
    layers = [
        f"Conv1d, {KERNEL_SIZE} frames\nbatch norm\nleaky ReLU {config.slope}\n{size} × T"
        for size in config.channels
    ]
    texts = [
        "C(t) and AIF(t)\nover one maximum\n2 × T",
        *layers,
        f"mean over time\n{config.channels[-1]}",
        f"affine map\nsoftplus + {config.floor} s\nMTT",
        "CBV = ∫C / ∫AIF\nCBF = CBV / MTT",
    ]
    figure = Figure(figsize=(12, 2.1), layout="constrained")
    axis = figure.subplots()
    for place, text in enumerate(texts):
        _box(axis, place, text, colour=BLUE if 0 < place <= len(layers) else GREY)
        if place:
            axis.annotate(
                "",
                (place - 0.43, 0.5),
                (place - 0.57, 0.5),
                arrowprops={"arrowstyle": "->", "color": GREY},
            )
    axis.set_xlim(-0.5, len(texts) - 0.5)
    axis.set_ylim(0, 1)
    axis.axis("off")
    axis.set_title(f"phae-paper's encoder, {PARAMETERS} trainable numbers", fontsize=10)
    return figure


def decoder() -> Figure:
    """The decoder: the response of a Lorentzian residue, convolved with the arterial input."""
    dt, cbv, mtt = 1.5, np.array([0.04]), np.array([5.0])
    time = dt * np.arange(50)
    aif = arterial_input(time, onset=12.0)
    zero, residue = np.zeros(1), RESIDUES["lorentzian"]
    cbf = cbv / mtt
    fine = np.linspace(0, 30, 301)
    rebuilt = ForwardModel(aif, dt, residue)(cbf, mtt, zero)[0]
    noisy = rebuilt + np.random.default_rng(0).normal(0, 0.05 * rebuilt.max(), time.size)
    figure = Figure(figsize=(12, 2.8), layout="constrained")
    first, middle, last = figure.subplots(1, 3)
    first.plot(time, aif, color=RED)
    first.set_title("AIF(t)", fontsize=10)
    middle.plot(fine, impulse_response(fine, cbf, mtt, residue, zero), color=BLUE)
    middle.set_title("⊗  CBF · R(t; MTT), R Lorentzian", fontsize=10)
    last.plot(time, noisy, ".", color=GREY, label="C(t)")
    last.plot(time, rebuilt, color=BLUE, label="Ĉ(t)")
    last.set_title("=  Ĉ(t); loss: mean |C − Ĉ|", fontsize=10)
    last.legend(frameon=False, fontsize=9)
    for axis in (first, middle, last):
        axis.set_xlabel("s", fontsize=9)
        axis.set_yticks([])
        for side in ("top", "right", "left"):
            axis.spines[side].set_visible(False)
    return figure


def _box(axis: Axes, place: int, text: str, *, colour: str) -> None:
    axis.add_patch(
        FancyBboxPatch(
            (place - 0.4, 0.15),
            0.8,
            0.7,
            boxstyle="round,pad=0.02",
            facecolor="white",
            edgecolor=colour,
            lw=1.4,
        )
    )
    axis.text(place, 0.5, text, ha="center", va="center", fontsize=8.5, color="#1b1f23")


if __name__ == "__main__":
    save_figure(network(), IMAGES / "phae-paper-network.png")
    save_figure(decoder(), IMAGES / "phae-paper-decoder.png")
    for path in IMAGES.glob("phae-paper-*.svg"):
        path.unlink()
