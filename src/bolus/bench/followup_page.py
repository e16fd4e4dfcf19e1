"""The page on two dates of simulated patients."""

import math
from collections.abc import Callable, Iterator
from itertools import product
from textwrap import fill

import numpy as np
from scipy.stats import norm

from bolus.bench.followup import FACTORS, FRAMES, SHAPE, SNRS, FollowupResult, Told
from bolus.data import QUANTITIES
from bolus.data.measures import MEASURES
from bolus.followup.page import REAL
from bolus.report.text.layout import Layout, as_markdown

SHOWN = ("cbv_corrected", "cbf", "mtt")
"""Maps of the tables; of MTT no change is true in either case."""
REGIONS = {"tumor before": "first", "tumor after": "second", "tumor": ""}
"""Regions of the tables, and of which date their mask is; numbers have each date's own."""
GROWN = ("cbv_corrected", "cbf")
"""Whose true change is that of the tumour."""
NUMBERS = ("cbv_ratio", "burden_low", "burden_high")


def followup_page(found: FollowupResult) -> str:
    """Tables of unchanged tumours, of changed ones, of voxels and of registration, as Markdown."""
    x, y, z = SHAPE
    patients = len({told.seed for told in found.told})
    changed = len({told.seed for told in found.told if told.factor != 1})
    factors = ", ".join(f"{factor:g}" for factor in FACTORS)
    lead = (
        f"{patients} simulated high-grade gliomas of {x} × {y} × {z} voxels and {FRAMES} frames, "
        f"mapped by `joint` twice as they are, and {changed} of them once with the tumour's CBV "
        f"and CBF {factors} times what they were, patients in turn. The first examination is "
        "compared with either later one. Each has its own arterial input, leak and noise, SNR "
        f"{SNRS[0]:g} to {SNRS[1]:g}, the head up to 8 mm and 6 degrees elsewhere, and of every "
        "other patient the first another echo time, in turn longer and shorter, so that absolute "
        "flow and volume are compared in the rest. Each has its own masks of tumour and "
        "reference. How alike the errors of two dates are was estimated on patients of other "
        "seeds."
    )
    layouts = (_unchanged(found), _power(found), _voxels(found), _registration(found))
    parts = [
        "# Two dates: what was measured",
        "",
        "Written by `bolus bench --followup`.",
        "",
        fill(lead, 116),
    ]
    return "\n".join([*parts, "", *(f"## {t.title}\n\n{as_markdown(t)}" for t in layouts)])


def _kinds(found: FollowupResult) -> Iterator[tuple[tuple[str, str, str], list[Told]]]:
    """Changes that have an interval, by quantity, kind and region."""
    shown = [(name, kind) for name in SHOWN for kind in ("normalised", "absolute")]
    asked = (*shown, *((name, "number") for name in NUMBERS))
    for (name, kind), region in product(asked, REGIONS):
        chosen = [
            told
            for told in found.told
            if (told.change.quantity, told.change.kind) == (name, kind)
            and told.change.region == region
            and told.change.probability is not None
        ]
        if chosen:
            yield (name, kind, region), chosen


def _titled(name: str) -> str:
    return QUANTITIES[name].title if name in QUANTITIES else MEASURES[name].title


def _unchanged(found: FollowupResult) -> Layout:
    rows = []
    for (name, kind, region), chosen in _kinds(found):
        same = [told for told in chosen if told.factor == 1]
        if same:
            cells = (
                _share(same, lambda told: not _holds(told, 1.0)),
                _share(same, _real),
                f"{np.sqrt(np.mean([_z(told) ** 2 for told in same])):.2f}",
            )
            rows.append((_titled(name), kind, REGIONS[region], f"{len(same)}", *cells))
    return Layout(
        name="unchanged",
        title="Tumours that did not change",
        note="Share of changes beyond their 90 % interval (10 % are due) and of a probability of "
        f"{REAL:g} or more (5 % are due), and the root mean square of the change over the SD that "
        "is said of it (1 is due), by the date of the mask. Standard errors of the shares.",
        columns=(
            "number",
            "change",
            "mask of",
            "pairs",
            "beyond 90 %",
            f"P ≥ {REAL:g}",
            "SD over said",
        ),
        sections=(("", tuple(rows)),),
    )


def _power(found: FollowupResult) -> Layout:
    factors = sorted({*FACTORS, 1.0})
    rows = []
    for (name, kind, region), chosen in _kinds(found):
        cells = [_cell(name, [t for t in chosen if t.factor == factor]) for factor in factors]
        rows.append((_titled(name), kind, REGIONS[region], *cells))
    return Layout(
        name="power",
        title="Power: tumours that changed",
        note=f"Share of changes with a probability of {REAL:g} or more, the median change, and the "
        "share of 90 % intervals that hold the true one, by the true change of CBV and CBF.",
        columns=(
            "number",
            "change",
            "mask of",
            *(f"{100 * (factor - 1):+.0f} %".replace("+0", "0") for factor in factors),
        ),
        sections=(("", tuple(rows)),),
    )


def _cell(name: str, told: list[Told]) -> str:
    """Of changes by one true factor; '–' of none."""
    if not told:
        return "–"
    median = float(np.median([one.change.change for one in told]))
    real = f"{100 * np.mean([_real(one) for one in told]):.0f} %"
    if told[0].change.kind == "number":
        return f"{real}, {median:+.2f}"
    true = told[0].factor if name in GROWN else 1.0
    return f"{real}, {median:+.0f} %, {100 * np.mean([_holds(one, true) for one in told]):.0f} %"


def _share(told: list[Told], whether: Callable[[Told], bool]) -> str:
    """A share with its standard error, that of pairs that are independent."""
    share = float(np.mean([whether(one) for one in told]))
    return f"{100 * share:.0f} ± {100 * math.sqrt(share * (1 - share) / len(told)):.0f} %"


def _real(told: Told) -> bool:
    return told.change.probability is not None and told.change.probability >= REAL


def _holds(told: Told, factor: float) -> bool:
    low, high = told.change.interval or (math.nan, math.nan)
    return low <= 100 * (factor - 1) <= high


def _z(told: Told) -> float:
    """Change over the SD that its probability says."""
    return float(norm.ppf((1 + min(told.change.probability or 0.0, 1 - 1e-12)) / 2))


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
