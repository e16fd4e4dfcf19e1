"""The maps of any program, read and brought to the units of the benchmark."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from bolus.base.json import read_json
from bolus.bench.external.folder import Benchmark, mask_of
from bolus.bench.external.made import NAMES, UNITS
from bolus.data import InputError
from bolus.io import read_map
from bolus.physics import cbf_scale, cbv_scale


@dataclass(frozen=True, kw_only=True, eq=False)
class Mapped:
    """Maps of an object in the units of the benchmark; ``relative``: flow or volume has none."""

    maps: Mapping[str, Float[np.ndarray, "x y z"]]
    relative: bool = False


FACTORS: Mapping[str, Mapping[str, float]] = {
    "cbf": {
        "ml/100ml/min": 1.0,
        "1/s": 6000.0,
        "ml/ml/s": 6000.0,
        "ml/100g/min": 6000 / cbf_scale(),
        "a.u.": 1.0,
    },
    "cbv": {
        "ml/100ml": 1.0,
        "%": 1.0,
        "1": 100.0,
        "ml/ml": 100.0,
        "ml/100g": 100 / cbv_scale(),
        "a.u.": 1.0,
    },
    "mtt": {"s": 1.0, "ms": 1e-3, "min": 60.0},
    "delay": {"s": 1.0, "ms": 1e-3, "min": 60.0},
}
"""What a value of each unit is multiplied by; mL/100 g are taken to hold κ/ρ = .705."""
RELATIVE = "a.u."
"""The unit of maps that have none: only what is left after a common factor is scored."""


def read_maps(folder: Path, benchmark: Benchmark) -> dict[str, Mapped]:
    """By object, the maps of a program in the units of the benchmark.

    Objects that have no folder are left out. Raises InputError where there is no map of any object,
    for a map on another grid, of an unknown unit, or without a value in the mask.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: a folder of maps is expected, there is none")
    known = [entry.name for entry in benchmark.entries]
    odd = sorted(p.name for p in folder.iterdir() if p.is_dir() and p.name not in known)
    if odd:
        raise InputError(f"{folder}: {', '.join(odd)} is no object of {benchmark.folder}")
    there = [name for name in known if (folder / name).is_dir()]
    if not there:
        raise InputError(
            f"{folder}: no folder has the name of an object of {benchmark.folder}; expected "
            f"{known[0]} and so on"
        )
    return {name: read_mapped(folder / name, benchmark, name) for name in there}


def read_mapped(folder: Path, benchmark: Benchmark, name: str) -> Mapped:
    """The maps of one object in a folder. Raises InputError as ``read_maps``."""
    mask, grid = mask_of(benchmark, name)
    maps, relative = dict[str, np.ndarray](), False
    for key, names in NAMES.items():
        paths = [folder / f"{n}{end}" for n in names for end in (".nii.gz", ".nii")]
        path = next((path for path in paths if path.is_file()), None)
        if path is not None:
            unit = _unit(path, key)
            values, _ = read_map(path, grid)
            if not np.isfinite(values[mask]).any():
                raise InputError(f"{path}: no voxel of the object's mask has a value")
            maps[key] = FACTORS[key][unit] * values.astype(float)
            relative |= unit == RELATIVE
    if not maps:
        files = ", ".join(f"{n}.nii.gz" for names in NAMES.values() for n in names)
        raise InputError(f"{folder}: none of {files} is there")
    return Mapped(maps=maps, relative=relative)


def _unit(path: Path, key: str) -> str:
    """The unit of a map by its sidecar, else that of the benchmark."""
    sidecar = path.with_name(path.name.removesuffix(".gz").removesuffix(".nii") + ".json")
    told = read_json(sidecar).get("Units", UNITS[key]) if sidecar.is_file() else UNITS[key]
    unit = str(told).lower().replace(" ", "")
    if unit not in FACTORS[key]:
        raise InputError(f"{sidecar}: the unit of {key} is one of {', '.join(FACTORS[key])}, "
                         f"found '{told}'")  # fmt: skip
    return unit
