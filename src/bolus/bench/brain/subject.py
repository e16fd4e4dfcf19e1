"""A simulated brain as it is measured, with its regions."""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Int

from bolus.bench.brain.cases import KINDS, Case
from bolus.bench.brain.lesions import Lesion, place_lesions
from bolus.bench.brain.voxels import Voxels, scored_voxels
from bolus.data import AIF, SeriesError, Unmixing
from bolus.data.options import UNTOUCHED
from bolus.patient import Measured, measure, measure_prepared
from bolus.phantom import DigitalPatient, simulate_patient
from bolus.preprocess import find_series_frames, prepare

Shape = tuple[int, int, int]
Late = Bool[np.ndarray, "x y z"]


@dataclass(frozen=True, eq=False)
class Subject:
    """A patient who was ``made``, as ``measured``, and the ``voxels`` that are scored.

    ``rows`` are the voxels' rows among the curves of the brain; ``refused`` says that its used
    frames are not found as they are for any series.
    """

    case: Case
    seed: int
    made: DigitalPatient
    measured: Measured
    voxels: Voxels
    rows: Int[np.ndarray, " n"]
    refused: bool


def make_subject(case: Case, seed: int, shape: Shape) -> Subject:
    """Simulate a case. The brain is known, and the head does not move."""
    lesions = _lesions(case.population, seed, shape) if case.lesions else ()
    made = simulate_patient(
        seed=seed,
        snr=case.snr,
        tr=case.tr,
        frames=case.frames,
        tumor=KINDS[case.population].tumor,
        shape=shape,
        realism=case.realism(tuple(lesion.ball for lesion in lesions)),
    )
    halves = None if case.side is None else case.side.mask(shape)
    voxels = scored_voxels(made, lesions, halves)
    measured, refused = _measured(made, case.aif, halves)
    order = np.cumsum(measured.series.mask.ravel()) - 1
    rows = order[np.ravel_multi_index(tuple(voxels.index.T), shape)]
    return Subject(case, seed, made, measured, voxels, rows, refused)


@lru_cache(maxsize=8)
def _lesions(population: str, seed: int, shape: Shape) -> tuple[Lesion, ...]:
    """Lesions in the healthy tissue of a patient, who is simulated as simply as can be."""
    case = Case(population=population, snr=np.inf, tr=3.0)
    plain = simulate_patient(
        seed=seed,
        snr=case.snr,
        tr=case.tr,
        frames=30,
        tumor=KINDS[population].tumor,
        shape=shape,
        realism=case.realism(),
    )
    return place_lesions(plain.masks, np.random.default_rng([seed, 1]))


def _measured(made: DigitalPatient, aif: str, late: Late | None) -> tuple[Measured, bool]:
    """The patient measured, and whether a brain that is partly ``late`` was refused.

    What is refused since it shows no bolus, or two that overlap, is measured in the frames of the
    part that is not late; so is what would be cut before a second bolus.
    """
    brain, artery = made.masks.brain, None if aif == "found" else made.masks.aif
    preparation = UNTOUCHED if aif == "found" else replace(UNTOUCHED, unmixing=Unmixing(use=False))
    refused = late is not None and _unusual(made, brain)
    if late is None or not refused:
        found = measure(made.series, artery, brain, preparation=preparation)
    else:
        frames = find_series_frames(made.series, brain & ~late)
        series = prepare(made.series, brain, frames=frames)
        found = measure_prepared(series, artery, preparation=preparation)
    if aif == "found":
        return found, refused
    curve = made.aif[found.series.frames.used]
    return replace(found, aif=AIF(curve=curve, dt=made.series.dt, origin="given")), refused


def _unusual(made: DigitalPatient, brain: Late) -> bool:
    """Whether the frames of one bolus are not found in a brain that has one."""
    try:
        return bool(find_series_frames(made.series, brain).others)
    except SeriesError:
        return True
