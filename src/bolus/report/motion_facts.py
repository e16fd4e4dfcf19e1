"""What is told of the head's motion."""

import numpy as np

from bolus.data import Motion, PerfusionMaps

SAID = {
    "none": "none",
    "kept": "kept",
    "interpolated": "interpolated in time",
    "left out": "left out of the fit",
}
"""What became of flagged frames (``FLAGGED``), in words."""


def motion_facts(maps: PerfusionMaps) -> dict[str, object]:
    """For the summary: whether motion was taken out, framewise displacement in mm, flagged frames.

    The figures are over the used frames, the flagged ones counted from 0 in the whole series;
    None where motion was not measured.
    """
    motion = maps.series.motion
    if motion is None:
        figures = dict.fromkeys(("mean_fd_mm", "max_fd_mm", "limit_mm", "flagged", "frames"))
        return {"corrected": False, **figures, "handling": maps.flagged_frames}
    moved, used = _displacement(maps, motion), flagged_used(maps)
    return {
        "corrected": True,
        "mean_fd_mm": round(float(moved.mean()), 3),
        "max_fd_mm": round(float(moved.max()), 3),
        "limit_mm": motion.limit,
        "flagged": len(used),
        "frames": used,
        "handling": maps.flagged_frames,
    }


def motion_line(maps: PerfusionMaps) -> str:
    """For the command line: the same in one line."""
    motion = maps.series.motion
    if motion is None:
        return "motion: not taken out"
    moved, count = _displacement(maps, motion), len(flagged_used(maps))
    what = f" ({SAID[maps.flagged_frames]})" if count else ""
    return (
        f"motion: taken out; framewise displacement {moved.mean():.2f} mm on average, "
        f"{moved.max():.2f} mm at most, {count} frames over {motion.limit:g} mm{what}"
    )


def motion_provenance(maps: PerfusionMaps) -> dict[str, object]:
    """For the sidecars."""
    corrected = maps.series.motion is not None
    return {"MotionCorrected": corrected, "FlaggedFrames": maps.flagged_frames}


def flagged_used(maps: PerfusionMaps) -> list[int]:
    """Used frames that are flagged, counted from 0 in the whole series."""
    return (maps.series.frames.first + np.flatnonzero(maps.series.moved_frames)).tolist()


def _displacement(maps: PerfusionMaps, motion: Motion) -> np.ndarray:
    return motion.displacement[maps.series.frames.used]
