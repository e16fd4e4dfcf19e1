"""Batches of curves and of slices, with what the teacher made of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch

from bolus.estimators.surrogate.config import SurrogateConfig
from bolus.estimators.surrogate.slices import padded
from bolus.estimators.surrogate.told import taught
from bolus.learning.lesson import TAUGHT
from bolus.learning.voxels import PatientVoxels

TOP = 99.5
"""Percentile of a patient's map that its cap is; the median over the patients is taken."""


@dataclass(frozen=True)
class CurveBatch:
    """Curves and arterial inputs (n, samples) as the network sees them, targets (n, maps)."""

    curves: torch.Tensor
    arteries: torch.Tensor
    targets: torch.Tensor


@dataclass(frozen=True)
class SliceBatch:
    """Curves (n, samples) of the voxels of ``brain`` (b, h, w), and their targets (n, maps).

    ``known`` (n, maps) are the voxels of which the teacher has maps; targets are 0 elsewhere.
    """

    curves: torch.Tensor
    brain: torch.Tensor
    targets: torch.Tensor
    known: torch.Tensor


def caps_of(patients: Sequence[PatientVoxels], quantities: Sequence[str]) -> tuple[float, ...]:
    """What each map is divided by, from the patients that are trained on, one after the other."""
    columns = [TAUGHT.index(name) for name in quantities]
    tops = []
    for patient in patients:
        targets = patient.further("targets", 0, patient.count)[:, columns]
        tops.append(np.nanpercentile(targets, TOP, axis=0))
    # a teacher without a map (Tmax of a method whose residue is highest at once) has 0 everywhere
    return tuple(float(cap) if cap > 0 else 1.0 for cap in np.median(tops, axis=0))


def curve_batch(
    parts: Sequence[tuple[PatientVoxels, int, int]], config: SurrogateConfig
) -> CurveBatch:
    """Rows of several patients, one after the other."""
    curves, arteries, targets = [], [], []
    for patient, start, stop in parts:
        seen, artery = _seen(patient, start, stop, config)
        curves.append(seen)
        arteries.append(np.broadcast_to(artery, seen.shape))
        targets.append(_targets(patient, start, stop, config))
    return CurveBatch(*(torch.from_numpy(np.concatenate(p)) for p in (curves, arteries, targets)))


def slice_batch(
    parts: Sequence[tuple[PatientVoxels, int, int]], config: SurrogateConfig
) -> SliceBatch:
    """Whole slices, each the rows of a patient; smaller ones are padded to the largest."""
    pixels = [p.further("pixels", a, b).astype(np.intp) for p, a, b in parts]
    places = [one[:, :2] for one in pixels]
    sides = np.max([one[0, 3:] for one in pixels], axis=0)
    brain = np.zeros((len(parts), *padded((int(sides[0]), int(sides[1])), config)), dtype=bool)
    curves, targets = [], []
    for number, ((patient, start, stop), place) in enumerate(zip(parts, places, strict=True)):
        brain[number, place[:, 0], place[:, 1]] = True
        order = np.lexsort((place[:, 1], place[:, 0]))
        curves.append(_seen(patient, start, stop, config)[0][order])
        targets.append(_targets(patient, start, stop, config)[order])
    wanted = np.concatenate(targets)
    return SliceBatch(
        torch.from_numpy(np.concatenate(curves)),
        torch.from_numpy(brain),
        torch.from_numpy(np.nan_to_num(wanted)),
        torch.from_numpy(np.isfinite(wanted)),
    )


def slices_of(patient: PatientVoxels) -> list[tuple[int, int]]:
    """First row of every slice and the one after its last."""
    level = patient.further("pixels", 0, patient.count)[:, 2]
    edges = [0, *(np.flatnonzero(np.diff(level)) + 1).tolist(), len(level)]
    return list(pairwise(edges))


def _seen(
    patient: PatientVoxels, start: int, stop: int, config: SurrogateConfig
) -> tuple[np.ndarray, np.ndarray]:
    """Curves (m, samples) and arterial input (1, samples) on the network's timeline."""
    aif, line = patient.aif.astype(float), config.timeline
    curves, _ = patient.rows(start, stop)
    return line.seen(curves, aif, patient.dt), line.seen(aif[None], aif, patient.dt)


def _targets(patient: PatientVoxels, start: int, stop: int, config: SurrogateConfig) -> np.ndarray:
    """What the network is to say of the teacher's maps."""
    columns = [TAUGHT.index(name) for name in config.quantities]
    return taught(patient.further("targets", start, stop)[:, columns], config.caps)
