"""The parts of a page put together under a strict content policy."""

import base64
import hashlib
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files

import numpy as np
from markupsafe import Markup

from bolus.assets import asset_text
from bolus.base.about import NOTICE
from bolus.data import Identity, PerfusionMaps
from bolus.report.echo import echo_told
from bolus.report.facts import facts_of
from bolus.report.page.curves import plots
from bolus.report.page.histogram import histogram_plot
from bolus.report.page.numbers import number_lines
from bolus.report.page.over_anatomy import anatomy_words, over_anatomy
from bolus.report.page.pictures import (
    FLAGS,
    Picture,
    bar_picture,
    baseline_picture,
    map_picture,
    quality_levels,
    quality_picture,
    slices_told,
)
from bolus.report.page.provenance import provenance
from bolus.report.page.regions import region_table
from bolus.report.page.shown import Shown, shown_maps
from bolus.report.page.volumes import packed
from bolus.report.rims import words
from bolus.report.text.methods import methods_text
from bolus.report.verdict import Word

LIMIT = 5_000_000
"""Bytes that a page stays under."""
HOLE = "@@volumes@@"
"""Stands in the page until it is known how much room the volumes have."""
SIGNS = {Word.GOOD: "✓", Word.DOUBTFUL: "!", Word.POOR: "✕", Word.NONE: "–"}
SCRIPTS = ("codes.js", "scene.js", "viewer.js")
"""The page's own scripts, in the order of their use."""
IDENTITY = {
    "name": "Patient",
    "patient_id": "Patient ID",
    "birth_date": "Born",
    "accession": "Accession number",
    "series_description": "Series",
}


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A picture of a map with its words and colour bar, which has three values."""

    title: str
    meaning: str
    unit: str
    picture: Picture
    bar: Picture
    ticks: tuple[str, ...]


def page(maps: PerfusionMaps, identity: Identity | None = None) -> str:
    """The page as HTML of less than LIMIT bytes; the same maps give the same page.

    It loads nothing: scripts and style are allowed by their SHA-256 alone, images only as data. All
    text from outside is escaped.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("bolus.report.page", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    shown = shown_maps(maps)
    text = environment.get_template("page.html.j2").render(
        **_words(maps, identity), **_pictures(maps, shown), **_code()
    )
    before, _, after = text.rpartition(HOLE)  # the last: a name may hold it too
    volumes = packed(maps, shown, room=LIMIT - len(text.encode())) or "null"
    return f"{before}{volumes}{after}"


def _words(maps: PerfusionMaps, identity: Identity | None) -> dict[str, object]:
    facts = facts_of(maps)
    series = maps.series
    return {
        "notice": NOTICE,
        "label": maps.label,
        "identity": _identity(identity),
        "method": maps.method,
        "matrix": " × ".join(str(n) for n in series.grid.shape),
        "voxels": " × ".join(f"{edge:.3g}" for edge in series.grid.voxel_size),
        "echo": echo_told(series),
        "repetition": f"TR {series.dt:.4g} s",
        "frames": series.n_frames,
        "uncertain": bool(maps.sd),
        "checks": facts.checks,
        "signs": SIGNS,
        "overall": facts.overall,
        "lead": facts.verdict,
        "methods": methods_text(maps),
        "provenance": provenance(maps),
        "rois": words(sorted(maps.marked)),
    }


def _pictures(maps: PerfusionMaps, shown: tuple[Shown, ...]) -> dict[str, object]:
    return {
        "plots": plots(maps),
        "regions": region_table(maps, shown),
        "numbers": number_lines(maps.measurements),
        "histogram": histogram_plot(maps),
        "slices": slices_told(maps),
        "arteries": facts_of(maps).arterial.voxels,
        "vein": facts_of(maps).arterial.vein,
        "baseline": baseline_picture(maps),
        "quality": quality_picture(maps),
        "shares": _shares(maps),
        "overlays": [
            (_figure(maps, s, picture), anatomy_words(maps, number))
            for s, number, picture in over_anatomy(maps, shown)
        ],
        "figures": [_figure(maps, s) for s in shown] + _uncertainty(maps, shown),
        "volumes": Markup(HOLE),
    }


def _code() -> dict[str, object]:
    """Scripts, style and the policy that lets nothing else in."""
    own = "\n".join(page_text(name) for name in SCRIPTS)
    scripts, style = (asset_text("niivue.umd.js"), own), page_text("page.css")
    policy = (
        f"default-src 'none'; script-src {' '.join(allowed_source(s) for s in scripts)}; "
        f"style-src {allowed_source(style)}; img-src data:; base-uri 'none'; form-action 'none'"
    )
    return {
        "policy": policy,
        "scripts": [Markup(script) for script in scripts],
        "style": Markup(style),
    }


def _identity(identity: Identity | None) -> dict[str, str]:
    if identity is None:
        return {}
    told = {field.name: getattr(identity, field.name) for field in fields(identity)}
    return {IDENTITY[name]: text for name, text in told.items() if text}


def _figure(maps: PerfusionMaps, shown: Shown, picture: Picture | None = None) -> Figure:
    """A map with its bar; ``picture`` in place of its own."""
    values = np.linspace(shown.low, shown.high, 3)
    return Figure(
        title=shown.title,
        meaning=shown.meaning,
        unit=shown.unit,
        picture=picture or map_picture(maps, shown),
        bar=bar_picture(shown.colours),
        ticks=tuple(f"{round(value, _digits(values)):g}" for value in values.tolist()),
    )


def _digits(values: np.ndarray) -> int:
    """Decimals with which the values read differently, and right."""
    exact = (d for d in range(6) if np.allclose(values.round(d), values, atol=np.ptp(values) / 100))
    return next(exact, 6)


def _uncertainty(maps: PerfusionMaps, shown: tuple[Shown, ...]) -> list[Figure]:
    """The SD of CBF as a share of it, where the method has one."""
    flow = next((s for s in shown if s.name == "cbf"), None)
    if flow is None or flow.sd is None:
        return []
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(flow.volume > 0, 100 * flow.sd / flow.volume, np.nan)
    return [
        _figure(
            maps,
            Shown(
                name="cbf_sd",
                title="Uncertainty of CBF",
                meaning="one SD as a share",
                unit="% of CBF",
                colours="cividis",
                low=0.0,
                high=100.0,
                volume=share,
                sd=None,
            ),
        )
    ]


def _shares(maps: PerfusionMaps) -> list[tuple[str, str, str]]:
    """Name, colour and share in the mask of every flag."""
    inside = quality_levels(maps)[maps.mask]
    return [
        (name, "#{:02x}{:02x}{:02x}".format(*colour),
         f"{100 * float((inside == n).mean() if inside.size else 0):.1f} %")
        for n, (name, _, colour) in enumerate(FLAGS)
    ]  # fmt: skip


@cache
def page_text(name: str) -> str:
    """A file that pages are made of: script, style or template."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


@cache
def allowed_source(content: str) -> str:
    """What lets a script or style into a page by its content policy."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
