"""Simulated patients of several protocols as curves on disk: what the shipped weights saw."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from bolus.base.progress import QUIET, Reporter
from bolus.data import Quality
from bolus.learning.voxels import PatientVoxels, write_voxels
from bolus.phantom import simulate_patient
from bolus.preprocess import prepare, tissue_curves


class Protocol(NamedTuple):
    """Field in T, TR in s, frames."""

    field: float
    tr: float
    frames: int


PROTOCOLS = (
    Protocol(1.5, 1.0, 64),
    Protocol(3.0, 1.25, 54),
    Protocol(3.0, 1.5, 48),
    Protocol(1.5, 2.0, 40),
)
SNRS = (100.0, 50.0, 30.0)
TUMORS = ("high", "none", "low")
SHAPE = (48, 48, 12)


def simulated_patients(
    folder: Path,
    patients: int,
    voxels: int,
    *,
    seed: int = 0,
    reporter: Reporter = QUIET,
) -> list[PatientVoxels]:
    """``patients`` simulated patients, ``voxels`` random brain voxels with a bolus of each.

    Protocols, SNRs and tumours in turn; the true arterial input, over the used frames. Patients
    with fewer such voxels give all they have.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for number in range(patients):
        reporter.advance(number, patients, "simulating patients")
        found.append(_patient(folder / f"{number:03d}.safetensors", number, voxels, seed))
    return found


def _patient(path: Path, number: int, voxels: int, seed: int) -> PatientVoxels:
    protocol = PROTOCOLS[number % len(PROTOCOLS)]
    patient = simulate_patient(
        seed=seed + number,
        snr=SNRS[number // len(PROTOCOLS) % len(SNRS)],
        field=protocol.field,
        tr=protocol.tr,
        frames=protocol.frames,
        tumor=TUMORS[number % len(TUMORS)],
        shape=SHAPE,
    )
    series = prepare(patient.series)
    curves = tissue_curves(series)
    mtt = patient.truth.mtt[series.mask]
    bad = np.uint8(Quality.NO_BOLUS | Quality.NON_FINITE | Quality.CLIPPED)
    usable = np.flatnonzero((curves.quality & bad == 0) & np.isfinite(mtt) & (mtt > 0))
    rng = np.random.default_rng([seed, number])
    rows = rng.permutation(usable)[:voxels]
    write_voxels(
        path,
        curves.curves[rows],
        curves.noise_sd[rows],
        patient.aif[series.frames.used],
        series.dt,
        series.te or 1.0,
    )
    return PatientVoxels.open(path)
