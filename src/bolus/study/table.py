"""Table 1: how well each method tells high from low grade, noise by noise."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations

import numpy as np

from bolus.grading import Comparison, Roc, compare, grade_statistics
from bolus.grading.cutoff import CUTOFFS
from bolus.study.patient import Row
from bolus.study.settings import NO_NOISE, StudySettings, snr_name

TRUTH = "truth"
"""Name of the row of a simulated cohort's true ratio."""


@dataclass(frozen=True, kw_only=True)
class TableRow:
    """One method at one SNR: ``roc`` None where too few patients have a ratio, ``why`` says so.

    ``missing`` patients have no ratio of ``map``. ``achieved`` is the SNR of the baseline that they
    have: median, lowest and highest; ``short`` of them had less to begin with than ``snr`` asks
    for. ``seconds`` is the median time a patient, ``parts`` its
    medians of reading, preparing, estimation and writing. ``error`` is the mean
    |ln(ratio/true ratio)|, ``bias`` the median of ratio over true ratio, ``held`` the share of 90 %
    intervals that hold the true ratio; NaN where not known.
    """

    method: str
    map: str
    snr: str
    achieved: tuple[float, float, float]
    short: int
    n: int
    missing: int
    roc: Roc | None
    why: str
    seconds: float
    parts: tuple[float, float, float, float]
    error: float
    bias: float
    held: float

    def as_json(self) -> dict[str, object]:
        """Plain dictionary; 'cutoff', 'sensitivity' and 'specificity' as ``read_cutoff`` wants."""
        own = {k: v for k, v in asdict(self).items() if k != "roc"}
        if self.roc is None:
            return own
        roc = self.roc
        apparent, left_out = asdict(roc.apparent), asdict(roc.left_out)
        return {
            **own,
            "auc": roc.auc,
            "auc_ci": roc.auc_ci,
            "auc_ci_delong": roc.auc_ci_delong,
            "cutoff": roc.cutoff,
            "cutoff_ci": roc.cutoff_ci,
            **apparent,
            "leave_one_out": left_out,
            "mann_whitney_p": roc.p,
            "curve": [list(point) for point in zip(roc.curve.alarm, roc.curve.hit, strict=True)],
        }


@dataclass(frozen=True, kw_only=True)
class Pair:
    """The paired DeLong test of two methods at one SNR, on the patients that both have."""

    first: str
    second: str
    snr: str
    n: int
    comparison: Comparison


@dataclass(frozen=True, kw_only=True)
class PublishedRow:
    """A row of the published study: another cohort, so only to be seen beside ours."""

    method: str
    auc: float
    auc_ci: tuple[float, float]
    cutoff: float
    cutoff_ci: tuple[float, float] | None
    """As far as the publication gives it."""
    rates: tuple[float, float, float]
    """Sensitivity, specificity and accuracy."""
    seconds: float
    p: float


PUBLISHED = (
    PublishedRow(
        method="PHAE",
        auc=0.90,
        auc_ci=(0.74, 1.00),
        cutoff=CUTOFFS["paper-phae"].value,
        cutoff_ci=(1.05, 1.40),
        rates=(0.769, 1.0, 0.880),
        seconds=8.4,
        p=0.0009,
    ),
    PublishedRow(
        method="oSVD",
        auc=0.87,
        auc_ci=(0.69, 0.99),
        cutoff=CUTOFFS["paper-osvd"].value,
        cutoff_ci=None,
        rates=(0.692, 1.0, 0.840),
        seconds=11.8,
        p=0.007,
    ),
    PublishedRow(
        method="Tikhonov",
        auc=0.88,
        auc_ci=(0.71, 1.00),
        cutoff=CUTOFFS["paper-tikhonov"].value,
        cutoff_ci=None,
        rates=(0.692, 1.0, 0.840),
        seconds=33.6,
        p=0.003,
    ),
)
"""Of PAPER_COHORT, on 16 Xeon cores."""


def table_rows(rows: Sequence[Row], settings: StudySettings) -> tuple[TableRow, ...]:
    """Rows of every method at every SNR; a simulated cohort's true ratio comes first."""
    found = [
        _table_row(method, snr_name(snr), rows, settings)
        for snr in settings.snrs
        for method in settings.methods
    ]
    truth = _truth_row(rows, settings)
    return (*(() if truth is None else (truth,)), *found)


def pairs(rows: Sequence[Row], settings: StudySettings) -> tuple[Pair, ...]:
    """Every two methods at every SNR, where enough patients have both ratios."""
    found = []
    for snr in map(snr_name, settings.snrs):
        for first, second in combinations(settings.methods, 2):
            one, other = (_by_patient(rows, method, snr) for method in (first, second))
            both = [p for p in one if p in other]
            grades = [one[p].grade == "HGG" for p in both]
            if min(grades.count(True), grades.count(False)) < 2:
                continue
            scores = [[of[p].ratio for p in both] for of in (one, other)]
            comparison = compare(scores[0], scores[1], grades)
            found.append(
                Pair(first=first, second=second, snr=snr, n=len(both), comparison=comparison)
            )
    return tuple(found)


def _table_row(method: str, snr: str, rows: Sequence[Row], settings: StudySettings) -> TableRow:
    every = [row for row in rows if (row.method, row.snr) == (method, snr)]
    known = list(_by_patient(rows, method, snr).values())
    roc, why = _roc([row.ratio for row in known], [row.grade for row in known], settings)
    parts = ("reading", "preparing", "estimation", "writing")
    return TableRow(
        method=method,
        map=settings.map,
        snr=snr,
        achieved=_achieved(every),
        short=sum(snr != NO_NOISE and row.snr_own < float(snr) for row in every),
        n=len(known),
        missing=len(every) - len(known),
        roc=roc,
        why=why,
        seconds=_median(row.seconds for row in every),
        parts=tuple(_median(getattr(row, f"seconds_{p}") for row in every) for p in parts),  # type: ignore[arg-type]
        **_beside_truth(known),
    )


def _truth_row(rows: Sequence[Row], settings: StudySettings) -> TableRow | None:
    patients = {row.participant_id: row for row in rows if math.isfinite(row.true_ratio)}
    if not patients:
        return None
    known = list(patients.values())
    roc, why = _roc([row.true_ratio for row in known], [row.grade for row in known], settings)
    return TableRow(
        method=TRUTH,
        map=settings.map,
        snr=NO_NOISE,
        achieved=(math.nan,) * 3,
        short=0,
        n=len(known),
        missing=0,
        roc=roc,
        why=why,
        seconds=math.nan,
        parts=(math.nan,) * 4,
        error=0.0,
        bias=1.0,
        held=math.nan,
    )


def _roc(
    ratios: Sequence[float], grades: Sequence[str], settings: StudySettings
) -> tuple[Roc | None, str]:
    high = [grade == "HGG" for grade in grades]
    if min(high.count(True), high.count(False)) < 2:
        return None, f"{high.count(False)} low- and {high.count(True)} high-grade patients"
    roc = grade_statistics(ratios, high, seed=settings.seed, resamples=settings.resamples)
    return roc, ""


def _beside_truth(known: Sequence[Row]) -> dict[str, float]:
    """Error and bias of positive ratios, and how often intervals hold the truth."""
    seen = [row for row in known if math.isfinite(row.true_ratio)]
    logs = np.log([row.ratio / row.true_ratio for row in seen if row.ratio > 0])
    sure = [row for row in seen if math.isfinite(row.ratio_low)]
    held = [row.ratio_low <= row.true_ratio <= row.ratio_high for row in sure]
    return {
        "error": float(np.abs(logs).mean()) if logs.size else math.nan,
        "bias": float(np.exp(np.median(logs))) if logs.size else math.nan,
        "held": float(np.mean(held)) if held else math.nan,
    }


def _achieved(rows: Sequence[Row]) -> tuple[float, float, float]:
    """Median, lowest and highest SNR of the baseline of some patients."""
    values = [row.snr_achieved for row in rows] or [math.nan]
    return float(np.median(values)), min(values), max(values)


def _by_patient(rows: Sequence[Row], method: str, snr: str) -> dict[str, Row]:
    return {
        row.participant_id: row
        for row in rows
        if (row.method, row.snr) == (method, snr) and math.isfinite(row.ratio)
    }


def _median(values: Iterable[float]) -> float:
    every = list(values)
    return float(np.median(every)) if every else math.nan
