"""The study over several simulated cohorts: what one of them shows by chance, and what stays."""

import math
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from bolus.base.progress import QUIET, Quiet, Reporter
from bolus.grading import auc
from bolus.phantom.cohort import SIZE, PatientPlan, Size, plan_cohort
from bolus.phantom.cohort_folder import simulate_plans
from bolus.report.text.layout import Layout, as_markdown
from bolus.study.patient import Row
from bolus.study.result import Study
from bolus.study.run import study_in_memory
from bolus.study.settings import NO_NOISE, StudySettings, snr_name
from bolus.study.table import TRUTH

RESAMPLES = 2000


def as_planned(plan: PatientPlan) -> PatientPlan:
    """The plan as it is."""
    return plan


@dataclass(frozen=True, kw_only=True)
class Cohorts:
    """Simulated cohorts of ``low`` and ``high`` grade patients, one a seed, sized as the published.

    ``train`` of the patients are not tested, and not made. ``size`` is the matrix and the frames
    (x, y, z, t); ``change`` makes another plan of every patient's.
    """

    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    low: int = 21
    high: int = 43
    train: int = 39
    size: Size = SIZE
    change: Callable[[PatientPlan], PatientPlan] = as_planned

    def write(self, folder: Path, seed: int, jobs: int | None) -> None:
        """Simulate the patients of one cohort that are tested."""
        plans = plan_cohort(low=self.low, high=self.high, train=self.train, seed=seed)
        tested = [self.change(plan) for plan in plans if plan.split != "train"]
        facts = {"name": folder.name, "seed": seed}
        simulate_plans(folder, tested, facts=facts, size=self.size, jobs=jobs)


@dataclass(frozen=True, kw_only=True, eq=False)
class Repeated:
    """Studies of several cohorts, one a seed."""

    cohorts: Cohorts
    studies: tuple[Study, ...]

    @property
    def settings(self) -> StudySettings:
        """What all of them did."""
        return self.studies[0].settings

    def areas(self, method: str, snr: str) -> list[float]:
        """AUC of a method at an SNR, cohort by cohort; NaN where there is none."""
        found = []
        for study in self.studies:
            rocs = [r.roc for r in study.table if (r.method, r.snr) == (method, snr)]
            found.append(rocs[0].auc if rocs and rocs[0] is not None else math.nan)
        return found

    def rows(self, method: str, snr: str) -> list[list[Row]]:
        """Rows with a ratio, cohort by cohort."""
        return [
            [r for r in s.rows if (r.method, r.snr) == (method, snr) and math.isfinite(r.ratio)]
            for s in self.studies
        ]


def repeat_study(
    cohorts: Cohorts | None = None,
    settings: StudySettings | None = None,
    *,
    jobs: int | None = None,
    reporter: Reporter = QUIET,
) -> Repeated:
    """Simulate every cohort and study it, with ``jobs`` local processes."""
    cohorts, chosen, studies = cohorts or Cohorts(), settings or StudySettings(), []
    for place, seed in enumerate(cohorts.seeds):
        part = _Part(reporter, place, len(cohorts.seeds))
        with tempfile.TemporaryDirectory() as folder:
            cohort = Path(folder) / f"seed-{seed}"
            cohorts.write(cohort, seed, jobs)
            studies.append(study_in_memory(cohort, chosen, jobs=jobs, reporter=part))
    return Repeated(cohorts=cohorts, studies=tuple(studies))


class _Part(Quiet):
    """Reports one of several cohorts as a part of the whole."""

    def __init__(self, reporter: Reporter, place: int, cohorts: int) -> None:
        self._reporter, self._place, self._cohorts = reporter, place, cohorts

    def advance(self, done: int, total: int, label: str) -> None:
        """So much of this cohort."""
        self._reporter.advance(
            self._place * total + done, self._cohorts * total, f"cohort {self._place + 1}: {label}"
        )

    def skipped(self, who: str, why: str) -> None:
        """A patient of this cohort."""
        self._reporter.skipped(f"cohort {self._place + 1}: {who}", why)


def repeated_page(found: Repeated) -> str:
    """The tables as a page of Markdown."""
    parts = [_areas(found), _differences(found), _errors(found), _volumes(found)]
    head = (
        f"# {len(found.studies)} simulated cohorts\n\nWritten by `bolus bench --grading`: "
        f"{said_of(found.cohorts)}\n"
    )
    return "\n".join([head, *(f"## {one.title}\n\n{as_markdown(one)}" for one in parts)])


def said_of(cohorts: Cohorts) -> str:
    """Seeds and sizes, a sentence."""
    tested = cohorts.low + cohorts.high - cohorts.train
    return (
        f"seeds {', '.join(map(str, cohorts.seeds))}, each {cohorts.low} low- and {cohorts.high} "
        f"high-grade patients, {tested} of them tested."
    )


def _snrs(found: Repeated) -> list[str]:
    return [snr_name(s) for s in found.settings.snrs]


def _heads(found: Repeated) -> tuple[str, ...]:
    return ("method", *("none added" if s == "none" else f"SNR {s}" for s in _snrs(found)))


def _areas(found: Repeated) -> Layout:
    truth = found.areas(TRUTH, "none")
    volume = [
        auc([r.true_cbv_ratio for r in rows], [r.grade == "HGG" for r in rows])
        for rows in found.rows(found.settings.methods[0], "none")
    ]

    def cells(method: str) -> tuple[str, ...]:
        return (method, *(mean_of(found.areas(method, snr)) for snr in _snrs(found)))

    return Layout(
        name="areas",
        title="AUC",
        note="Mean over the cohorts (lowest to highest), of the patients with a ratio (the mean of "
        "white matter must be positive). SNR: mean of the brain's baseline over its SD, the "
        "data's own noise included; achieved: "
        f"{_achieved(found)}. The true CBF ratio itself has "
        f"{mean_of(truth)}, the true CBV ratio {mean_of(volume)}.",
        columns=_heads(found),
        sections=(("", tuple(cells(m) for m in found.settings.methods)),),
    )


def _achieved(found: Repeated) -> str:
    """The SNR that patients have at every level, and how many had less to begin with."""
    first, told = found.settings.methods[0], []
    for snr in _snrs(found):
        rows = [row for study in found.studies for row in study.rows if row.method == first]
        own = [row for row in rows if row.snr == snr]
        values = [row.snr_achieved for row in own]
        short = sum(snr != NO_NOISE and row.snr_own < float(snr) for row in own)
        told.append(
            f"{'none added' if snr == NO_NOISE else snr}: {np.median(values):.0f} "
            f"({min(values):.0f}–{max(values):.0f})" + (f", {short} below" if short else "")
        )
    return "; ".join(told)


def _differences(found: Repeated) -> Layout:
    """AUC of the first method less that of each other, cohorts together."""
    first, *others = found.settings.methods

    def cell(other: str, snr: str) -> str:
        return difference(found.rows(first, snr), found.rows(other, snr))

    return Layout(
        name="differences",
        title=f"AUC of {first} less that of the others",
        note="Mean over the cohorts; 95 % interval by resampling patients within cohort and "
        "grade, the same for both methods.",
        columns=_heads(found),
        sections=(("", tuple((o, *(cell(o, s) for s in _snrs(found))) for o in others)),),
    )


def _errors(found: Repeated) -> Layout:
    def cell(method: str, snr: str) -> str:
        rows = [row for one in found.rows(method, snr) for row in one]
        logs = log_errors(rows)
        sure = [row for row in rows if math.isfinite(row.ratio_low)]
        held = [row.ratio_low <= row.true_ratio <= row.ratio_high for row in sure]
        share = f"{100 * float(np.mean(held)):.0f}" if held else "–"
        return f"{np.abs(logs).mean():.2f} / {np.exp(np.median(logs)):.2f} / {share}"

    return Layout(
        name="errors",
        title="The ratio against the true one",
        note="Mean |ln(ratio/true)| / median of ratio/true / share in % of 90 % intervals that "
        "hold the true ratio, all cohorts together.",
        columns=_heads(found),
        sections=(
            ("", tuple((m, *(cell(m, s) for s in _snrs(found))) for m in found.settings.methods)),
        ),
    )


def log_errors(rows: Sequence[Row]) -> Float[np.ndarray, " n"]:
    """ln(ratio/true), (n,), of the rows with a positive ratio."""
    return np.log([row.ratio / row.true_ratio for row in rows if row.ratio > 0])


def _volumes(found: Repeated) -> Layout:
    """CBV ratio without and with leakage correction."""
    method = "osvd" if "osvd" in found.settings.methods else found.settings.methods[0]

    def cell(grade: str, snr: str, name: str) -> str:
        rows = [r for one in found.rows(method, snr) for r in one if r.grade == grade]
        ratios = [getattr(r, name) / r.true_cbv_ratio for r in rows]
        low, middle, high = np.percentile(ratios, [16, 50, 84])
        return f"{middle:.2f} ({low:.2f}–{high:.2f})"

    names = {"cbv_ratio": "uncorrected", "cbv_corrected_ratio": "corrected"}
    return Layout(
        name="volumes",
        title="CBV ratio over the true one",
        note=f"By {method}, an area ratio: median (16th to 84th percentile) of the patients of all "
        "cohorts. High-grade tumours leak, half of them T1- and half T2*-dominant.",
        columns=("grade", *_heads(found)[1:]),
        sections=tuple(
            (told, tuple((g, *(cell(g, s, name) for s in _snrs(found))) for g in ("LGG", "HGG")))
            for name, told in names.items()
        ),
    )


def difference(first: Sequence[Sequence[Row]], other: Sequence[Sequence[Row]]) -> str:
    """Mean difference of AUC over cohorts, and its 95 % bootstrap interval, as text."""
    rng = np.random.default_rng(0)
    total, resampled = [], []
    for one, two in zip(first, other, strict=True):
        known = {row.participant_id: row for row in two}
        both = [(row, known[row.participant_id]) for row in one if row.participant_id in known]
        high = np.array([row.grade == "HGG" for row, _ in both])
        a, b = (np.array([pair[k].ratio for pair in both]) for k in (0, 1))
        total.append(auc(a, high) - auc(b, high))
        draws = []
        for _ in range(RESAMPLES):
            at = np.concatenate([rng.choice(np.flatnonzero(high == g), (high == g).sum())
                                 for g in (True, False)])  # fmt: skip
            draws.append(auc(a[at], high[at]) - auc(b[at], high[at]))
        resampled.append(draws)
    low, high_end = np.quantile(np.mean(resampled, axis=0), [0.025, 0.975])
    return f"{np.mean(total):+.3f} ({low:+.3f} to {high_end:+.3f})"


def mean_of(areas: Sequence[float]) -> str:
    """Mean (lowest to highest) as text."""
    return f"{np.mean(areas):.3f} ({np.min(areas):.3f}–{np.max(areas):.3f})"
