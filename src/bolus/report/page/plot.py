"""A plot as inline SVG: no style attributes, so that a strict content policy takes it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float
from markupsafe import Markup, escape

PIXELS_WIDE, PIXELS_HIGH = 520, 250
LEFT, RIGHT, TOP, BOTTOM = 58, 12, 34, 40
"""Pixels of the drawing and of the margins of its axes."""
LETTER = 7.4
"""Pixels of a letter of the legend."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Line:
    """A curve: ``look`` is its class in the style sheet.

    That is 'aif', 'mixed', 'vein', 'tissue', 'signal', 'motion', or 'axis0' to 'axis2'.
    """

    label: str
    look: str
    x: Float[np.ndarray, " n"]
    y: Float[np.ndarray, " n"]


@dataclass(frozen=True, kw_only=True)
class Band:
    """A shaded stretch of x with a word in it; ``look`` is 'baseline' or 'unused'."""

    label: str
    look: str
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Plot:
    """Lines over bands, with a dashed level where ``limit`` is given and marks on the x axis.

    The y axis begins at 0 with ``from_zero``, and shows ``at_least`` this span.
    """

    title: str
    told: str
    x_label: str
    y_label: str
    lines: Sequence[Line]
    bands: Sequence[Band] = ()
    limit: float | None = None
    from_zero: bool = True
    marks: Sequence[float] = field(default_factory=tuple)
    at_least: tuple[float, float] | None = None

    def svg(self) -> Markup:
        """The plot; ``told`` says it to those who do not see it."""
        x, y = self._spans()
        parts = [
            *(_band(band, x) for band in self.bands),
            *_axis_x(x, self.x_label),
            *_axis_y(y, self.y_label),
            *(_line(line, x, y) for line in self.lines),
            *(_limit(self.limit, y) if self.limit is not None else ()),
            *(_mark(mark, x) for mark in self.marks),
            *_legend(self.lines),
        ]
        return Markup(
            f'<svg class="plot" viewBox="0 0 {PIXELS_WIDE} {PIXELS_HIGH}" role="img" '
            f'aria-label="{escape(self.title)}. {escape(self.told)}">{"".join(parts)}</svg>'
        )

    def _spans(self) -> tuple[tuple[float, float], tuple[float, float]]:
        xs = np.concatenate([line.x for line in self.lines])
        ys = np.concatenate([line.y for line in self.lines])
        ys = ys[np.isfinite(ys)] if np.isfinite(ys).any() else np.zeros(1)
        ys = ys if self.at_least is None else np.concatenate([ys, self.at_least])
        low, high = float(ys.min()), float(max(ys.max(), self.limit or ys.max()))
        low = min(0.0, low) if self.from_zero else low - 0.12 * (high - low)
        return _wide(float(xs.min()), float(xs.max())), _wide(low, low + 1.08 * (high - low))


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers within a span, at most ``most`` + 1."""
    raw = (high - low) / most
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(f * power for f in (1, 2, 5, 10) if f * power >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [n * step for n in range(first, math.floor(high / step + 1e-9) + 1)]


def _wide(low: float, high: float) -> tuple[float, float]:
    return (low, high) if high > low else (low, low + 1.0)


def _px(value: float, span: tuple[float, float]) -> float:
    return LEFT + (value - span[0]) / (span[1] - span[0]) * (PIXELS_WIDE - LEFT - RIGHT)


def _py(value: float, span: tuple[float, float]) -> float:
    return (
        PIXELS_HIGH
        - BOTTOM
        - (value - span[0]) / (span[1] - span[0]) * (PIXELS_HIGH - TOP - BOTTOM)
    )


def _text(x: float, y: float, text: str, look: str, anchor: str = "middle", turn: str = "") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" class="{look}" text-anchor="{anchor}"{turn}>'
        f"{escape(text)}</text>"
    )


def _axis_x(span: tuple[float, float], label: str) -> list[str]:
    foot = PIXELS_HIGH - BOTTOM
    found = [f'<path class="axis" d="M{LEFT} {foot}H{PIXELS_WIDE - RIGHT}"/>']
    for value in ticks(*span):
        x = _px(value, span)
        found.append(f'<path class="axis" d="M{x:.1f} {foot}v4"/>')
        found.append(_text(x, foot + 17, f"{value:g}", "tick"))
    return [*found, _text((LEFT + PIXELS_WIDE - RIGHT) / 2, PIXELS_HIGH - 6, label, "label")]


def _axis_y(span: tuple[float, float], label: str) -> list[str]:
    found = []
    for value in ticks(*span, most=4):
        y = _py(value, span)
        found.append(f'<path class="grid" d="M{LEFT} {y:.1f}H{PIXELS_WIDE - RIGHT}"/>')
        found.append(_text(LEFT - 7, y + 4, f"{value:g}", "tick", "end"))
    middle = (TOP + PIXELS_HIGH - BOTTOM) / 2
    turn = f' transform="rotate(-90 13 {middle:.1f})"'
    return [*found, _text(13, middle, label, "label", turn=turn)]


def _band(band: Band, span: tuple[float, float]) -> str:
    left = max(_px(band.low, span), LEFT)
    wide = min(_px(band.high, span), PIXELS_WIDE - RIGHT) - left
    box = (
        f'<rect class="band {band.look}" x="{left:.1f}" y="{TOP}" width="{max(wide, 0):.1f}" '
        f'height="{PIXELS_HIGH - TOP - BOTTOM}"/>'
    )
    fits = wide > 6.8 * len(band.label)
    word = _text(left + wide / 2, TOP + 15, band.label, "tick") if fits else ""
    return box + word


def _line(line: Line, x: tuple[float, float], y: tuple[float, float]) -> str:
    good = np.isfinite(line.y)
    points = " ".join(
        f"{_px(a, x):.1f},{_py(b, y):.1f}"
        for a, b in zip(line.x[good].tolist(), line.y[good].tolist(), strict=True)
    )
    return f'<polyline class="line {line.look}" points="{points}"/>'


def _limit(value: float, span: tuple[float, float]) -> list[str]:
    y = _py(value, span)
    return [
        f'<path class="limit" d="M{LEFT} {y:.1f}H{PIXELS_WIDE - RIGHT}"/>',
        _text(PIXELS_WIDE - RIGHT, y - 5, f"limit {value:g}", "tick", "end"),
    ]


def _mark(value: float, span: tuple[float, float]) -> str:
    x, foot = _px(value, span), PIXELS_HIGH - BOTTOM
    return f'<path class="mark" d="M{x - 4:.1f} {TOP - 1}h8l-4 7zM{x:.1f} {TOP}V{foot}"/>'


def _legend(lines: Sequence[Line]) -> list[str]:
    letters = LETTER * sum(len(line.label) for line in lines)
    spare = (PIXELS_WIDE - LEFT - letters) / max(1, len(lines))  # of a line's sample and the gaps
    sample, gap = (26, 22.0) if spare >= 54 else (18, max(4.0, spare - 22))
    found, x = [], float(LEFT)
    for line in lines:
        found.append(f'<path class="line {line.look}" d="M{x:.1f} 15h{sample}"/>')
        found.append(_text(x + sample + 4, 19, line.label, "legend", "start"))
        x += sample + 4 + LETTER * len(line.label) + gap
    return found
