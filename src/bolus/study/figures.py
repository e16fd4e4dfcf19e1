"""Figures 3 to 5 of the published study, for any cohort."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float

from bolus.base.about import NOTICE
from bolus.base.files import write_bytes
from bolus.data import Grid, quantity_of
from bolus.grading.cutoff import map_name
from bolus.report.figures.mosaic import pixel_aspect
from bolus.study.patient import SHOWN, Row
from bolus.study.settings import NO_NOISE
from bolus.study.subgroup import THIRD
from bolus.study.table import TRUTH, TableRow

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442")
"""Okabe and Ito's palette, which colour-blind readers can tell apart."""
MARKERS = "osD^vPX*"
GRADES = ("LGG", "HGG")
DPI = 150


@dataclass(frozen=True, kw_only=True, eq=False)
class Example:
    """Maps of one patient by method and name, for Figure 3; ``title`` says who.

    ``relative`` where the echo time is unknown.
    """

    title: str
    grid: Grid
    tumor: Bool[np.ndarray, "x y z"]
    maps: Mapping[str, Mapping[str, Float[np.ndarray, "x y z"]]]
    relative: bool = False


def save_figure(figure: "Figure", path: Path) -> None:
    """The figure as PNG and SVG beside each other; the same figure gives the same bytes."""
    import matplotlib as mpl

    with mpl.rc_context({"svg.hashsalt": "bolus"}):
        for suffix, about in ((".png", {"Software": None}), (".svg", {"Date": None})):
            buffer = io.BytesIO()
            figure.savefig(buffer, format=suffix[1:], dpi=DPI, metadata=about)
            write_bytes(path.with_suffix(suffix), buffer.getvalue())


def maps_figure(examples: Sequence[Example]) -> "Figure":
    """Figure 3: CBF and MTT of a patient of each grade by every method, tumour outlined."""
    from matplotlib.figure import Figure

    columns = list(examples[0].maps)
    rows = [(example, name) for example in examples for name in SHOWN]
    figure = Figure(figsize=(2.1 * len(columns) + 1.4, 2.4 * len(rows) + 0.5), layout="constrained")
    axes = figure.subplots(len(rows), len(columns), squeeze=False)
    for line, (example, name) in zip(axes, rows, strict=True):
        _map_row(figure, line, example, name)
    for axis, column in zip(axes[0], columns, strict=True):
        axis.set_title(column, fontsize=11)
    figure.suptitle(f"CBF and MTT, tumour outlined · {NOTICE}", fontsize=9, color="#555555")
    return figure


def _map_row(figure: "Figure", axes: "Sequence[Axes]", example: Example, name: str) -> None:
    """One map of one patient by every method, on one scale."""
    tumor = example.grid.to_ras(example.tumor)
    level = int(np.argmax(tumor.sum(axis=(0, 1))))
    planes = {c: example.grid.to_ras(own[name])[..., level] for c, own in example.maps.items()}
    quantity, volumes = quantity_of(name), example.maps.values()
    first = next(iter(volumes))[name]
    low, high = quantity.display.range(first[np.isfinite(first)])
    for axis, plane in zip(axes, planes.values(), strict=True):
        # columns from the patient's right to the left, as a radiologist sees them
        shown = axis.imshow(
            plane[::-1, ::-1].T,
            cmap=quantity.display.colours,
            vmin=low,
            vmax=high,
            aspect=pixel_aspect(example.grid),
            interpolation="nearest",
        )
        outline = tumor[::-1, ::-1, level].T.astype(float)
        axis.contour(outline, [0.5], colors="white", linewidths=0.8)
        axis.set_xticks([])
        axis.set_yticks([])
        axis.set_facecolor("black")
    axes[0].set_ylabel(f"{example.title}\n{name.upper()}", fontsize=9)
    bar = figure.colorbar(shown, ax=list(axes), pad=0.01, extend="max")
    unit = quantity.unit_of(example.relative).printed
    bar.set_label(f"{quantity.title}, {unit}", fontsize=9)


def grading_figure(rows: Sequence[Row], table: Sequence[TableRow]) -> "Figure":
    """Figure 4: the ratio of every patient by grade, with the cut-off and p of every method."""
    from matplotlib.figure import Figure

    known = [row for row in table if row.snr == NO_NOISE and row.roc is not None]
    figure = Figure(figsize=(2.5 * max(1, len(known)) + 0.6, 4.2), layout="constrained")
    if not known:
        return figure
    axes = figure.subplots(1, len(known), squeeze=False, sharey=True)[0]
    for axis, row in zip(axes, known, strict=True):
        _ratios(axis, row, _by_grade(rows, row.method))
    axes[0].set_ylabel(f"{map_name(known[0].map)} ratio, tumour / white matter")
    third = "; hollow: WHO grade 3" if any(r.who == THIRD for r in rows) else ""
    figure.suptitle(
        f"Dashed: Youden cut-off of these patients; p: Mann-Whitney{third}\n{NOTICE}",
        fontsize=9,
        color="#555555",
    )
    return figure


def _by_grade(rows: Sequence[Row], method: str) -> dict[str, list[tuple[float, bool]]]:
    """Ratios of a method, or the true ones, by grade, and whether the tumour has WHO grade 3."""
    if method == TRUTH:
        unique = {row.participant_id: row for row in rows}.values()
        found = [(row.grade, row.true_ratio, row.who) for row in unique]
    else:
        own = [row for row in rows if row.method == method and row.snr == NO_NOISE]
        found = [(row.grade, row.ratio, row.who) for row in own]
    return {
        g: [(v, who == THIRD) for grade, v, who in found if grade == g and np.isfinite(v)]
        for g in GRADES
    }


def _ratios(
    axis: "Axes", row: TableRow, values: Mapping[str, Sequence[tuple[float, bool]]]
) -> None:
    assert row.roc is not None
    spread = np.random.default_rng(0)
    axis.boxplot(
        [[value for value, _ in values[g]] for g in GRADES],
        widths=0.55,
        showfliers=False,
        medianprops={"color": "black"},
    )
    for place, grade in enumerate(GRADES):
        x = 1 + place + spread.uniform(-0.15, 0.15, len(values[grade]))
        y = np.array([value for value, _ in values[grade]])
        third = np.array([is_third for _, is_third in values[grade]], dtype=bool)
        colour, marker = COLOURS[place], MARKERS[place]
        # hollow triangles: the high-grade tumours that are hardest to tell from low grade
        axis.scatter(x[~third], y[~third], s=18, c=colour, marker=marker, alpha=0.8, zorder=3)
        axis.scatter(x[third], y[third], s=22, facecolors="none", edgecolors=colour, marker="^")
    axis.axhline(row.roc.cutoff, color="#444444", ls="--", lw=1)
    axis.set_xticks([1, 2], [f"{g}\n(n={len(values[g])})" for g in GRADES])
    name = "true ratio" if row.method == TRUTH else row.method
    p = row.roc.p
    told = f"p {p:.4f}" if p >= 0.0001 else f"p {p:.0e}"
    axis.set_title(
        f"{name}\ncut-off {row.roc.cutoff:.2f}, AUC {row.roc.auc:.2f}, {told}", fontsize=9
    )
    _plain_axis(axis)


def roc_figure(table: Sequence[TableRow]) -> "Figure":
    """ROC curves of every method without added noise, each with its Youden cut-off."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.2, 5.2), layout="constrained")
    axis = figure.subplots()
    axis.plot([0, 1], [0, 1], color="#999999", lw=1, ls=":")
    known = [row for row in table if row.snr == NO_NOISE and row.roc is not None]
    methods = _methods(table)
    for row in known:
        assert row.roc is not None
        colour = "black" if row.method == TRUTH else COLOURS[methods.index(row.method) % 8]
        name = "true ratio" if row.method == TRUTH else row.method
        low, high = row.roc.auc_ci
        told = f"{name}, AUC {row.roc.auc:.2f} ({low:.2f}–{high:.2f})"
        points = row.roc.curve
        style = "--" if row.method == TRUTH else "-"
        axis.plot(points.alarm, points.hit, color=colour, ls=style, lw=1.8, label=told)
        chosen = row.roc.apparent
        axis.plot(1 - chosen.specificity, chosen.sensitivity, color=colour, marker="o", ms=6)
    axis.set_xlabel("1 − specificity")
    axis.set_ylabel("sensitivity")
    axis.set_aspect("equal")
    axis.legend(frameon=False, fontsize=8, loc="lower right")
    axis.set_title(NOTICE, fontsize=8, color="#555555")
    _plain_axis(axis)
    return figure


def _level(table: Sequence[TableRow], snr: str) -> str:
    """An SNR and what was achieved of it."""
    found = [r.achieved[0] for r in table if r.snr == snr and np.isfinite(r.achieved[0])]
    name = "none added" if snr == NO_NOISE else snr
    return f"{name}\n({np.median(found):.0f})" if found else name


def noise_figure(table: Sequence[TableRow]) -> "Figure":
    """Figure 5: AUC against the SNR of the baseline, with 95 % bands."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.4), layout="constrained")
    axis = figure.subplots()
    snrs = list(dict.fromkeys(row.snr for row in table))
    methods = _methods(table)
    shift = np.linspace(-0.12, 0.12, len(methods)) if len(methods) > 1 else np.zeros(1)
    for number, method in enumerate(methods):
        own = [row for row in table if row.method == method and row.roc is not None]
        x = np.array([snrs.index(row.snr) for row in own]) + shift[number]
        areas = [row.roc.auc for row in own if row.roc]
        low, high = (np.array([row.roc.auc_ci[k] for row in own if row.roc]) for k in (0, 1))
        colour, marker = COLOURS[number % 8], MARKERS[number % 8]
        line, inside = (("-", colour), ("--", "white"))[number // 8 % 2]
        (drawn,) = axis.plot(x, areas, color=colour, marker=marker, label=method, lw=1.8, ms=6)
        drawn.set(linestyle=line, markerfacecolor=inside)
        axis.fill_between(x, low, high, color=colour, alpha=0.12, lw=0)
    for row in table:
        if row.method == TRUTH and row.roc is not None:
            axis.axhline(row.roc.auc, color="black", ls=":", label="true ratio")
    axis.set_xticks(range(len(snrs)), [_level(table, snr) for snr in snrs])
    axis.set_xlabel("SNR of the baseline asked for (achieved, median)")
    axis.set_ylabel("AUC (95 % band)")
    axis.set_ylim(min(0.45, axis.get_ylim()[0]), 1.01)
    axis.legend(frameon=False, fontsize=9, ncols=3, loc="lower left", handlelength=3)
    axis.set_title(NOTICE, fontsize=9, color="#555555")
    _plain_axis(axis)
    return figure


def _methods(table: Sequence[TableRow]) -> list[str]:
    """The methods in the order of their colours, which are the same in every figure."""
    return [m for m in dict.fromkeys(row.method for row in table) if m != TRUTH]


def _plain_axis(axis: "Axes") -> None:
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)
