"""A comparison as one page that needs nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8
from markupsafe import Markup

from bolus.base.about import NOTICE, software
from bolus.data import QUANTITIES
from bolus.data.display import SIGNED, Symmetric
from bolus.data.measures import measure_of
from bolus.followup.change import Change
from bolus.followup.compared import Compared
from bolus.followup.voxels import VoxelChange
from bolus.report.figures.colours import shades
from bolus.report.page.build import allowed_source, page_text
from bolus.report.page.pictures import LEVELS, Picture, bar_picture, picture, sheet, to_levels

REAL = 0.95
"""Probability from which a change is coloured, and stands out in the table."""
GREYS = 127
"""Levels of a picture that are grey; the others are colours, and the last is clear."""
WHITEST = 170
SHOWN = 95
"""Percentile of the changes, up or down, that the colours reach to: tissue fills them."""
NONE = "–"


@dataclass(frozen=True, kw_only=True)
class Line:
    """A change in words; ``real`` where its probability is at least REAL."""

    title: str
    region: str
    kind: str
    before: str
    after: str
    change: str
    interval: str
    probability: str
    real: bool
    note: str


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A map of change: everything, and what is real over the image before the bolus."""

    title: str
    how: str
    unit: str
    every: Picture
    real: Picture | None
    bar: Picture
    ticks: tuple[str, ...]


def comparison_page(found: Compared) -> str:
    """The page as HTML; the same comparison gives the same page. It loads nothing."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("bolus.followup", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = page_text("page.css")
    pair = found.pair
    return environment.get_template("page.html.j2").render(
        policy=f"default-src 'none'; style-src {allowed_source(style)}; img-src data:; "
        "base-uri 'none'; form-action 'none'",
        style=Markup(style),
        notice=NOTICE,
        software=software(),
        methods=list(dict.fromkeys(visit.method for visit in (pair.before, pair.after))),
        registration=pair.registration.told,
        place_sd=f"{pair.registration.sd:.1f}",
        differences=found.differences,
        may=found.may,
        lines=lines_of(found.changes),
        numbers=lines_of(found.numbers),
        notes=list(dict.fromkeys(c.note for c in (*found.changes, *found.numbers) if c.note)),
        reference="reference" in pair.regions,
        figures=[_figure(found, change) for change in found.voxels],
        real=f"{REAL:g}",
    )


def lines_of(changes: Sequence[Change]) -> list[Line]:
    """Changes as rows of a table, for the page and for a terminal."""
    return [_line(change) for change in changes]


def _line(change: Change) -> Line:
    low, high = change.interval or (None, None)
    per_cent = change.change_unit == "%"
    unit = "" if change.unit == "1" else f" {change.unit}"
    return Line(
        title=_title(change.quantity),
        region=change.region.replace("tumor", "tumour"),
        kind=change.kind,
        before=f"{change.before:.3g}{unit}",
        after=f"{change.after:.3g}{unit}",
        change=_signed(change.change, per_cent) + (" %" if per_cent else unit),
        interval=NONE
        if low is None or high is None
        else f"{_signed(low, per_cent)} to {_signed(high, per_cent)}",
        probability=NONE if change.probability is None else _share(change.probability),
        real=change.probability is not None and change.probability >= REAL,
        note=change.note,
    )


def _title(name: str) -> str:
    if name in QUANTITIES:
        return QUANTITIES[name].title
    return measure_of(name).title


def _signed(value: float, per_cent: bool) -> str:
    told = f"{value:+.0f}" if per_cent else f"{value:+.2g}"
    return "0" if float(told) == 0 else told


def _share(probability: float) -> str:
    """Never 1: an interval is only as good as what it is made of."""
    return "> 0.999" if probability > 0.999 else f"{probability:.3f}"


def _figure(found: Compared, change: VoxelChange) -> Figure:
    pair = found.pair
    grid, brain = pair.before.grid, pair.brain
    inside = change.change[brain & np.isfinite(change.change)]
    reach = Symmetric(SHOWN)(inside)[1] if inside.size else 1.0
    colours = np.concatenate([shades(SIGNED, LEVELS), np.zeros((1, 3), dtype=np.uint8)])
    shown = np.where(brain, change.change, np.nan)
    every = picture(sheet(to_levels(shown, -reach, reach), grid, brain, LEVELS), colours)
    ticks = np.array([-reach, 0.0, reach])
    return Figure(
        title=change.quantity.title,
        how=change.how,
        unit="" if change.unit == "1" else change.unit,
        every=every,
        real=None if change.probability is None else _real(found, change, reach),
        bar=bar_picture(SIGNED),
        ticks=tuple(f"{tick:+.2g}" if tick else "0" for tick in ticks),
    )


def _real(found: Compared, change: VoxelChange, reach: float) -> Picture:
    """Where the change is real in colour, elsewhere the image before the bolus in grey."""
    grid, brain, base = found.pair.before.grid, found.pair.brain, found.pair.before.baseline
    top = float(np.nanpercentile(base[brain], 99.5))
    levels = np.minimum(_part(base, 0.0, top, GREYS), GREYS - 1)
    assert change.probability is not None
    real = brain & (np.abs(change.probability) >= REAL)
    coloured = GREYS + _part(change.change, -reach, reach, LEVELS - GREYS)
    levels = np.where(real, coloured, np.where(np.isfinite(base), levels, LEVELS))
    greys = np.linspace(0, WHITEST, GREYS).round().astype(np.uint8)
    palette = np.concatenate(
        [
            np.repeat(greys[:, None], 3, axis=1),
            shades(SIGNED, LEVELS - GREYS),
            np.zeros((1, 3), dtype=np.uint8),
        ]
    )
    return picture(sheet(levels.astype(np.uint8), grid, brain, LEVELS), palette)


def _part(values: np.ndarray, low: float, high: float, levels: int) -> UInt8[np.ndarray, "x y z"]:
    """Values of a window as 0 to levels − 1."""
    share = np.clip((np.nan_to_num(values, nan=low) - low) / (high - low), 0, 1)
    return np.asarray((share * (levels - 1)).round(), dtype=np.uint8)
