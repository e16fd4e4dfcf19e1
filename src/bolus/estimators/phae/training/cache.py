"""Curves of many patients on disk, read in slices: memory does not grow with the cohort."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from bolus.data import WeightsError
from bolus.io import write_bytes


@dataclass(frozen=True)
class CachedPatient:
    """One patient's curves in a file; ``voxels`` × ``frames``, ``dt`` in s.

    ``peak`` is the highest value of curves and arterial input. Rows are in random order, so that
    any slice is a random sample.
    """

    path: Path
    voxels: int
    frames: int
    dt: float
    peak: float

    def curves(self, rows: slice) -> Float[np.ndarray, "n t"]:
        """Some curves, float32, in their own unit."""
        return self._read("curves", rows)

    def noise_sd(self, rows: slice) -> Float[np.ndarray, " n"]:
        """SD of the noise of some curves."""
        return self._read("noise_sd", rows)

    def mtt(self, rows: slice) -> Float[np.ndarray, " n"]:
        """True MTT in s of simulated voxels; WeightsError where it was not kept."""
        return self._read("mtt", rows)

    def aif(self) -> Float[np.ndarray, " t"]:
        """The arterial input."""
        return self._read("aif", slice(None))

    def _read(self, name: str, rows: slice) -> np.ndarray:
        with safe_open(str(self.path), framework="numpy") as file:
            if name not in file.keys():  # noqa: SIM118
                raise WeightsError(f"{self.path.name}: curves without '{name}'")
            return np.asarray(file.get_slice(name)[rows])


def write_patient(
    path: str | os.PathLike[str],
    curves: Float[np.ndarray, "n t"],
    noise_sd: Float[np.ndarray, " n"],
    aif: Float[np.ndarray, " t"],
    dt: float,
    mtt: Float[np.ndarray, " n"] | None = None,
) -> CachedPatient:
    """Write a patient's curves in one go; ``mtt`` in s where the truth is known."""
    tensors = {"curves": curves, "noise_sd": noise_sd, "aif": aif}
    if mtt is not None:
        tensors["mtt"] = mtt
    single = {name: np.ascontiguousarray(v, dtype=np.float32) for name, v in tensors.items()}
    peak = float(max(single["curves"].max(), single["aif"].max()))
    write_bytes(path, save(single, {"dt": repr(float(dt)), "peak": repr(peak)}))
    return CachedPatient(Path(path), len(curves), curves.shape[1], dt, peak)


def open_patient(path: str | os.PathLike[str]) -> CachedPatient:
    """A patient's file by its header only; WeightsError when it is damaged."""
    try:
        with safe_open(str(path), framework="numpy") as file:
            told = file.metadata() or {}
            voxels, frames = file.get_slice("curves").get_shape()
        return CachedPatient(Path(path), voxels, frames, float(told["dt"]), float(told["peak"]))
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise WeightsError(f"{path}: not a whole file of curves ({error})") from error


def open_patients(paths: Sequence[str | os.PathLike[str]]) -> list[CachedPatient]:
    """Several patients, in the order given."""
    return [open_patient(path) for path in paths]
