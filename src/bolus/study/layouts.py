"""The tables of a study as text, for a terminal, Markdown and the page."""

import math
from collections.abc import Sequence

from bolus.grading import wilson
from bolus.grading.cutoff import PAPER_COHORT, PAPER_HIGH, PAPER_LOW, map_name
from bolus.report.text.layout import Layout
from bolus.study.settings import NO_NOISE
from bolus.study.table import PUBLISHED, TRUTH, Pair, PublishedRow, TableRow

COLUMNS = (
    "method",
    "n",
    "AUC (95 % CI)",
    "cut-off (95 % CI)",
    "sens. %\n(95 % CI)",
    "spec. %\n(95 % CI)",
    "acc. %\n(95 % CI)",
    "left out:\nsens./spec./acc. %",
    "Mann-\nWhitney p",
    "seconds\na patient",
)


def first_table(rows: Sequence[TableRow]) -> Layout:
    """Table 1: no noise added; the published figures, of other patients, below."""
    own = tuple(_cells(row) for row in rows if row.snr == NO_NOISE)
    return Layout(
        name="table1",
        title=f"Table 1. Low against high grade by the {_map(rows)} ratio, tumour to white matter",
        note="Cut-off after Youden. Sensitivity, specificity and accuracy at it are of the same "
        "patients, and so optimistic; 'left out' classifies each patient by the cut-off of the "
        "others. Intervals (95 %) of AUC and cut-off by stratified bootstrap of patients, of "
        "sensitivity, specificity and accuracy after Wilson; those of the published rates follow "
        f"from {PAPER_HIGH} high- and {PAPER_LOW} low-grade patients. Seconds on one core, from "
        "file to maps. Ratios and cut-offs of one method or cohort do not hold for "
        "another.",
        columns=COLUMNS,
        sections=(
            ("this cohort", own),
            (
                f"as published, another cohort: {PAPER_COHORT}, 16 Xeon cores",
                tuple(_published(row) for row in PUBLISHED),
            ),
        ),
    )


def noise_table(rows: Sequence[TableRow]) -> Layout:
    """AUC and the error of the ratio by SNR."""
    snrs = list(dict.fromkeys(row.snr for row in rows))
    methods = [m for m in dict.fromkeys(row.method for row in rows) if m != TRUTH]
    at = {(row.method, row.snr): row for row in rows}

    def line(method: str) -> tuple[str, ...]:
        return (method, *(_auc(at[method, snr]) for snr in snrs))

    known = any(math.isfinite(row.error) for row in rows if row.method != TRUTH)
    errors = tuple((m, *(_error(at[m, snr]) for snr in snrs)) for m in methods) if known else ()
    reached = [next((at[m, s] for m in methods if (m, s) in at), None) for s in snrs]
    parts: list[tuple[str, tuple[tuple[str, ...], ...]]] = [
        ("SNR of the baseline: median (lowest–highest)", (("achieved", *map(_reached, reached)),)),
        ("AUC (95 % CI)", tuple(line(m) for m in methods)),
    ]
    if errors:
        parts.append(("error of the ratio / bias / 90 % intervals that hold the truth, %", errors))
    return Layout(
        name="noise",
        title="Noise added to the signal",
        note="SNR: mean of the brain's baseline over its SD in the median voxel; noise is added "
        "until it and the data's own make that up. 'n below': patients whose own SNR is lower, to "
        "whom none is added. Error: mean "
        "|ln(ratio/true ratio)|; bias: median of ratio/true ratio. n: patients with a ratio, "
        "where some have none because the mean of white matter is not positive.",
        columns=("method", *(f"SNR {snr}" if snr != NO_NOISE else "none added" for snr in snrs)),
        sections=tuple(parts),
    )


def pair_table(found: Sequence[Pair]) -> Layout:
    """Paired DeLong tests."""
    snrs = list(dict.fromkeys(pair.snr for pair in found))
    names = list(dict.fromkeys((pair.first, pair.second) for pair in found))
    at = {(pair.first, pair.second, pair.snr): pair for pair in found}

    def cell(names: tuple[str, str], snr: str) -> str:
        pair = at.get((*names, snr))
        if pair is None:
            return "–"
        p = pair.comparison.p
        return f"{pair.comparison.difference:+.3f} (p {'–' if p is None else _p(p)})"

    return Layout(
        name="delong",
        title="Differences of AUC, paired DeLong test",
        note="First method minus second on the same patients; p not corrected for the number of "
        "tests.",
        columns=("methods", *(f"SNR {snr}" if snr != NO_NOISE else "none added" for snr in snrs)),
        sections=(("", tuple((" − ".join(n), *(cell(n, snr) for snr in snrs)) for n in names)),),
    )


def _cells(row: TableRow) -> tuple[str, ...]:
    if row.roc is None:
        return (row.method, str(row.n), f"too few: {row.why}", *("–",) * (len(COLUMNS) - 3))
    roc = row.roc
    apparent, left = roc.apparent, roc.left_out
    return (
        "true ratio" if row.method == TRUTH else row.method,
        f"{row.n}" + (f" ({row.missing} missing)" if row.missing else ""),
        _auc(row),
        f"{roc.cutoff:.2f}{_between(roc.cutoff_ci)}",
        _rate(apparent.sensitivity, apparent.sensitivity_ci),
        _rate(apparent.specificity, apparent.specificity_ci),
        _rate(apparent.accuracy, apparent.accuracy_ci),
        " / ".join(f"{100 * v:.0f}" for v in (left.sensitivity, left.specificity, left.accuracy)),
        _p(roc.p),
        "–" if math.isnan(row.seconds) else f"{row.seconds:.2f}",
    )


def _published(row: PublishedRow) -> tuple[str, ...]:
    return (
        row.method,
        f"{PAPER_HIGH + PAPER_LOW}",
        f"{row.auc:.2f} ({row.auc_ci[0]:.2f}–{row.auc_ci[1]:.2f})",
        f"{row.cutoff:.2f}" + (_between(row.cutoff_ci) if row.cutoff_ci else ""),
        *(
            _of(share, n)
            for share, n in zip(
                row.rates, (PAPER_HIGH, PAPER_LOW, PAPER_HIGH + PAPER_LOW), strict=True
            )
        ),
        "–",
        f"{row.p:g}",
        f"{row.seconds:g}",
    )


def _map(rows: Sequence[TableRow]) -> str:
    return map_name(rows[0].map)


def _rate(share: float, interval: tuple[float, float]) -> str:
    low, high = interval
    return f"{100 * share:.1f} ({100 * low:.0f}–{100 * high:.0f})"


def _of(share: float, n: int) -> str:
    """A published rate of ``n`` patients with the interval that it did not give."""
    return _rate(share, wilson(round(share * n), n))


def _between(interval: tuple[float, float]) -> str:
    return f" ({interval[0]:.2f}–{interval[1]:.2f})"


def _auc(row: TableRow) -> str:
    if row.roc is None:
        return "–"
    low, high = row.roc.auc_ci
    fewer = f", n {row.n}" if row.missing else ""
    return f"{row.roc.auc:.3f} ({low:.2f}–{high:.2f}){fewer}"


def _reached(row: TableRow | None) -> str:
    if row is None or math.isnan(row.achieved[0]):
        return "–"
    middle, low, high = row.achieved
    below = f", {row.short} below" if row.short else ""
    return f"{middle:.0f} ({low:.0f}–{high:.0f}){below}"


def _error(row: TableRow) -> str:
    held = "–" if math.isnan(row.held) else f"{100 * row.held:.0f}"
    return f"{row.error:.2f} / {row.bias:.2f} / {held}"


def _p(value: float) -> str:
    return f"{value:.4f}" if value >= 0.0001 else f"{value:.1e}"
