"""The search for the poses of all frames of a series."""

from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy import ndimage

from bolus.base.progress import Reporter
from bolus.data import DSCSeries, SeriesError
from bolus.preprocess.motion.register import COARSE, FINE, Level, Reference, register, smoothed
from bolus.preprocess.motion.resample import filled, moved_back
from bolus.preprocess.motion.rigid import relative_to
from bolus.preprocess.motion.space import Space

LEVELS = (COARSE, FINE)
HEAD, MARGIN = 0.15, 2
"""The head is brighter than this part of its 98th percentile, and so many voxels around it."""
FEWEST = 100
BRAIN = 0.3
"""The same for what the bolus darkens."""
FADING = 0.2
"""Part of that, the one with the deepest bolus, from which no samples are drawn."""
DEEPEST = 4.0
"""Percentile in time that measures how deep the bolus is."""

Volumes = Float[np.ndarray, "t x y z"]
Poses = Float[np.ndarray, "t 6"]


@dataclass(frozen=True, eq=False)
class Search:
    """The way to the poses of some frames of a series.

    ``which`` (t,) are frames that have contrast; ``reporter`` gets how far the search is.
    """

    series: DSCSeries
    which: Int[np.ndarray, " t"]
    pool: Executor
    reporter: Reporter

    def poses(self) -> Poses:
        """Every frame's, against their mean.

        First to the frame most like the median in time, coarsely; then to the median of all frames
        brought back as that says, finely, and without the part of the head that the bolus darkens
        most. Both times samples are drawn from the head.
        """
        start = np.zeros((self.which.size, 6))
        rough = self._smoothed(COARSE)
        typical = rough[_most_like(np.median(rough, axis=0), rough)]
        first = self._registered(rough, Reference(self.space, typical, self.head), start, COARSE)
        first = relative_to(first, first.mean(axis=0))
        del rough
        fine = self._smoothed(FINE)
        aligned = self._aligned(fine, first)
        steady = self.head & ~_fading(aligned)
        reference = Reference(self.space, np.median(aligned, axis=0), steady)
        found = self._registered(fine, reference, first, FINE)
        return relative_to(found, found.mean(axis=0))

    @cached_property
    def space(self) -> Space:
        """Where the images lie."""
        return Space(self.series.grid)

    @cached_property
    def frames(self) -> Volumes:
        """The frames as float32, samples that are not finite filled from near ones."""
        return np.stack([filled(self.series.signal[..., k]) for k in self.which])

    @cached_property
    def head(self) -> Bool[np.ndarray, "x y z"]:
        """Voxels brighter than the background, and around; without those that are never finite.

        Raises SeriesError for fewer than FEWEST.
        """
        image = np.median(self.frames, axis=0)
        bright = image > HEAD * np.percentile(image, 98)
        around = ndimage.binary_dilation(bright, iterations=MARGIN)
        head = around & np.isfinite(self.series.signal).any(axis=3)
        if head.sum() < FEWEST:
            raise SeriesError(
                f"motion cannot be seen in {int(head.sum())} bright voxels, {FEWEST} are needed: "
                f"do not correct it (Preparation(motion=None), --motion off)"
            )
        return np.asarray(head)

    def _smoothed(self, level: Level) -> Volumes:
        grid, head = self.series.grid, self.head

        def one(frame: np.ndarray) -> np.ndarray:
            return smoothed(frame, grid, level.smoothing, head)

        return np.stack(list(self.pool.map(one, self.frames)))

    def _aligned(self, frames: Volumes, pose: Poses) -> Volumes:
        grid = self.series.grid

        def one(frame: np.ndarray, at: np.ndarray) -> np.ndarray:
            return moved_back(frame, at, grid, 1)

        return np.stack(list(self.pool.map(one, frames, pose)))

    def _registered(
        self, frames: Volumes, reference: Reference, start: Poses, level: Level
    ) -> Poses:
        reference.prepare()

        def one(frame: np.ndarray, first: np.ndarray) -> np.ndarray:
            return register(frame, reference, first, level.step)

        found = []
        for pose in self.pool.map(one, frames, start):
            found.append(pose)
            done = LEVELS.index(level) * len(frames) + len(found)
            self.reporter.advance(done, len(LEVELS) * len(frames), "registering frames")
        return np.stack(found)


def _most_like(image: Float[np.ndarray, "x y z"], frames: Volumes) -> int:
    """The frame that correlates best with an image."""
    return int(np.argmax([np.corrcoef(frame.ravel(), image.ravel())[0, 1] for frame in frames]))


def _fading(aligned: Volumes) -> Bool[np.ndarray, "x y z"]:
    """The part FADING of the head whose signal falls furthest below its median in time."""
    level = np.median(aligned, axis=0)
    bright = level > BRAIN * np.percentile(level, 98)
    kept = np.percentile(aligned, DEEPEST, axis=0) / np.where(bright, level, 1)
    return np.asarray(bright & (kept < np.quantile(kept[bright], FADING)))
