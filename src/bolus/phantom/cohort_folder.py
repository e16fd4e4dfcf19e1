"""A digital cohort as files."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bolus.base.about import software
from bolus.base.json import write_json
from bolus.base.parallel import run_all
from bolus.base.progress import QUIET, Reporter
from bolus.data import Grid
from bolus.io import output_folder, write_series, write_volume
from bolus.io.cohort import mask_path, series_path, truth_path, write_dataset, write_participants
from bolus.io.timing import sidecar_path
from bolus.phantom.cohort import SIZE, PatientPlan, Size, plan_cohort, simulate_planned
from bolus.phantom.folder import TRUTH_UNITS
from bolus.phantom.patient import DigitalPatient

MASKS = ("brain", "nawm", "tumor", "aif")


@dataclass(frozen=True, kw_only=True)
class SimulatedCohort:
    """Where a digital cohort lies, and the plans of its patients."""

    folder: Path
    plans: tuple[PatientPlan, ...]


def simulate_cohort(
    out: str | os.PathLike[str],
    *,
    low: int,
    high: int,
    seed: int = 0,
    protocol: str = "mixed",
    train: int | tuple[int, int] = 0,
    size: Size = SIZE,
    jobs: int | None = None,
    overwrite: bool = False,
    reporter: Reporter = QUIET,
) -> SimulatedCohort:
    """Digital glioma patients on disk, laid out as ``io.cohort`` says; see ``plan_cohort``.

    Beside every series lie its masks (the arterial one of pure voxels, the brain, the tumour's
    solid part, normal-appearing white matter) and its truth maps. ``size`` is the matrix and the
    frames of every series (x, y, z, t). The folder appears whole or not
    at all; the same arguments give the same bytes whatever ``jobs``, the local processes.
    ``reporter`` gets how many patients are done.

    Raises InputError for a plan that cannot be, OutputError.
    """
    plans = plan_cohort(low=low, high=high, seed=seed, protocol=protocol, train=train)
    name = f"Digital glioma patients, {low} low and {high} high, seed {seed}"
    return simulate_plans(
        out,
        plans,
        facts={"name": name, "seed": seed, "protocol": protocol},
        size=size,
        jobs=jobs,
        overwrite=overwrite,
        reporter=reporter,
    )


def simulate_plans(
    out: str | os.PathLike[str],
    plans: Sequence[PatientPlan],
    *,
    facts: Mapping[str, object],
    size: Size = SIZE,
    jobs: int | None = None,
    overwrite: bool = False,
    reporter: Reporter = QUIET,
) -> SimulatedCohort:
    """The patients of some plans on disk, such as those of a cohort that are tested.

    ``facts`` ("name" among them) go into the summary; all else as ``simulate_cohort``.
    """
    with output_folder(out, overwrite) as folder:
        tasks = {plan.name: (plan, folder, size) for plan in plans}
        for done, (name, _) in enumerate(run_all(_simulated, tasks, jobs=jobs), start=1):
            reporter.advance(done, len(plans), name)
        write_participants(folder, [_row(plan) for plan in plans])
        write_dataset(folder, str(facts["name"]))
        write_json(folder / "summary.json", _summary(plans, facts))
    return SimulatedCohort(folder=Path(out), plans=tuple(plans))


def _simulated(plan: PatientPlan, folder: Path, size: Size) -> None:
    """One patient simulated and written; runs in a process of its own."""
    patient = simulate_planned(plan, size=size)
    series = patient.series
    path = series_path(folder, plan.name)
    path.parent.mkdir(parents=True)
    write_series(path, series.signal, series.grid, series.dt, series.te, series.slice_times)
    for label in MASKS:
        mask = getattr(patient.masks, label)
        write_volume(mask_path(folder, plan.name, label), mask, series.grid)
    _write_truth(patient, folder, plan.name, series.grid)


def _write_truth(patient: DigitalPatient, folder: Path, name: str, grid: Grid) -> None:
    for quantity, unit in {**TRUTH_UNITS, "ktrans": "1/min"}.items():
        path = truth_path(folder, name, quantity)
        write_volume(path, getattr(patient.truth, quantity), grid)
        write_json(sidecar_path(path), {"Units": unit, "Simulated": True})


def _row(plan: PatientPlan) -> dict[str, object]:
    leak = plan.realism.leak
    own: dict[str, object] = {"participant_id": plan.name, "grade": plan.grade}
    if plan.split is not None:
        own["split"] = plan.split
    return own | {
        "who_grade": plan.who,
        "field_t": plan.field,
        "true_cbf_ratio": round(plan.ratios.cbf, 4),
        "true_cbv_ratio": round(plan.ratios.cbv, 4),
        "ktrans_per_min": round(leak.ktrans, 4) if leak else 0,
        "seed": plan.seed,
    }


def _summary(plans: Sequence[PatientPlan], facts: Mapping[str, object]) -> dict[str, object]:
    return {
        "software": software(),
        "simulated_cohort": {
            **{key: value for key, value in facts.items() if key != "name"},
            "patients": {plan.name: asdict(plan) for plan in plans},
        },
    }
