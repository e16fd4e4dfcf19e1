"""Does the published finding hold, an autoencoder that noise harms least? One change at a time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from bolus.base.progress import QUIET, Reporter
from bolus.data import Preparation
from bolus.data.options import UNTOUCHED
from bolus.phantom.cohort import PatientPlan
from bolus.report.text.layout import Layout, as_markdown
from bolus.study.repeat import (
    Cohorts,
    Repeated,
    as_planned,
    difference,
    log_errors,
    mean_of,
    repeat_study,
    said_of,
)
from bolus.study.settings import AS_READ, NO_NOISE, StudySettings, snr_name

METHODS = ("phae-paper", "osvd", "tikhonov")
"""Those of the published study; the first is compared with each other one."""
SNRS = (float("inf"), 20.0, 10.0)
SEEDS = (0, 1, 2)
"""Of the cohorts: every change studies all of them again."""


class Change(NamedTuple):
    """What is otherwise than in the study: in the patients, and in what is done to their series."""

    name: str
    plan: Callable[[PatientPlan], PatientPlan]
    preparation: Preparation


def no_leak(plan: PatientPlan) -> PatientPlan:
    """The patient with a tumour that does not leak."""
    return replace(plan, realism=replace(plan.realism, leak=None))


def no_dispersion(plan: PatientPlan) -> PatientPlan:
    """That patient, and the arterial input undispersed wherever it arrives."""
    tight = no_leak(plan)
    return replace(tight, realism=replace(tight.realism, dispersion=(0.0, 0.0)))


def like_the_decoder(plan: PatientPlan) -> PatientPlan:
    """That patient, still, with residues that fall from the start, as the decoder's does."""
    tight = no_dispersion(plan)
    return replace(tight, realism=replace(tight.realism, residue="weibull", motion=0.0))


CHANGES = (
    Change("as studied: tumours leak, curves are corrected", as_planned, AS_READ),
    Change("tumours leak, nothing is corrected (as published)", as_planned, UNTOUCHED),
    Change("no tumour leaks, nothing is corrected", no_leak, UNTOUCHED),
    Change("nor is the arterial input dispersed", no_dispersion, UNTOUCHED),
    Change("nor does a head move, and residues fall from the start", like_the_decoder, UNTOUCHED),
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Finding:
    """The studies of every change, of the same seeds."""

    changes: tuple[tuple[Change, Repeated], ...]


def run_finding(
    cohorts: Cohorts | None = None,
    changes: Sequence[Change] = CHANGES,
    *,
    jobs: int | None = None,
    reporter: Reporter = QUIET,
) -> Finding:
    """Study the same cohorts again and again, each time with one thing more that is otherwise."""
    cohorts, made = cohorts or Cohorts(seeds=SEEDS), []
    for change in changes:
        reporter.step(change.name)
        settings = StudySettings(methods=METHODS, snrs=SNRS, preparation=change.preparation)
        altered = replace(cohorts, change=change.plan)
        made.append((change, repeat_study(altered, settings, jobs=jobs, reporter=reporter)))
    return Finding(changes=tuple(made))


def finding_page(found: Finding) -> str:
    """The tables as a page of Markdown."""
    cohorts = found.changes[0][1].cohorts
    parts = [_areas(found), _differences(found), _errors(found)]
    head = (
        "# Does an autoencoder grade best in noise?\n\nWritten by `bolus bench --finding`: "
        f"{said_of(cohorts)} Each block changes one thing more than the block above it.\n"
    )
    return "\n".join([head, *(f"## {one.title}\n\n{as_markdown(one)}" for one in parts)])


def _layout(
    found: Finding,
    about: tuple[str, str, str],
    cell: Callable[[Repeated, str, str], str],
    methods: Sequence[str] = METHODS,
) -> Layout:
    """A block a change, a line a method, a column an SNR; ``about`` is name, title and note."""
    names, (name, title, note) = [snr_name(snr) for snr in SNRS], about
    return Layout(
        name=name,
        title=title,
        note=note,
        columns=("method", *("none added" if n == NO_NOISE else f"SNR {n}" for n in names)),
        sections=tuple(
            (change.name, tuple((m, *(cell(made, m, n) for n in names)) for m in methods))
            for change, made in found.changes
        ),
    )


def _areas(found: Finding) -> Layout:
    return _layout(
        found,
        ("areas", "AUC", "Mean over the cohorts (lowest to highest)."),
        lambda made, method, snr: mean_of(made.areas(method, snr)),
    )


def _differences(found: Finding) -> Layout:
    return _layout(
        found,
        (
            "differences",
            f"AUC of {METHODS[0]} less that of the others",
            "Mean over the cohorts; 95 % interval by resampling patients within cohort and grade, "
            "the same for both methods.",
        ),
        lambda made, other, snr: difference(made.rows(METHODS[0], snr), made.rows(other, snr)),
        METHODS[1:],
    )


def _errors(found: Finding) -> Layout:
    def cell(made: Repeated, method: str, snr: str) -> str:
        logs = log_errors([row for one in made.rows(method, snr) for row in one])
        return f"{np.abs(logs).mean():.2f} / {np.exp(np.median(logs)):.2f}"

    return _layout(
        found,
        (
            "errors",
            "Error of the ratio",
            "Mean |ln(ratio/true)| / median of ratio/true, all cohorts together.",
        ),
        cell,
    )
