"""The series that maps were made of, kept beside them: what the viewer reads.

Voxels of the brain with all their frames, and one mean image for the rest of the head.
"""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from bolus.base.json import from_text
from bolus.base.tensors import read_tensors, write_tensors
from bolus.data import (
    Drift,
    DSCSeries,
    FrameWindow,
    Grid,
    Motion,
    PreparedSeries,
    SeriesError,
    Source,
)

KEPT = "series.safetensors"
_FORMAT = "bolus-series-2"
_SCRAMBLED = "bolus-series-1"
"""Written by a version that scrambled arrays read from a file; nothing tells a good one apart."""


def write_kept(series: PreparedSeries, path: str | os.PathLike[str]) -> None:
    """Write a prepared series: signal of its mask as float32, baseline image, grid and times.

    Raises OutputError.
    """
    grid, frames, motion = series.grid, series.frames, series.motion
    tensors = {
        "signal": series.signal[series.mask].astype(np.float32),
        "mask": series.mask.astype(np.uint8),
        "measured": series.measured.astype(np.uint8),
        "baseline": series.baseline,
        "affine": grid.affine.astype(np.float64),
    }
    if series.left_out is not None:
        tensors["left_out"] = series.left_out.astype(np.uint8)
    if series.drift is not None:
        tensors["drift"] = series.drift.change.astype(np.float32)
    if grid.qform is not None:
        tensors["qform"] = grid.qform.astype(np.float64)
    if series.slice_times is not None:
        tensors["slice_times"] = series.slice_times.astype(np.float64)
    if motion is not None:
        tensors |= {
            "pose": motion.pose.astype(np.float64),
            "displacement": motion.displacement.astype(np.float64),
            "flagged": motion.flagged.astype(np.uint8),
        }
    told = {
        "format": _FORMAT,
        "dt": series.dt,
        "te": series.te,
        "echoes": series.echoes,
        "frames": [frames.first, frames.onset, frames.stop, *frames.others],
        "codes": [grid.sform_code, grid.qform_code],
        "source": [series.source.format, series.source.checksum],
        "limit": None if motion is None else motion.limit,
    }
    write_tensors(path, tensors, {"told": json.dumps(told)})


def read_kept(path: str | os.PathLike[str]) -> PreparedSeries:
    """The series that ``write_kept`` wrote; outside its mask every frame is the baseline image.

    Raises SeriesError for a file that is missing, damaged, or not such a series.
    """
    path = Path(path)
    if not path.is_file():
        raise SeriesError(f"{path}: no such file; it holds the curves, and bolus maps writes it")
    try:
        tensors, facts = read_tensors(path)
        told: dict[str, Any] = from_text(facts.get("told", "{}"), str(path), SeriesError)
        _check_format(path, told.get("format"))
        return _series(tensors, told)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        if isinstance(error, SeriesError):
            raise
        raise SeriesError(f"{path}: this kept series is damaged ({error})") from error


def _check_format(path: Path, found: object) -> None:
    if found == _SCRAMBLED:
        raise SeriesError(
            f"{path}: kept by a version of bolus that wrote images and masks read from a file in "
            f"scrambled order ({found}); make the maps anew from the source with bolus maps"
        )
    if found != _FORMAT:
        raise SeriesError(f"{path}: a series of format {_FORMAT} is expected, found {found}")


def _two(echoes: list[float] | None) -> tuple[float, float] | None:
    if echoes is None:
        return None
    first, second = echoes
    return float(first), float(second)


def _series(tensors: dict[str, np.ndarray], told: dict[str, Any]) -> PreparedSeries:
    mask, baseline, voxels = tensors["mask"] > 0, tensors["baseline"], tensors["signal"]
    signal = np.repeat(baseline[..., None], voxels.shape[1], axis=3)
    signal[mask] = voxels
    x, y, z = mask.shape
    first, onset, stop, *others = told["frames"]
    sform, qform = told["codes"]
    kind, checksum = told["source"]
    series = DSCSeries(
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
        source=Source(format=kind, checksum=checksum),
        slice_times=tensors.get("slice_times"),
        echoes=_two(told.get("echoes")),
    )
    return PreparedSeries(
        series=series,
        frames=FrameWindow(first=first, onset=onset, stop=stop, others=tuple(others)),
        mask=mask,
        motion=_motion(tensors, told),
        measured=tensors["measured"] > 0,
        left_out=tensors["left_out"] > 0 if "left_out" in tensors else None,
        drift=Drift(change=tensors["drift"]) if "drift" in tensors else None,
    )


def _motion(tensors: dict[str, np.ndarray], told: dict[str, Any]) -> Motion | None:
    if "pose" not in tensors:
        return None
    return Motion(
        pose=tensors["pose"],
        displacement=tensors["displacement"],
        flagged=tensors["flagged"] > 0,
        limit=told["limit"],
    )
