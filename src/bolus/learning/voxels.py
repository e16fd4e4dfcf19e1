"""One patient's training voxels in a file that is read in slices."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from bolus.base.tensors import open_tensors, write_tensors
from bolus.data import InputError

FORMAT = "bolus-voxels-2"


def write_voxels(
    path: str | os.PathLike[str],
    curves: Float[np.ndarray, "n t"],
    noise_sd: Float[np.ndarray, " n"],
    aif: Float[np.ndarray, " t"],
    dt: float,
    te: float,
    further: Mapping[str, Float[np.ndarray, "n ..."]] | None = None,
) -> None:
    """Write voxels in one go, as float32; curves, noise and aif in one unit, ``dt`` in s.

    ``te`` is the echo time in s, or 1 for curves of TE·ΔR2*.
    ``further`` has what else belongs to each voxel and a training uses, by name: 'mtt' in s where
    the truth is known, or what a teacher made of them.
    """
    given = {"curves": curves, "noise_sd": noise_sd, "aif": aif, **(further or {})}
    tensors = {k: values.astype(np.float32) for k, values in given.items()}
    write_tensors(path, tensors, {"format": FORMAT, "dt": repr(float(dt)), "te": repr(float(te))})


@dataclass(frozen=True, eq=False)
class PatientVoxels:
    """Voxels of one patient on disk, in random order; only what is asked for is read.

    ``aif`` (t,) is in the curves' unit, ``dt`` and ``te`` in s (``te`` 1 for curves of TE·ΔR2*),
    ``count`` the number of voxels.
    """

    path: Path
    aif: Float[np.ndarray, " t"]
    dt: float
    te: float
    count: int

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> "PatientVoxels":
        """Read all but the curves. Raises InputError for another or a damaged file."""
        with open_tensors(path) as file:
            if file.facts.get("format") != FORMAT:
                raise InputError(f"{path}: not a file of training voxels")
            dt, te = float(file.facts["dt"]), float(file.facts["te"])
            return cls(Path(path), file["aif"], dt, te, file.length("curves"))

    def rows(self, start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
        """Curves (m, t) and noise SDs (m,) of voxels ``start`` to ``stop``, float32."""
        stop = min(stop, self.count)
        with open_tensors(self.path) as file:
            return file.rows("curves", start, stop), file.rows("noise_sd", start, stop)

    def further(self, name: str, start: int, stop: int) -> Float[np.ndarray, "m ..."]:
        """What else was written of voxels ``start`` to ``stop``. Raises InputError without it."""
        with open_tensors(self.path) as file:
            if name not in file.names:
                raise InputError(f"{self.path}: voxels without a known '{name}'")
            return file.rows(name, start, min(stop, self.count))


def fingerprint(patients: Sequence[PatientVoxels], rows: int = 96) -> str:
    """SHA-256 of what tells one set of voxels from another: arterial inputs and first curves."""
    digest = hashlib.sha256()
    for patient in patients:
        digest.update(f"{patient.count} {patient.dt}".encode())
        digest.update(patient.aif.tobytes() + patient.rows(0, rows)[0].tobytes())
    return digest.hexdigest()
