"""The series that maps were made of, kept beside them: what the viewer reads.

Voxels of the brain with all their frames, and one mean image for the rest of the head.
"""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from bolus.data import DSCSeries, FrameWindow, Grid, InputError, Motion, SeriesError, Source
from bolus.io.output import write_bytes

KEPT = "series.safetensors"
_FORMAT = "bolus-series-1"


def write_kept(series: DSCSeries, path: str | os.PathLike[str]) -> None:
    """Write a prepared series: signal of its mask as float32, baseline image, grid and times.

    Raises SeriesError for a series without frames or mask, OutputError.
    """
    from safetensors.numpy import save

    if series.frames is None or series.mask is None:
        raise SeriesError("a series must be prepared (frames and mask found) before it is kept")
    grid, frames, motion = series.grid, series.frames, series.motion
    tensors = {
        "signal": np.ascontiguousarray(series.signal[series.mask], dtype=np.float32),
        "mask": series.mask.astype(np.uint8),
        "baseline": np.mean(series.signal[..., frames.baseline], axis=3, dtype=np.float32),
        "affine": np.ascontiguousarray(grid.affine, dtype=np.float64),
    }
    if grid.qform is not None:
        tensors["qform"] = np.ascontiguousarray(grid.qform, dtype=np.float64)
    if motion is not None:
        tensors |= {
            "pose": np.ascontiguousarray(motion.pose, dtype=np.float64),
            "displacement": np.ascontiguousarray(motion.displacement, dtype=np.float64),
            "flagged": motion.flagged.astype(np.uint8),
        }
    told = {
        "format": _FORMAT,
        "dt": series.dt,
        "te": series.te,
        "frames": [frames.first, frames.onset, frames.stop],
        "codes": [grid.sform_code, grid.qform_code],
        "source": [series.source.format, series.source.checksum],
        "limit": None if motion is None else motion.limit,
        "interpolated": motion is not None and motion.interpolated,
    }
    # One entry: the order of several is not fixed.
    write_bytes(path, save(tensors, {"told": json.dumps(told)}))


def read_kept(path: str | os.PathLike[str]) -> DSCSeries:
    """The series that ``write_kept`` wrote; outside its mask every frame is the baseline image.

    Raises SeriesError for a file that is missing, damaged, or not such a series.
    """
    from safetensors import SafetensorError, safe_open

    path = Path(path)
    if not path.is_file():
        raise SeriesError(f"{path}: no such file; it holds the curves, and bolus maps writes it")
    try:
        with safe_open(path, framework="numpy") as file:
            told = json.loads((file.metadata() or {}).get("told", "{}"))
            if told.get("format") != _FORMAT:
                raise SeriesError(
                    f"{path}: a series of format {_FORMAT} is expected, found {told.get('format')}"
                )
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        return _series(tensors, told)
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
        if isinstance(error, InputError):
            raise
        raise SeriesError(f"{path}: this kept series is damaged ({error})") from error


def _series(tensors: dict[str, np.ndarray], told: dict[str, Any]) -> DSCSeries:
    mask, baseline, voxels = tensors["mask"] > 0, tensors["baseline"], tensors["signal"]
    signal = np.repeat(baseline[..., None], voxels.shape[1], axis=3)
    signal[mask] = voxels
    x, y, z = mask.shape
    first, onset, stop = told["frames"]
    sform, qform = told["codes"]
    kind, checksum = told["source"]
    return DSCSeries(
        signal=signal,
        dt=told["dt"],
        te=told["te"],
        grid=Grid(
            shape=(x, y, z),
            affine=tensors["affine"],
            qform=tensors.get("qform"),
            sform_code=sform,
            qform_code=qform,
        ),
        frames=FrameWindow(first=first, onset=onset, stop=stop),
        mask=mask,
        source=Source(format=kind, checksum=checksum),
        motion=_motion(tensors, told),
    )


def _motion(tensors: dict[str, np.ndarray], told: dict[str, Any]) -> Motion | None:
    if "pose" not in tensors:
        return None
    return Motion(
        pose=tensors["pose"],
        displacement=tensors["displacement"],
        flagged=tensors["flagged"] > 0,
        limit=told["limit"],
        interpolated=told.get("interpolated", False),
    )
