"""A cohort's voxels on disk, one patient in memory at a time."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool

from bolus.base.json import read_json, write_json
from bolus.base.progress import QUIET, Reporter
from bolus.data import BolusError, InputError, OutputError, Quality, TissueCurves
from bolus.io import read_series
from bolus.io.timing import sidecar_path
from bolus.learning.lesson import Lesson
from bolus.learning.sample import Sample
from bolus.learning.sources import Source
from bolus.learning.voxels import PatientVoxels, write_voxels
from bolus.patient import Measured, measure

FORMAT = "bolus-cohort-2"
INDEX, VOXELS = "cohort.json", "voxels"
LEAST = 96
"""Fewest voxels with a bolus that a series can be trained on."""
UNUSABLE = np.uint8(Quality.NO_BOLUS | Quality.NON_FINITE | Quality.CLIPPED)


@dataclass(frozen=True, kw_only=True)
class Skipped:
    """A series that cannot be used: its number from 1, and why."""

    series: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class Cohort:
    """Voxels of the usable series in numbered files, and whose they are; what was skipped."""

    files: tuple[Path, ...]
    patients: tuple[int, ...]
    skipped: tuple[Skipped, ...]

    @property
    def voxels(self) -> int:
        """Voxels of all files."""
        return sum(PatientVoxels.open(path).count for path in self.files)

    def split(self, share: float, seed: int) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
        """Files to train on and files held out, by patients: a random ``share`` of them.

        At least one patient stays on either side; share 0 holds none out. Raises InputError when
        there are too few patients.
        """
        if not self.files:
            raise InputError(f"none of {len(self.skipped)} series can be used: see the reasons")
        known = sorted(set(self.patients))
        if share == 0:
            return self.files, ()
        if len(known) < 2:
            raise InputError(
                "one usable patient cannot be split into training and validation: at least 2 are "
                "needed (or, for the preset paper, --validation 0 for training without validation)"
            )
        count = int(np.clip(round(share * len(known)), 1, len(known) - 1))
        held = set(np.random.default_rng([seed, 1]).permutation(known)[:count].tolist())
        both = list(zip(self.files, self.patients, strict=True))
        return (
            tuple(path for path, patient in both if patient not in held),
            tuple(path for path, patient in both if patient in held),
        )


def read_cohort(
    sources: Sequence[Source],
    folder: Path,
    *,
    sample: Sample,
    lesson: Lesson | None = None,
    seed: int = 0,
    resume: bool = False,
    reporter: Reporter = QUIET,
) -> Cohort:
    """Read every series and write a random sample of its brain voxels with a bolus to ``folder``.

    Head motion, frames, brain, curves and arterial input are treated as for maps (``measure``),
    with the masks beside the series where there are any; ``sample`` says how, and how many voxels
    of a series are taken at most. With a ``lesson`` the maps of its method are written beside
    them. Files are numbered and hold no name. A series that cannot be used, or that holds the same
    data as an earlier one, is skipped; ``reporter`` gets it, and the result says why. ``resume``
    takes what an earlier run has written. Memory does not grow with the number of series.

    Raises InputError when ``resume`` finds another cohort, OutputError.
    """
    label = {
        "seed": seed,
        "voxels": sample.most(),
        "preparation": sample.prepared().as_json(),
        "series": [s.fingerprint() for s in sources],
        **({} if lesson is None else {"lesson": asdict(lesson)}),
    }
    if resume and (folder / INDEX).exists():
        return _known(folder, label, reporter)
    _make(folder / VOXELS)
    files: dict[Path, int] = {}
    skipped: list[Skipped] = []
    seen: dict[str, int] = {}
    for number, source in enumerate(sources, start=1):
        reporter.advance(number - 1, len(sources), "reading series")
        path = folder / VOXELS / f"{number:05d}.safetensors"
        try:
            rng = np.random.default_rng([seed, 0, number])
            _write(_measured(source, sample, seen, number), path, sample, lesson, rng)
        except (BolusError, OSError) as error:
            reason = " ".join(str(error).split())
            reporter.skipped(str(source.path), reason.replace(f"{source.path}: ", ""))
            skipped.append(Skipped(series=number, reason=_nameless(reason, source, number)))
        else:
            files[path] = source.patient
    write_json(
        folder / INDEX,
        {
            "format": FORMAT,
            "label": label,
            "files": {path.name: patient for path, patient in files.items()},
            "skipped": {str(s.series): s.reason for s in skipped},
        },
    )
    return Cohort(files=tuple(files), patients=tuple(files.values()), skipped=tuple(skipped))


def _nameless(reason: str, source: Source, number: int) -> str:
    """A reason without the paths of a patient's files, and of what lies in their folders."""
    given = (source.path, sidecar_path(source.path), source.aif, source.brain)
    for path in sorted({str(path) for path in given if path is not None}, key=len, reverse=True):
        reason = re.sub(rf"{re.escape(path)}(/[^:,]*)?", f"series {number}", reason)
    return reason


def _measured(source: Source, sample: Sample, seen: dict[str, int], number: int) -> Measured:
    """What a series holds; ``seen`` knows the checksums of the series before."""
    series = read_series(source.path)
    before = seen.setdefault(series.source.checksum, number)
    if before != number:
        raise InputError(f"{source.path}: the same data as series {before}")
    measured = measure(series, source.aif, source.brain, preparation=sample.prepared())
    usable = _usable(measured.corrected or measured.curves)
    if usable.sum() < LEAST:
        raise InputError(
            f"{source.path}: {usable.sum()} of {usable.size} brain voxels have a bolus that "
            f"can be trained on, at least {LEAST} are needed"
        )
    return measured


def _usable(curves: TissueCurves) -> Bool[np.ndarray, " n"]:
    return np.asarray((curves.quality & UNUSABLE) == 0)


def _write(
    measured: Measured,
    path: Path,
    sample: Sample,
    lesson: Lesson | None,
    rng: np.random.Generator,
) -> None:
    """One series' voxels into one file, with the maps that a lesson is about."""
    curves, series, further = measured.corrected or measured.curves, measured.series, None
    usable = _usable(curves)
    if lesson is None:
        rows = rng.permutation(np.flatnonzero(usable))[: sample.most()]
    else:
        rows, further = lesson.of(measured, curves, usable, sample.most(), rng)
    write_voxels(
        path,
        curves.curves[rows],
        curves.noise_sd[rows],
        measured.aif.curve,
        series.dt,
        series.te or 1.0,
        further,
    )


def _known(folder: Path, label: Mapping[str, object], reporter: Reporter) -> Cohort:
    """The cohort that an earlier run has read."""
    path = folder / INDEX
    told: dict[str, Any] = read_json(path)
    if told.get("format") != FORMAT or told.get("label") != label:
        raise InputError(
            f"{path}: of another training; resume with the same series, seed and voxels, "
            "or start anew"
        )
    skipped = tuple(Skipped(series=int(n), reason=why) for n, why in told["skipped"].items())
    for one in skipped:
        reporter.skipped(f"series {one.series}", one.reason)
    files = tuple(folder / VOXELS / name for name in told["files"])
    return Cohort(files=files, patients=tuple(told["files"].values()), skipped=skipped)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be made ({error.strerror})") from error
