"""What was found of tumours, as tables of the page docs/tumor.md."""

from collections.abc import Sequence
from textwrap import fill

import numpy as np

from bolus.bench.tumors import GROWTHS, HELD, TumorCase, repeatability
from bolus.data.measures import measure_of
from bolus.report.text.layout import Layout, as_markdown

WITHIN = 0.05
"""Part of the CBV of true white matter that a reference may be off by."""
ABOUT = """# Numbers of tumours

Written by `bolus bench --tumors`. **Research software, not a medical device.**

With `bolus maps --tumor MASK` a result has the numbers of a tumour, each with a 90 % interval;
without `--reference` they are ratios to a region that bolus finds: white matter opposite the
tumour, told from grey matter and fluid by CBV, MTT, delay, baseline signal and the width of the
first pass (a mixture of Gaussians with neighbours), at least 12 mm from the tumour and off its
mirror image and vessels. Summary, page and closing lines say where it is. `--reference mirror`
takes the brain tissue of the tumour's mirror region, `--reference MASK` overrules both,
`--reference none` takes none. Where the tissue cannot be told apart, which happens in noisy
maps by `osvd` and other methods that take each voxel for itself, there are maps but no ratios,
and the table of numbers says why.

"""
MEANINGS = (*HELD, "srcbv", "recovery", "recovery_log_ratio", "peak_ratio")


def tumors_page(found: Sequence[TumorCase]) -> str:
    """The page as Markdown."""
    layouts = (meaning_layout(), reference_layout(found), interval_layout(found))
    tables = (f"## {one.title}\n\n{as_markdown(one)}" for one in layouts)
    return ABOUT + "\n".join([*tables, repeated(found)])


def meaning_layout() -> Layout:
    """What each number means, and its source."""
    rows = tuple(
        (f"`{name}`", about.title, f"{about.definition}.", about.source)
        for name, about in ((name, measure_of(name)) for name in MEANINGS)
    )
    return Layout(
        name="meaning",
        title="What they mean",
        note="The mean is that of the map, of `joint` brought to what its voxels say alone; "
        "median, percentile, hot spot and classes are means over "
        "400 draws of what the voxels may truly be, by their SDs, of whose variance a share is "
        "common to all voxels and a part to neighbours; values of `joint` are first drawn to their "
        "mean by what they scatter more than the truth; the uncertainty of the reference is in "
        "them. A count above a "
        "threshold in the map itself is biased by noise. Of methods without SDs the numbers are "
        "those of the map, without intervals. Thresholds: `--burden LOW,HIGH`. PSR depends on "
        "flip angle, TE, TR, dose and preload; the log of its ratio to white matter less so. "
        "The maps `nrcbv` and `srcbv` are CBV over its mean in the reference, and CBV on a fixed "
        "scale by four landmarks of the brain's histogram, which needs no reference.",
        columns=("number", "title", "meaning", "source"),
        sections=(("", rows),),
    )


def reference_layout(found: Sequence[TumorCase]) -> Layout:
    """How far the reference that was found is from the true white matter."""
    rows = tuple(
        _reference_row(name, [case for case in found if case.plan.growth == name])
        for name in GROWTHS
    )
    return Layout(
        name="reference",
        title="The reference that is found",
        note=f"{len(found)} simulated patients on seeds that nothing was chosen on, at SNR 30 to "
        "100, two thirds with tumours of high grade that leak, by `joint`. Mean CBV of the "
        "reference over that of the true white matter (at least 95 % white, opposite the tumour) "
        "of the same map; normalised CBV is off by the inverse. A patient who is refused is none "
        f"within 5 %; in {sum(case.no_artery for case in found)} of them no artery was found.",
        columns=("tumour", "patients", "refused", "within 5 %", "median", "range"),
        sections=(("", (*rows, _reference_row("all", list(found)))),),
    )


def _reference_row(name: str, cases: Sequence[TumorCase]) -> tuple[str, ...]:
    off = np.array([case.off for case in cases])
    known = off[np.isfinite(off)]
    inside = int((np.abs(known - 1) <= WITHIN).sum())
    return (
        name,
        str(len(cases)),
        str(len(off) - len(known)),
        f"{inside} ({100 * inside / max(len(cases), 1):.0f} %)",
        f"{np.median(known):.3f}" if len(known) else "–",
        f"{known.min():.2f}–{known.max():.2f}" if len(known) else "–",
    )


def interval_layout(found: Sequence[TumorCase]) -> Layout:
    """How often 90 % intervals hold what is true."""
    known = [case for case in found if case.held]
    rows = tuple(_interval_row(name, known) for name in HELD)
    return Layout(
        name="intervals",
        title="Intervals",
        note=f"Of the {len(known)} patients with a reference: how often the 90 % interval "
        "holds the number of the true map of CBV over its mean in the true white matter, mean "
        "error and mean absolute error (of classes in percentage points).",
        columns=("number", "held", "mean error", "mean |error|"),
        sections=(("", rows),),
    )


def repeated(found: Sequence[TumorCase]) -> str:
    """Repeatability in words."""
    twice = [case for case in found if len(case.standard) == 2]
    standard, normalised = (
        repeatability([getattr(case, name) for case in twice])
        for name in ("standard", "normalised")
    )
    told = (
        f"{len(twice)} of them were scanned on a second day: another arterial "
        "input, dose (0.8 to 1.2), TE, TR, SNR and noise, the head up to 1.5 mm elsewhere along "
        "each axis under the same mask. Within-subject coefficient of variation of the tumour's "
        f"mean: standardised rCBV {standard:.3f}, normalised by the reference that is found "
        f"{normalised:.3f}. Published of patients, whose tumours and scanners change too: 0.18 "
        "standardised, 0.31 normalised by a reference drawn by hand."
    )
    return f"## Repeatability\n\n{fill(told, 116)}\n"


def _interval_row(name: str, cases: Sequence[TumorCase]) -> tuple[str, ...]:
    title = measure_of(name).title
    if not cases:
        return (title, "–", "–", "–")
    held = np.mean([case.held[name] for case in cases])
    error = np.array([case.error[name] for case in cases])
    return (
        title,
        f"{100 * held:.0f} %",
        f"{error.mean():+.2f}",
        f"{np.abs(error).mean():.2f}",
    )
