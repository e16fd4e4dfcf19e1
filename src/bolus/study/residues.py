"""Does the residue that the published network decodes matter: tests of differences."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from bolus.data import InputError
from bolus.report.text.layout import Layout
from bolus.study.extra import RESIDUES
from bolus.study.patient import Row
from bolus.study.settings import NO_NOISE
from bolus.study.table import Pair

PUBLISHED_RESIDUE = "lorentzian"
METHODS = {"phae-paper": PUBLISHED_RESIDUE, **RESIDUES}
"""Name in a study → residue of its decoder."""
LEVEL = 0.05
"""Chance of any false difference among all pairs and levels of noise, after Holm."""


def methods_of(residues: Sequence[str]) -> tuple[str, ...]:
    """Methods whose decoders have these residues. Raises InputError for one that none has."""
    known = {residue: method for method, residue in METHODS.items()}
    unknown = [one for one in residues if one not in known]
    if unknown or len(set(residues)) < max(2, len(residues)):
        raise InputError(
            f"residues are two or three of {', '.join(known)}, found {', '.join(residues) or '–'}"
        )
    return tuple(known[one] for one in residues)


@dataclass(frozen=True, kw_only=True)
class ResidueTest:
    """Two residues at one SNR, on the patients that both have a positive ratio of.

    ``pair`` is DeLong's test of their AUCs; ``ratio`` the median of the first's ratio over the
    second's, ``spread`` the mean |ln| of that, and ``p`` Wilcoxon's two-sided signed-rank test of
    it. ``adjusted`` are DeLong's and Wilcoxon's p after Holm over all tests of their kind; NaN
    where a test is not defined.
    """

    pair: Pair
    ratio: float
    spread: float
    p: float
    adjusted: tuple[float, float]


def residue_tests(rows: Sequence[Row], pairs: Sequence[Pair]) -> tuple[ResidueTest, ...]:
    """Every two residues at every SNR; empty where a study has but one."""
    wanted = {frozenset(two) for two in combinations(METHODS, 2)}
    own = [pair for pair in pairs if frozenset((pair.first, pair.second)) in wanted]
    logs = [_logs(rows, pair) for pair in own]
    areas = [math.nan if pair.comparison.p is None else pair.comparison.p for pair in own]
    ranks = [_signed_rank(one) for one in logs]
    both = zip(holm(areas), holm(ranks), strict=True)
    return tuple(
        ResidueTest(
            pair=pair,
            ratio=float(np.exp(np.median(one))) if one.size else math.nan,
            spread=float(np.abs(one).mean()) if one.size else math.nan,
            p=p,
            adjusted=adjusted,
        )
        for pair, one, p, adjusted in zip(own, logs, ranks, both, strict=True)
    )


def residue_table(tests: Sequence[ResidueTest]) -> Layout | None:
    """The tests as a table whose note says what they show; None without any."""
    if not tests:
        return None
    snrs = list(dict.fromkeys(one.pair.snr for one in tests))
    sections = tuple(
        (
            "none added" if snr == NO_NOISE else f"SNR {snr}",
            tuple(_line(one) for one in tests if one.pair.snr == snr),
        )
        for snr in snrs
    )
    return Layout(
        name="residues",
        title="Does the decoder's residue matter?",
        note="The published study found no significant change. "
        f"{verdict(tests)} Differences of AUC by DeLong, of the ratio by Wilcoxon's signed-rank "
        f"test; 'Holm': p corrected for all {len(tests)} tests of its kind on this page. An "
        "interval says how large a difference could have stayed hidden; that of an AUC is wide "
        "with few patients.",
        columns=(
            "residues",
            "n",
            "AUC, difference (95 % CI)",
            "p",
            "Holm",
            "ratio/ratio,\nmedian",
            "mean |ln|",
            "p\n(ratio)",
            "Holm\n(ratio)",
        ),
        sections=sections,
    )


def verdict(tests: Sequence[ResidueTest]) -> str:
    """What the tests show of AUC and of the ratio itself, in two sentences."""
    areas, ratios = (sum(one.adjusted[k] < LEVEL for one in tests) for k in (0, 1))
    widest = max(max(abs(end) for end in one.pair.comparison.ci) for one in tests)
    grades = (
        "Here no difference of AUC is beyond chance"
        f"{f' (it could be up to {widest:.2f})' if widest else ''}."
        if areas == 0
        else f"Here {areas} of {len(tests)} differences of AUC are beyond chance."
    )
    values = (
        "The ratio does not differ beyond chance either."
        if ratios == 0
        else f"The ratio itself does differ beyond chance in {ratios} of {len(tests)}."
    )
    return f"{grades} {values}"


def holm(ps: Sequence[float]) -> tuple[float, ...]:
    """p-values that hold the chance of any false rejection; those that are NaN do not count.

    Source: Holm, Scand J Stat 1979;6:65.
    """
    known = [k for k, p in enumerate(ps) if not math.isnan(p)]
    found, highest = [math.nan] * len(ps), 0.0
    for rank, k in enumerate(sorted(known, key=lambda k: ps[k])):
        highest = max(highest, min(1.0, (len(known) - rank) * ps[k]))
        found[k] = highest
    return tuple(found)


def _logs(rows: Sequence[Row], pair: Pair) -> np.ndarray:
    """Logarithm of the first's ratio over the second's, of patients in whom both are positive."""
    first, second = (
        {
            row.participant_id: row.ratio
            for row in rows
            if (row.method, row.snr) == (method, pair.snr) and row.ratio > 0
        }
        for method in (pair.first, pair.second)
    )
    return np.log([first[who] / second[who] for who in first if who in second])


def _signed_rank(logs: np.ndarray) -> float:
    """Two-sided p of the signed-rank test; NaN where nothing differs or there is nothing."""
    from scipy.stats import wilcoxon

    if not np.any(logs):
        return math.nan
    return float(wilcoxon(logs).pvalue)


def _line(one: ResidueTest) -> tuple[str, ...]:
    found = one.pair.comparison
    low, high = found.ci
    return (
        f"{METHODS[one.pair.first]} − {METHODS[one.pair.second]}",
        f"{one.pair.n}",
        f"{found.difference:+.3f} ({low:+.2f} to {high:+.2f})",
        _p(math.nan if found.p is None else found.p),
        _p(one.adjusted[0]),
        f"{one.ratio:.3f}",
        f"{one.spread:.3f}",
        _p(one.p),
        _p(one.adjusted[1]),
    )


def _p(value: float) -> str:
    if math.isnan(value):
        return "–"
    return f"{value:.4f}" if value >= 0.0001 else f"{value:.1e}"
