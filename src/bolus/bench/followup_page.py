"""The page on two dates of simulated patients."""

import math
from collections.abc import Callable
from textwrap import fill

import numpy as np

from bolus.bench.followup import FRAMES, RISE, SHAPE, FollowupResult, Told
from bolus.data import QUANTITIES
from bolus.followup.page import REAL
from bolus.grading.ratio import Z90
from bolus.report.text.layout import Layout, as_markdown

SHOWN = ("cbv_corrected", "cbf", "mtt")
"""Maps of the table; of MTT no change is true in either case."""
REGION = "tumor before"
RISES = ("cbv_corrected", "cbf")


def followup_page(found: FollowupResult) -> str:
    """Tables of regions, of voxels and of the registration, as Markdown."""
    x, y, z = SHAPE
    patients = len({told.seed for told in found.told})
    lead = (
        f"{patients} simulated high-grade gliomas of {x} × {y} × {z} voxels and {FRAMES} frames, "
        "mapped by `joint` at three examinations: as they are, once more, and with the tumour's "
        f"CBV and CBF {RISE:g} times what they were. Each has its own arterial input, leak and "
        "noise, SNR 40 and then 30, the head up to 8 mm and 6 degrees elsewhere, and every other "
        "patient another echo time, so that absolute flow and volume are compared in the rest. "
        "Every examination has its own tumour mask, the first the reference; changes are those "
        "in the tumour of the first."
    )
    layouts = (_regions(found), _voxels(found), _registration(found))
    parts = [
        "# Two dates: what was measured",
        "",
        "Written by `bolus bench --followup`.",
        "",
        fill(lead, 116),
    ]
    return "\n".join([*parts, "", *(f"## {t.title}\n\n{as_markdown(t)}" for t in layouts)])


def _regions(found: FollowupResult) -> Layout:
    rows = [
        cells
        for name in SHOWN
        for kind in ("normalised", "absolute")
        if (cells := _cells(found, name, kind)) is not None
    ]
    return Layout(
        name="regions",
        title="The tumour",
        note="Unchanged: share of changes beyond their 90 % interval (10 % are due) and of a "
        f"probability of {REAL:g} or more (5 % are due), and the SD of the logarithm of the "
        "change over the one that is said. Risen: how many have that probability, the median "
        "change, and the share of 90 % intervals that hold the true one.",
        columns=(
            "map",
            "change",
            "unchanged",
            "beyond 90 %",
            f"P ≥ {REAL:g}",
            "SD over said",
            "risen",
            f"P ≥ {REAL:g}",
            "median",
            "held",
        ),
        sections=(("", tuple(rows)),),
    )


def _cells(found: FollowupResult, name: str, kind: str) -> tuple[str, ...] | None:
    """A line of a map; None where no change of the kind has an interval."""
    chosen = [
        told
        for told in found.told
        if (told.change.quantity, told.change.kind) == (name, kind)
        and told.change.region == REGION
        and told.change.interval is not None
    ]
    same, more = ([t for t in chosen if (t.factor == 1) is still] for still in (True, False))
    if not same or not more:
        return None
    rise = RISE if name in RISES else 1.0
    return (
        QUANTITIES[name].title,
        kind,
        f"{len(same)}",
        _share(same, lambda told: not _holds(told, 1.0)),
        _share(same, _real),
        f"{np.sqrt(np.mean([_z(told) ** 2 for told in same])):.2f}",
        f"{len(more)}",
        f"{sum(map(_real, more))}",
        f"{np.median([told.change.change for told in more]):+.0f} %",
        _share(more, lambda told: _holds(told, rise)),
    )


def _share(told: list[Told], whether: Callable[[Told], bool]) -> str:
    return f"{100 * np.mean([whether(one) for one in told]):.0f} %"


def _real(told: Told) -> bool:
    return told.change.probability is not None and told.change.probability >= REAL


def _holds(told: Told, factor: float) -> bool:
    low, high = told.change.interval or (math.nan, math.nan)
    return low <= 100 * (factor - 1) <= high


def _z(told: Told) -> float:
    """Change of the logarithm over the SD that its interval says."""
    low, high = (math.log1p(end / 100) for end in told.change.interval or (math.nan, math.nan))
    return math.log1p(told.change.change / 100) / ((high - low) / (2 * Z90))


def _voxels(found: FollowupResult) -> Layout:
    names = dict.fromkeys(name for _, name, _ in found.voxels)
    rows = []
    for name in names:
        shares = [100 * share for _, other, share in found.voxels if other == name]
        cells = (f"{np.median(shares):.1f} %", f"{min(shares):.1f}–{max(shares):.1f} %")
        rows.append((QUANTITIES[name].title, *cells))
    return Layout(
        name="voxels",
        title="Voxels that did not change",
        note=f"Share of the brain's voxels, vessels among them, with a probability of {REAL:g} or "
        "more, of patients whose tumour is unchanged: median and range (5 % are due).",
        columns=("map", "median", "range"),
        sections=(("", tuple(rows)),),
    )


def _registration(found: FollowupResult) -> Layout:
    errors = [placed.error for placed in found.placed]
    said = [placed.said for placed in found.placed]
    cells = [f"{np.quantile(v, q):.1f}" for v in (errors, said) for q in (0.5, 0.95)]
    return Layout(
        name="registration",
        title="Registration",
        note="Mean distance in mm of the brain's voxels from where they are, and that between "
        "there and back: median and 95th percentile.",
        columns=("registrations", "error", "95th", "there and back", "95th"),
        sections=(("", ((f"{len(errors)}", *cells),)),),
    )
