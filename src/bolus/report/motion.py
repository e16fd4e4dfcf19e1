"""The head's motion as a picture."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bolus.data import Motion, PerfusionMaps, SeriesError
from bolus.report.motion_facts import SAID, flagged_used
from bolus.report.overview import ARTERY, INK, MUTED, PAPER

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

AXES = ("x (left–right)", "y (back–front)", "z (foot–head)")
STYLES = ("-", "--", "-.")
SIZE = (9.0, 6.4)
"""Inches."""


class Look(NamedTuple):
    """Colours of a picture: ink, paper, what is muted, what warns, and one for each axis.

    The three are Okabe and Ito's, told apart with any colour vision; the lines differ in style too.
    """

    ink: str
    paper: str
    muted: str
    warning: str
    lines: tuple[str, str, str]


DARK = Look(INK, PAPER, MUTED, ARTERY, ("#56b4e9", "#e69f00", "#cc79a7"))
LIGHT = Look("#1a1d21", "#ffffff", "#5c646c", "#b3261e", ("#0072b2", "#d55e00", "#007a5a"))


def motion_figure(maps: PerfusionMaps, *, light: bool = False) -> "Figure":
    """Figure of three panels over time: shifts in mm, turns in degrees, framewise displacement.

    Shifts and turns are those that bring a frame back to the mean pose. Flagged frames are marked
    in all panels, the limit in the last; frames that were not used are shaded. ``light`` is for a
    white page. Raises SeriesError where motion was not measured.
    """
    from matplotlib.figure import Figure

    motion = maps.series.motion
    if motion is None:
        raise SeriesError("the motion of this series was not measured: there is nothing to show")
    look = LIGHT if light else DARK
    figure = Figure(figsize=SIZE, dpi=100, facecolor=look.paper, layout="constrained")
    shifts, turns, moved = figure.subplots(3, sharex=True)
    time = maps.series.dt * np.arange(len(motion.pose))
    _poses(shifts, time, motion.pose[:, :3], "shift, mm", look)
    _poses(turns, time, motion.pose[:, 3:], "turn, degrees", look)
    _displacement(moved, time, motion, look)
    for axis in (shifts, turns, moved):
        _marked(axis, time, maps, look)
        _dressed(axis, look)
    shifts.legend(
        frameon=False, labelcolor=look.ink, fontsize=10, loc="lower left",
        bbox_to_anchor=(0, 1.0), ncols=3,
    )  # fmt: skip
    count = len(flagged_used(maps))
    what = f", {SAID[maps.flagged_frames]}" if count else ""
    moved.set_title(
        f"{count} used frames over the limit{what}", color=look.ink, fontsize=10, loc="right"
    )
    moved.set_xlabel("time, s", color=look.ink, fontsize=11)
    return figure


def _poses(axis: "Axes", time: np.ndarray, values: np.ndarray, label: str, look: Look) -> None:
    for k, (name, style) in enumerate(zip(AXES, STYLES, strict=True)):
        axis.plot(time, values[:, k], style, color=look.lines[k], lw=1.8, label=name)
    most = max(1.0, 1.1 * float(np.abs(values).max()))
    axis.set_ylim(-most, most)
    axis.set_ylabel(label, color=look.ink, fontsize=11)


def _displacement(axis: "Axes", time: np.ndarray, motion: Motion, look: Look) -> None:
    axis.plot(time, motion.displacement, color=look.ink, lw=1.8)
    axis.axhline(motion.limit, color=look.warning, lw=1.2, ls=":")
    axis.text(
        time[-1], motion.limit, f"limit {motion.limit:g} mm",
        color=look.warning, fontsize=10, ha="right", va="bottom",
    )  # fmt: skip
    flagged = motion.flagged
    axis.plot(time[flagged], motion.displacement[flagged], "v", color=look.warning, ms=7, ls="none")
    axis.set_ylim(0, 1.25 * max(motion.limit, float(motion.displacement.max())))
    axis.set_ylabel("framewise\ndisplacement, mm", color=look.ink, fontsize=11)


def _marked(axis: "Axes", time: np.ndarray, maps: PerfusionMaps, look: Look) -> None:
    """Lines at flagged frames, shade over those that were not used."""
    for frame in flagged_used(maps):
        axis.axvline(time[frame], color=look.warning, lw=1.0, alpha=0.45, zorder=0)
    frames, half = maps.series.frames, maps.series.dt / 2
    if frames is None:
        return
    for first, stop in ((0, frames.first), (frames.stop, time.size)):
        if stop > first:
            axis.axvspan(
                time[first] - half, time[stop - 1] + half, color=look.muted, alpha=0.25, lw=0
            )


def _dressed(axis: "Axes", look: Look) -> None:
    axis.set_facecolor(look.paper)
    axis.tick_params(colors=look.ink, labelsize=10)
    axis.margins(x=0.01)
    for name, spine in axis.spines.items():
        spine.set_visible(name in ("left", "bottom"))
        spine.set_color(look.muted)
