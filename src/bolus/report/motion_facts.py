"""The head's motion in a result: the figures once, and every sentence that is made of them."""

from dataclasses import dataclass

import numpy as np

from bolus.data import PerfusionMaps, PreparedSeries
from bolus.preprocess import pose_error

HANDLED = {
    "none": "none",
    "kept": "kept",
    "interpolated": "interpolated in time",
    "left out": "left out of the fit",
}
"""What became of flagged frames (``FLAGGED``), in words."""


@dataclass(frozen=True, kw_only=True)
class MotionFacts:
    """Rigid head motion over the used frames of a motion-corrected series.

    ``mean`` and ``most`` framewise displacement in mm, ``away`` the largest distance from the mean
    place in mm, averaged over the brain; ``flagged`` are the frames over ``limit`` mm, counted from
    0 in the whole series, of ``frames`` used ones; ``handling``, one of FLAGGED, became of them.
    """

    mean: float
    most: float
    away: float
    limit: float
    flagged: tuple[int, ...]
    frames: int
    handling: str

    @property
    def over(self) -> str:
        """How many frames moved too much, and what became of them."""
        count = len(self.flagged)
        named = f"{count} of {self.frames} used frames over {self.limit:g} mm"
        return f"{named} ({HANDLED[self.handling]})" if count else named

    @property
    def figure(self) -> str:
        """All of it in one line."""
        return (
            f"motion-corrected; at most {self.away:.1f} mm from the mean place, framewise "
            f"displacement {self.mean:.2f} mm on average and {self.most:.2f} mm at most, "
            f"{self.over}"
        )

    @property
    def between_frames(self) -> str:
        """For a plot of the framewise displacement."""
        return f"Framewise displacement: at most {self.most:.2g} mm; {self.over}."

    @property
    def methods(self) -> str:
        """For the methods of a paper."""
        return (
            "Head motion was corrected by rigid registration of every frame by mutual information "
            f"[registration]; framewise displacement [motion] was at most {self.most:.2g} mm, with "
            f"{self.over}."
        )


NOT_CORRECTED = "not motion-corrected"
NOT_CORRECTED_METHODS = "Head motion was not corrected."


def motion_facts(maps: PerfusionMaps) -> MotionFacts | None:
    """The motion of a result; None where it was not corrected."""
    series = maps.series
    if series.motion is None:
        return None
    used = series.frames.used
    pose, moved = series.motion.pose[used], series.motion.displacement[used]
    away = pose_error(pose, np.zeros_like(pose), series.grid, maps.mask)
    return MotionFacts(
        mean=float(moved.mean()),
        most=float(moved.max(initial=0.0)),
        away=float(away.max(initial=0.0)),
        limit=series.motion.limit,
        flagged=tuple((series.frames.first + np.flatnonzero(series.moved_frames)).tolist()),
        frames=int(moved.size),
        handling=maps.flagged_frames,
    )


def motion_json(motion: MotionFacts | None, handling: str) -> dict[str, object]:
    """For the summary; None where motion was not measured."""
    if motion is None:
        figures = dict.fromkeys(("mean_fd_mm", "max_fd_mm", "limit_mm", "flagged", "frames"))
        return {"corrected": False, **figures, "handling": handling}
    return {
        "corrected": True,
        "mean_fd_mm": round(motion.mean, 3),
        "max_fd_mm": round(motion.most, 3),
        "limit_mm": motion.limit,
        "flagged": len(motion.flagged),
        "frames": list(motion.flagged),
        "handling": handling,
    }


def motion_provenance(maps: PerfusionMaps) -> dict[str, object]:
    """For the sidecars."""
    corrected = maps.series.motion is not None
    return {"MotionCorrected": corrected, "FlaggedFrames": maps.flagged_frames}


def moved_bands(series: PreparedSeries, maps: PerfusionMaps | None) -> str:
    """For a plot in which frames that moved are grey bands; '' where there are none."""
    if series.motion is None or not series.moved_frames.any():
        return ""
    became = "not treated yet" if maps is None else HANDLED[maps.flagged_frames]
    limit = f"{series.motion.limit:g} mm"
    return f"Grey bands: frames in which the head moved by more than {limit} ({became})."
