"""What a cohort without labels teaches: ``phae`` before and after it was adapted to one."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bolus.base.extras import need
from bolus.base.progress import QUIET, Reporter, Steps
from bolus.bench.design import Design, baseline_frames
from bolus.bench.result import Benchmark
from bolus.bench.run import run_benchmark
from bolus.bench.statistics import RIVALS, AccuracyRow
from bolus.bench.tables import coverage, number
from bolus.bench.trial import accuracy_rows, run_trial, trial_steps
from bolus.estimators import Estimator, estimator
from bolus.estimators.weights import Weights
from bolus.learning.judgement import Judge, Judged
from bolus.phantom import PopulationPrior
from bolus.preprocess import pooled_sd
from bolus.report.text.layout import Layout, as_markdown

if TYPE_CHECKING:
    from bolus.learning.phae.adapt import AdaptRecipe

DT = 1.5
SNRS = (50.0, 20.0)
COMPARED = 192
"""Curves a cell of the benchmark of weights before and after they were adapted."""
PATIENTS, HELD_OUT, VOXELS = 12, 4, 100
"""Patients adapted to and held out, and curves of each, all with an arterial input of their own."""


def compare_weights(before: Weights, after: Weights, *, reporter: Reporter = QUIET) -> Benchmark:
    """The standard benchmark of ``phae`` with two sets of weights, rows 'before' and 'after'.

    Its population is not that of the cohort to which weights were adapted. Raises WeightsError for
    weights of another method.
    """
    from bolus.estimators.phae import Phae

    return run_benchmark(
        methods={"before": Phae(before), "after": Phae(after)},
        curves_per_cell=COMPARED,
        timing=None,
        parts=(),
        reporter=reporter,
    )


def by_benchmark(
    *,
    anyway: bool = False,
    seen: Callable[[Benchmark], object] = lambda found: None,
    reporter: Reporter = QUIET,
) -> Judge:
    """A judge for ``bolus.learning.train``, which rejects what makes the benchmark worse.

    The error is the mean of ``|log(CBF/true)|`` over all SNR. ``anyway`` keeps it all the same;
    ``seen`` gets the benchmark.
    """

    def judge(before: Weights, after: Weights) -> Judged:
        found = compare_weights(before, after, reporter=reporter)
        seen(found)
        errors = {
            name: float(np.mean([row.log_cbf for row in found.pooled if row.method == name]))
            for name in ("before", "after")
        }
        return Judged(before=errors["before"], after=errors["after"], anyway=anyway)

    return judge


@dataclass(frozen=True, kw_only=True, eq=False)
class Adaptation:
    """Rows of the limit, the rivals, and ``phae`` 'before' and 'after', an SNR after the other.

    ``gain`` is the log predictive likelihood a curve that held-out patients gained, with its 95 %
    interval, by SNR; where it is not above chance 'after' is 'before'.
    """

    rows: tuple[AccuracyRow, ...]
    gain: tuple[tuple[float, float, float], ...]
    snrs: tuple[float, ...]
    prior: PopulationPrior

    def change(self, snr: float) -> float:
        """Relative change of mean ``|log(CBF/true)|`` by adaptation."""
        found = {row.method: row.log_cbf for row in self.rows if row.snr == snr}
        return found["after"] / found["before"] - 1


def run_adaptation(
    *,
    seed: int = 0,
    snrs: tuple[float, ...] = SNRS,
    recipe: "AdaptRecipe | None" = None,
    curves_per_cell: int = 1920,
    reporter: Reporter = QUIET,
) -> Adaptation:
    """Adapt ``phae`` to an unlabelled cohort of another population, once an SNR, and test it.

    The cohort has PATIENTS and HELD_OUT patients of VOXELS curves each, TR 1.5 s, whose noise is
    known as ``bolus train`` knows it, from all baselines of a patient; the test has other arterial
    inputs and curves of the same population. Loads torch.
    Raises InputError without it.
    """
    need("torch", "an adaptation")
    from bolus.estimators.phae import Phae, shipped_weights
    from bolus.learning.phae.adapt import adapt
    from bolus.learning.voxels import PatientVoxels, write_voxels

    prior = PopulationPrior()
    test = Design(seed=seed, dts=(DT,), curves_per_cell=curves_per_cell, prior=prior)
    start = shipped_weights("phae")
    methods: dict[str, Estimator] = {name: estimator(name) for name in RIVALS}
    methods |= {"before": Phae(start), "after": Phae(start)}
    each = replace(test, snrs=snrs[:1])
    steps = Steps(len(snrs) * (1 + trial_steps(each, methods)), reporter)
    rows: list[AccuracyRow] = []
    gain = []
    for snr in snrs:
        steps(f"adapting at SNR {snr:g}")
        with tempfile.TemporaryDirectory() as folder:
            files = []
            for number, batch in enumerate(_cohort(seed, snr, prior).batches()):
                path = Path(folder) / f"{number}.safetensors"
                frames = baseline_frames(batch.aif, batch.dt, prior)
                noise = pooled_sd(batch.baseline_sd, np.ones(VOXELS), frames)
                write_voxels(path, batch.tissue, noise, batch.aif, batch.dt, test.te)
                files.append(PatientVoxels.open(path))
            train, validation = files[:PATIENTS], files[PATIENTS:]
            made = adapt(train, validation, start, Path(folder), recipe=recipe, seed=seed)
        gain.append((made.gain, *made.gain_ci))
        methods["after"] = Phae(made.weights or start)
        trial = run_trial(replace(test, snrs=(snr,)), methods, steps, label=f"SNR {snr:g}")
        rows += accuracy_rows(trial, seed, (snr,))
    steps.finish()
    return Adaptation(rows=tuple(rows), gain=tuple(gain), snrs=snrs, prior=prior)


def _cohort(seed: int, snr: float, prior: PopulationPrior) -> Design:
    """The cohort's curves, of other seeds than the test's."""
    patients = PATIENTS + HELD_OUT
    return Design(
        seed=seed + 1000, dts=(DT,), snrs=(snr,), curves_per_cell=patients * VOXELS, prior=prior
    )


def adaptation_layout(found: Adaptation) -> Layout:
    """A section an SNR."""
    prior = found.prior

    def cells(row: AccuracyRow) -> tuple[str, ...]:
        low, high = row.log_cbf_ci
        return (
            row.method,
            f"{row.log_cbf:.3f} ({low:.3f}–{high:.3f})",
            number(row.to_limit),
            number(row.cbf_bias),
            number(row.log_mtt, 3),
            number(row.mtt_error),
            number(row.delay_error) + ("*" if row.delay_from == "tmax" else ""),
            coverage(row.coverage),
        )

    def heading(place: int) -> str:
        snr, (gain, low, high) = found.snrs[place], found.gain[place]
        return (
            f"SNR {snr:g}: error {100 * found.change(snr):+.0f} %; held-out patients gain "
            f"{gain:.3f} ({low:.3f} to {high:.3f}) in log predictive likelihood a curve"
        )

    return Layout(
        name="adaptation",
        title="Adaptation to a cohort without labels",
        note=f"A cohort of {PATIENTS} patients, {HELD_OUT} more held out, {VOXELS} curves each, TR "
        f"{DT:g} s; MTT log-normal around {prior.typical_mtt:g} s ± {100 * prior.mtt_sd:.0f} %, "
        f"delay {prior.delay_mean:g} ± {prior.delay_sd:g} s. Tested on {found.rows[0].n} other "
        "curves of that population: mean |log(CBF/true)| (95 % interval), its ratio to the limit "
        "under the true population, median of CBF/true, mean |log(MTT/true)|, mean errors of MTT "
        "and delay in s (* of Tmax), share in % of 90 % intervals that hold CBF, MTT and delay.",
        columns=(
            "method",
            "|log CBF|",
            "× limit",
            "CBF/true",
            "|log MTT|",
            "MTT s",
            "delay s",
            "hold %",
        ),
        sections=tuple(
            (heading(place), tuple(cells(row) for row in found.rows if row.snr == snr))
            for place, snr in enumerate(found.snrs)
        ),
    )


def adaptation_page(found: Adaptation) -> str:
    """The table as a page of Markdown."""
    layout = adaptation_layout(found)
    return f"# {layout.title}\n\nWritten by `bolus bench --adaptation`.\n\n{as_markdown(layout)}"
