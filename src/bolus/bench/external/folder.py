"""The benchmark as a folder: objects for any program, and their truth apart from them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bolus.base.about import software
from bolus.base.files import write_bytes
from bolus.base.json import read_json, write_json
from bolus.base.progress import QUIET, Reporter, Steps
from bolus.bench.external.made import UNITS, Made, Part, Truth
from bolus.bench.external.objects import OBJECTS, External
from bolus.data import AIF, DSCSeries, FrameWindow, Grid, InputError
from bolus.io import (
    output_folder,
    read_aif,
    read_map,
    read_mask,
    read_series,
    write_aif,
    write_series,
    write_volume,
)

FORMAT = 1
"""Version of the exchange format and of the results file."""
README = """\
An external benchmark of DSC-MRI perfusion maps, written by bolus.

objects/NAME/dsc.nii.gz         the series (x, y, z, t), float32
objects/NAME/dsc.json           RepetitionTime and EchoTime in s; BaselineFrames before the bolus
objects/NAME/mask.nii.gz        voxels to be mapped
objects/NAME/aif.tsv            arterial input: time_s and delta_r2star_per_s, one line a frame
objects/NAME/tumor_mask.nii.gz  where tissue may leak; only where there is a tumour
truth/NAME                      the truth; a program that is scored does not read it

A program writes, for every object that it can map, MAPS/NAME/cbf.nii.gz, cbv.nii.gz, mtt.nii.gz
and delay.nii.gz or tmax.nii.gz on the grid of the series; any of them may be left out. Where
cbv_corrected.nii.gz is there it is taken for the blood volume. NaN is what was not measured.

Units, unless the "Units" of a sidecar (cbf.json) say otherwise: CBF mL/100mL/min, CBV mL/100mL,
times s. Volumes are plain ratios of the tissue's area to the artery's: no haematocrit, no density.
"""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """An object of a folder: its name, how it is scored, and what shares a common factor."""

    name: str
    kind: str
    family: str


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    """A folder that ``export`` wrote, with the seed and the software that made it."""

    folder: Path
    seed: int
    made_by: str
    entries: tuple[Entry, ...]

    def given(self, name: str) -> Path:
        """The folder of an object that a program is given."""
        return self.folder / "objects" / name


@dataclass(frozen=True, kw_only=True, eq=False)
class Given:
    """What a program is given of an object, read back."""

    series: DSCSeries
    frames: FrameWindow
    aif: AIF
    mask: np.ndarray
    tumor: np.ndarray | None


def export(
    folder: Path,
    seed: int = 0,
    objects: Mapping[str, External] = OBJECTS,
    *,
    reporter: Reporter = QUIET,
) -> Benchmark:
    """Write every object, and its truth apart, into a new folder; README.txt says what is where.

    The same seed gives the same files. Raises OutputError where the folder exists.
    """
    steps = Steps(len(objects), reporter)
    with output_folder(folder) as partial:
        for name, one in objects.items():
            steps(name)
            made = one.make(seed)
            _write_given(partial / "objects" / name, made)
            _write_truth(partial / "truth" / name, made)
        entries = [{"name": n, "kind": o.kind, "family": o.family} for n, o in objects.items()]
        write_bytes(partial / "README.txt", README.encode())
        about = {"software": software(), "external_benchmark": FORMAT, "seed": seed}
        write_json(partial / "summary.json", {**about, "objects": entries})
    steps.finish()
    return read_benchmark(folder)


def _write_given(folder: Path, made: Made) -> None:
    folder.mkdir(parents=True)
    write_series(folder / "dsc.nii.gz", made.signal, made.grid, made.dt, made.te)
    sidecar = read_json(folder / "dsc.json")
    write_json(folder / "dsc.json", {**sidecar, "BaselineFrames": made.baseline, **made.more})
    write_volume(folder / "mask.nii.gz", made.mask, made.grid)
    if made.tumor is not None:
        write_volume(folder / "tumor_mask.nii.gz", made.tumor, made.grid)
    write_aif(folder / "aif.tsv", AIF(curve=made.aif, dt=made.dt, origin="given"))


def _write_truth(folder: Path, made: Made) -> None:
    folder.mkdir(parents=True)
    for name, unit in UNITS.items():
        write_volume(folder / f"{name}.nii.gz", made.truth.maps[name], made.grid)
        write_json(folder / f"{name}.json", {"Units": unit, "Simulated": True})
    write_volume(folder / "labels.nii.gz", made.truth.labels, made.grid)
    write_json(folder / "labels.json", {"parts": [asdict(part) for part in made.truth.parts]})


def read_benchmark(folder: Path) -> Benchmark:
    """What a folder of ``export`` holds. Raises InputError for any other, or another format."""
    found = read_json(folder / "summary.json")
    if found.get("external_benchmark") != FORMAT:
        raise InputError(
            f"{folder}: a folder that `bolus bench --external` wrote is expected, of format "
            f"{FORMAT}; found format {found.get('external_benchmark')}"
        )
    told: Any = found
    try:
        entries = tuple(Entry(**one) for one in told["objects"])
        seed, made_by = int(told["seed"]), str(told["software"])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{folder / 'summary.json'}: damaged ({error!r})") from error
    missing = [e.name for e in entries if not (folder / "truth" / e.name).is_dir()]
    if missing:
        raise InputError(f"{folder}: the truth of {', '.join(missing)} is missing")
    return Benchmark(folder=folder, seed=seed, made_by=made_by, entries=entries)


def read_given(benchmark: Benchmark, name: str) -> Given:
    """An object as a program is given it. Raises InputError and its kind for damaged files."""
    folder = benchmark.given(name)
    series = read_series(folder / "dsc.nii.gz")
    baseline = read_json(folder / "dsc.json").get("BaselineFrames")
    if not isinstance(baseline, int):
        raise InputError(f"{folder / 'dsc.json'}: BaselineFrames is a number, found {baseline}")
    tumor = folder / "tumor_mask.nii.gz"
    return Given(
        series=series,
        frames=FrameWindow(first=0, onset=baseline, stop=series.n_frames),
        aif=read_aif(folder / "aif.tsv", series.n_frames, series.dt, relative=False),
        mask=read_mask(folder / "mask.nii.gz", series.grid),
        tumor=read_mask(tumor, series.grid) if tumor.exists() else None,
    )


def mask_of(benchmark: Benchmark, name: str) -> tuple[np.ndarray, Grid]:
    """The voxels of an object that are to be mapped, and its grid. Raises InputError."""
    values, grid = read_map(benchmark.given(name) / "mask.nii.gz")
    return values > 0.5, grid


def read_truth(benchmark: Benchmark, name: str) -> tuple[Truth, Grid]:
    """The truth of an object, and its grid. Raises InputError for damaged files."""
    folder = benchmark.folder / "truth" / name
    labels, grid = read_map(folder / "labels.nii.gz")
    parts: Any = read_json(folder / "labels.json")["parts"]
    maps = {key: read_map(folder / f"{key}.nii.gz", grid)[0] for key in UNITS}
    truth = Truth(maps=maps, labels=labels.astype(int), parts=tuple(Part(**part) for part in parts))
    return truth, grid
