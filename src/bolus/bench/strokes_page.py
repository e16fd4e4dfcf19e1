"""The page on volumes of simulated strokes."""

from collections.abc import Sequence
from textwrap import fill

import numpy as np

from bolus.bench.strokes import FRAMES, SHAPE, SMALL, TE, TR, StrokeRow
from bolus.data.measures import measure_of
from bolus.report.text.layout import Layout, as_markdown

GOAL = "late_volume", "Tmax > 6 s"
"""The number with a goal: |error| in the median, and in 95 % of strokes."""


def strokes_page(rows: Sequence[StrokeRow], many: Sequence[StrokeRow]) -> str:
    """The tables as a page of Markdown: of every method, and of the intervals in ``many``."""
    head = "# Volumes of simulated strokes\n\nWritten by `bolus bench --strokes`.\n"
    every, held = as_markdown(strokes_layout(rows)), intervals_layout(many)
    return "\n".join([head, every, _goal(rows), f"## {held.title}\n", as_markdown(held)])


def intervals_layout(many: Sequence[StrokeRow]) -> Layout:
    """How often 90 % intervals of numbers by ``joint`` hold the truth, and how wide they are."""
    snrs = sorted({row.snr for row in many}, reverse=True)
    rows = []
    for number in dict.fromkeys((row.measure, row.region) for row in many):
        chosen = [row for row in many if (row.measure, row.region) == number]
        known = [row for row in chosen if np.isfinite(row.held) and np.isfinite(row.true)]
        if known:
            width = float(np.median([row.high - row.low for row in known]))
            shares = [_held([row for row in known if row.snr == snr]) for snr in snrs]
            cells = _median([row.true for row in known]), f"{len(known)}", _held(known), *shares
            rows.append((_title(number), *cells, f"{width:.3g}", _cell(known).split(" / ")[0]))
    strokes = len({row.seed for row in many})
    return Layout(
        name="stroke_intervals",
        title="Intervals",
        note=f"{strokes} other strokes, in heads of {' × '.join(map(str, SMALL))} voxels of "
        "4.6 × 4.6 × 7 mm, each at one SNR in turn, by `joint`. Of the strokes that have a number "
        "and its interval: the median of the truth, the share of 90 % intervals that hold it, in "
        "all and by SNR, the median width of the interval and the median |error|. Methods and "
        "intervals were made by looking at strokes of other seeds.",
        columns=(
            "number", "true", "strokes", "held", *(f"SNR {snr:g}" for snr in snrs), "width",
            "|error|",
        ),
        sections=(("", tuple(rows)),),
    )  # fmt: skip


def _held(rows: Sequence[StrokeRow]) -> str:
    return f"{100 * np.mean([row.held for row in rows]):.0f} %" if rows else "–"


def strokes_layout(rows: Sequence[StrokeRow]) -> Layout:
    """A section an SNR, a row a number, a column a method."""
    methods = tuple(dict.fromkeys(row.method for row in rows))
    strokes = len({row.seed for row in rows})
    true = [row.true for row in _some(rows, rows[0].snr, methods[0], GOAL)]
    sections = []
    for snr in dict.fromkeys(row.snr for row in rows):
        numbers = dict.fromkeys((row.measure, row.region) for row in rows)
        lines = tuple(
            (_title(number), _median([r.true for r in _some(rows, snr, methods[0], number)]),
             *(_cell(_some(rows, snr, method, number)) for method in methods))
            for number in numbers
        )  # fmt: skip
        sections.append((f"SNR {snr:g}", lines))
    note = (
        f"{strokes} strokes in heads of {' × '.join(map(str, SHAPE))} voxels of 3.4 × 3.4 × 6 mm, "
        f"TR {TR:g} s, TE {1000 * TE:g} ms, {FRAMES} frames; brain later than 6 s: "
        f"{min(true):.0f} to {max(true):.0f} mL. The arterial input is found, the brain is known, "
        "the head does not move. Median of the truth, then of each method: median |error| / 95th "
        "percentile of |error| / mean error (in the number's unit) / share in % of 90 % intervals "
        "that hold the truth. True numbers come of the true maps by the same rules; the true core "
        "is the tissue that was made dead."
    )
    columns = ("number", "true", *(f"`{method}`" for method in methods))
    return Layout(
        name="strokes", title="Strokes", note=note, columns=columns, sections=tuple(sections)
    )


def _some(
    rows: Sequence[StrokeRow], snr: float, method: str, number: tuple[str, str]
) -> list[StrokeRow]:
    return [
        row
        for row in rows
        if (row.snr, row.method) == (snr, method) and (row.measure, row.region) == number
    ]


def _title(number: tuple[str, str]) -> str:
    about = measure_of(number[0])
    return f"{about.title} ({number[1]}), {about.unit.printed or 'ratio'}"


def _median(values: list[float]) -> str:
    known = [value for value in values if np.isfinite(value)]
    return f"{np.median(known):.3g}" if known else "–"


def _cell(rows: list[StrokeRow]) -> str:
    errors = np.array([row.error for row in rows])
    errors = errors[np.isfinite(errors)]
    if not errors.size:
        return "–"
    size, held = np.abs(errors), np.array([row.held for row in rows])
    held = held[np.isfinite(held)]
    share = f"{100 * held.mean():.0f}" if held.size else "–"
    return f"{np.median(size):.3g} / {np.quantile(size, 0.95):.3g} / {errors.mean():+.3g} / {share}"


def _goal(rows: Sequence[StrokeRow]) -> str:
    """How far the volume of tissue at risk is from its goal."""
    told = []
    for method in dict.fromkeys(row.method for row in rows):
        for snr in dict.fromkeys(row.snr for row in rows):
            some = _some(rows, snr, method, GOAL)
            size = np.array([abs(row.error) for row in some])
            near = np.array([e <= max(5.0, 0.05 * r.true) for e, r in zip(size, some, strict=True)])
            told.append(
                f"`{method}` at SNR {snr:g}: {np.median(size):.0f} mL in the median, "
                f"{100 * np.median([e / r.true for e, r in zip(size, some, strict=True)]):.0f} %; "
                f"{100 * near.mean():.0f} % of strokes within 5 mL or 5 %, "
                f"{100 * (size <= 15).mean():.0f} % within 15 mL"
            )
    return fill("Volume later than 6 s: " + "; ".join(told) + ".", 116) + "\n"
