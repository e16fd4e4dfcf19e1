"""One patient's training voxels in a file that is read in slices."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from bolus.data import InputError
from bolus.estimators.phae.weights import sorted_header
from bolus.io import write_bytes

FORMAT = "bolus-voxels-2"


def write_voxels(
    path: str | os.PathLike[str],
    curves: Float[np.ndarray, "n t"],
    noise_sd: Float[np.ndarray, " n"],
    aif: Float[np.ndarray, " t"],
    dt: float,
    te: float,
    mtt: Float[np.ndarray, " n"] | None = None,
) -> None:
    """Write voxels in one go, as float32; curves, noise and aif in one unit, ``dt`` in s.

    ``te`` is the echo time in s, or 1 for curves of TE·ΔR2*.
    ``mtt`` in s where the truth is known, for training that uses it.
    """
    given = {"curves": curves, "noise_sd": noise_sd, "aif": aif, "mtt": mtt}
    tensors: Mapping[str, np.ndarray] = {
        name: np.ascontiguousarray(values, dtype=np.float32)
        for name, values in given.items()
        if values is not None
    }
    content = save(dict(tensors), {"format": FORMAT, "dt": repr(float(dt)), "te": repr(float(te))})
    write_bytes(path, sorted_header(content))


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
        try:
            with safe_open(str(path), framework="numpy") as file:
                told = file.metadata() or {}
                if told.get("format") != FORMAT:
                    raise InputError(f"{path}: not a file of training voxels")
                count = int(file.get_slice("curves").get_shape()[0])
                dt, te = float(told["dt"]), float(told["te"])
                return cls(Path(path), file.get_tensor("aif"), dt, te, count)
        except (SafetensorError, OSError) as error:
            raise InputError(f"{path}: not a whole file of training voxels ({error})") from error

    def rows(self, start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
        """Curves (m, t) and noise SDs (m,) of voxels ``start`` to ``stop``, float32."""
        stop = min(stop, self.count)
        with safe_open(str(self.path), framework="numpy") as file:
            return file.get_slice("curves")[start:stop], file.get_slice("noise_sd")[start:stop]

    def mtt(self, start: int, stop: int) -> Float[np.ndarray, " m"]:
        """True MTT in s of simulated voxels. Raises InputError where it is not known."""
        with safe_open(str(self.path), framework="numpy") as file:
            if "mtt" not in file.keys():  # noqa: SIM118
                raise InputError(f"{self.path}: voxels without a known transit time")
            return np.asarray(file.get_slice("mtt")[start : min(stop, self.count)])
