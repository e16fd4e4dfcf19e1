"""Tumours: whether numbers with a reference that bolus found hold what is true of the patient.

Simulated patients with tumours of several sizes, some in both hemispheres, are mapped with no
reference given; some of them are scanned a second time on another day.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Bool, Float

from bolus.base.progress import QUIET, Reporter, Steps
from bolus.data import ArterialInputError, PerfusionMaps, Preparation
from bolus.findings.burden import statistics_of
from bolus.patient import perfusion_maps
from bolus.phantom import DigitalPatient, Growth, Leak, Realism, simulate_patient
from bolus.phantom.patient import ECHO_TIMES

SEEDS = tuple(range(6000, 6200))
AGAIN = 20
"""Patients who are scanned twice."""
SHAPE = (48, 48, 8)
GROWTHS = {
    "usual": Growth(),
    "large": Growth(size=1.6),
    "both hemispheres": Growth(size=1.2, both=True),
    "small": Growth(size=0.6),
}
METHOD = "joint"
STILL = Preparation(motion=None)
SHIFT = 1.5
"""mm by which the head lies elsewhere on the other day, the mask as it was."""
HELD = (
    "cbv_ratio",
    "cbv_ratio_median",
    "cbv_ratio_p95",
    "cbv_ratio_hotspot",
    "burden_low",
    "burden_middle",
    "burden_high",
)
"""Numbers that are true or not of the true map."""


@dataclass(frozen=True, kw_only=True)
class TumorPlan:
    """One patient: ``growth`` of GROWTHS, ``grade`` 'low' or 'high', and the matrix."""

    seed: int
    growth: str
    grade: str
    shape: tuple[int, int, int] = SHAPE

    def scanned(self, visit: int = 1) -> DigitalPatient:
        """The patient on a day: TE, TR, dose, arterial input, noise and place are that day's."""
        who, day = (np.random.default_rng([self.seed, 7, k]) for k in (0, visit))
        ktrans = float(who.uniform(0.05, 0.2) if self.grade == "high" else who.uniform(0, 0.02))
        strong = bool(who.random() < 0.5)
        leak = Leak(
            ktrans=ktrans,
            ve=float(who.uniform(0.2, 0.4)),
            relaxivity=float(who.uniform(40, 80) if strong else who.uniform(5, 15)),
            preload=0.4 if strong else 0.1,
        )
        frames, strength = 60, float(who.choice([1.5, 3.0]))
        place = day.uniform(-SHIFT, SHIFT, 3) * (visit > 1)
        realism = Realism(
            dispersion=(0.0, 1.5),
            residue="fermi",
            growth=GROWTHS[self.growth],
            leak=leak,
            visit=visit,
            doses=((0.0, float(day.uniform(0.8, 1.2))),),
            poses=((*map(float, place), 0.0, 0.0, 0.0),) * frames if visit > 1 else None,
        )
        return simulate_patient(
            seed=self.seed,
            snr=float(day.choice([30.0, 50.0, 100.0])),
            field=strength,
            tr=float(day.choice([1.25, 1.5, 1.75])),
            te=ECHO_TIMES[strength] * float(day.uniform(0.9, 1.1)),
            frames=frames,
            tumor=self.grade,
            shape=self.shape,
            realism=realism,
        )


def tumor_plans(seeds: Sequence[int] = SEEDS) -> list[TumorPlan]:
    """A patient a seed; growth in turn, every third of low grade."""
    names, grades = list(GROWTHS), ("low", "high", "high")
    return [TumorPlan(seed=s, growth=names[s % 4], grade=grades[s // 4 % 3]) for s in seeds]


@dataclass(frozen=True, kw_only=True)
class TumorCase:
    """What was found of a patient.

    ``off`` is the reference's mean CBV over that of the true white matter of the same map, NaN
    where none was found (``refused`` says why, for ``no_artery`` that there was no arterial input
    and so no map). ``held`` says of every number in HELD whether its
    90 % interval holds the true one, ``error`` by how much its value is above it. ``standard`` and
    ``normalised`` are mean rCBV of the tumour on the days it was scanned.
    """

    plan: TumorPlan
    off: float
    refused: str = ""
    no_artery: bool = False
    held: dict[str, bool] = field(default_factory=dict)
    error: dict[str, float] = field(default_factory=dict)
    standard: tuple[float, ...] = ()
    normalised: tuple[float, ...] = ()


def run_tumors(
    todo: Sequence[TumorPlan] | None = None, again: int = AGAIN, *, reporter: Reporter = QUIET
) -> list[TumorCase]:
    """Map every patient by METHOD, the first ``again`` twice; about twenty minutes for all.

    A patient in whose first scan no artery is found is a case without numbers, and told; a second
    scan without is left out of the repeatability, as NaN.
    """
    chosen = tumor_plans() if todo is None else todo
    steps, found = Steps(len(chosen), reporter), []
    for number, plan in enumerate(chosen):
        steps(f"patient {plan.seed}")
        case = _case(plan, 2 if number < again else 1)
        if case.no_artery:
            reporter.skipped(f"patient {plan.seed}", case.refused)
        found.append(case)
    steps.finish()
    return found


def _case(plan: TumorPlan, days: int) -> TumorCase:
    case, standard, normalised = None, [], []
    for day in range(1, days + 1):
        made = plan.scanned(day)
        try:
            maps = perfusion_maps(
                made.series, METHOD, regions={"tumor": made.masks.tumor}, preparation=STILL
            )
        except ArterialInputError as error:
            if case is None:
                return TumorCase(plan=plan, off=math.nan, refused=str(error), no_artery=True)
            standard.append(math.nan)
            normalised.append(math.nan)
            continue
        case = case or _judged(plan, made, maps)
        told = {one.measure: one.value for one in maps.measurements}
        standard.append(told.get("srcbv", math.nan))
        normalised.append(told.get("cbv_ratio", math.nan))
    assert case is not None
    return replace(case, standard=tuple(standard), normalised=tuple(normalised))


def _judged(plan: TumorPlan, made: DigitalPatient, maps: PerfusionMaps) -> TumorCase:
    if maps.reference is None or maps.reference.refusal:
        return TumorCase(
            plan=plan, off=math.nan, refused="" if maps.reference is None else (
                maps.reference.refusal)
        )  # fmt: skip
    volume, white = maps.volumes[maps.corrected_of("cbv")], made.masks.nawm & maps.mask
    true = true_numbers(made, maps)
    told = {one.measure: one for one in maps.measurements if one.measure in HELD}
    return TumorCase(
        plan=plan,
        off=float(np.nanmean(volume[maps.rois["reference"]]) / np.nanmean(volume[white])),
        held={name: _holds(one.interval, true[name]) for name, one in told.items()},
        error={name: one.value - true[name] for name, one in told.items()},
    )


def _holds(interval: tuple[float, float] | None, value: float) -> bool:
    return interval is not None and interval[0] - 1e-9 <= value <= interval[1] + 1e-9


def true_numbers(made: DigitalPatient, maps: PerfusionMaps) -> dict[str, float]:
    """The numbers of the true map of CBV over its mean in the true white matter."""
    where: Bool[np.ndarray, "x y z"] = maps.rois["tumor"] & np.isfinite(
        maps.volumes[maps.corrected_of("cbv")]
    )
    true = made.truth.cbv.astype(float)
    values: Float[np.ndarray, " n"] = (true / np.nanmean(true[made.masks.nawm]))[where]
    asked = statistics_of(where, maps.preparation.burden)
    return {"cbv_ratio": float(values.mean()), **{k: ask(values) for k, ask in asked.items()}}


def repeatability(pairs: Sequence[tuple[float, ...]]) -> float:
    """Within-subject coefficient of variation of pairs: root of the mean of SD² over mean².

    Source: Bland and Altman, BMJ 1996;313:106.
    """
    known = np.array([pair for pair in pairs if len(pair) == 2 and np.isfinite(pair).all()])
    if not len(known):
        return math.nan
    return float(np.sqrt(np.mean(known.var(axis=1, ddof=1) / known.mean(axis=1) ** 2)))
