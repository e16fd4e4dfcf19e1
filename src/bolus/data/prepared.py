"""A DSC-MRI time series that is ready for concentration curves."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int, Num

from bolus.data.brief import brief
from bolus.data.drift import Drift
from bolus.data.errors import MaskError, SeriesError
from bolus.data.grid import Grid
from bolus.data.motion import Motion
from bolus.data.series import DSCSeries, FrameWindow, Source


@dataclass(frozen=True, kw_only=True, eq=False)
class PreparedSeries:
    """A prepared series: signal, used frames, brain mask, head motion, and what was measured.

    Only ``bolus.preprocess.prepare`` makes one, and ``bolus.io.read_kept`` reads one back.

    Raises SeriesError or MaskError when the parts do not fit each other.
    """

    __repr__ = brief

    series: DSCSeries
    """The signal, motion-corrected where ``motion`` says so; censored samples are interpolated."""
    frames: FrameWindow
    """Steady state, bolus and end."""
    mask: Bool[np.ndarray, "x y z"]
    """The brain."""
    motion: Motion | None
    """How the head moved in every frame; None where that was not measured."""
    measured: Bool[np.ndarray, "z used"]
    """Slice by used frame: False where the sample is censored, interpolated in time. A frame that
    is censored as a whole is False in every slice."""
    left_out: Bool[np.ndarray, " used"] | None = None
    """Used frames that are censored since the head moved; None for none."""
    drift: Drift | None = None
    """Signal drift, and the signal is without what was found; None where it was not looked for."""

    def __post_init__(self) -> None:
        frames, slices = self.series.n_frames, self.grid.shape[2]
        if self.frames.stop > frames:
            raise SeriesError(f"{self.frames} in a series of {frames} frames")
        if self.mask.shape != self.grid.shape or not self.mask.any():
            raise MaskError(
                f"a mask with voxels on the grid {self.grid.shape} is expected, found "
                f"{int(self.mask.sum())} voxels on {self.mask.shape}"
            )
        if self.motion is not None and len(self.motion.pose) != frames:
            raise SeriesError(f"motion of {len(self.motion.pose)} frames in a series of {frames}")
        used = self.frames.stop - self.frames.first
        if self.measured.shape != (slices, used) or self.measured.dtype != bool:
            raise SeriesError(
                f"measured samples are booleans of {slices} slices and {used} used frames, found "
                f"{self.measured.dtype} of shape {self.measured.shape}"
            )
        if self.drift is not None and self.drift.change.shape != self.grid.shape:
            raise SeriesError(
                f"a drift of shape {self.drift.change.shape} on a grid of {self.grid.shape}"
            )
        if self.left_out is not None and (
            self.left_out.shape != (used,) or self.measured[:, self.left_out].any()
        ):
            raise SeriesError(
                f"frames left out are booleans of {used} used frames in which nothing is measured, "
                f"found {self.left_out.dtype} of shape {self.left_out.shape}"
            )

    @property
    def signal(self) -> Num[np.ndarray, "x y z t"]:
        """The signal of all frames, in scanner units."""
        return self.series.signal

    @property
    def dt(self) -> float:
        """Seconds from frame to frame."""
        return self.series.dt

    @property
    def te(self) -> float | None:
        """Echo time in seconds, None where it is unknown."""
        return self.series.te

    @property
    def echoes(self) -> tuple[float, float] | None:
        """Echo times in seconds of a series that was made of two, ``te`` being their difference."""
        return self.series.echoes

    @property
    def grid(self) -> Grid:
        """Where the voxels lie."""
        return self.series.grid

    @property
    def source(self) -> Source:
        """Where the series came from."""
        return self.series.source

    @property
    def slice_times(self) -> Float[np.ndarray, " z"] | None:
        """Seconds from the start of a frame to each slice (z,), None where they are unknown."""
        return self.series.slice_times

    def slice_times_in(self, mask: Bool[np.ndarray, "x y z"]) -> Float[np.ndarray, " n"]:
        """Seconds from the start of a frame to the slice of each voxel of a mask, (n,).

        Zero where they are unknown.
        """
        slices = np.nonzero(mask)[2]
        return np.zeros(slices.size) if self.slice_times is None else self.slice_times[slices]

    @property
    def n_frames(self) -> int:
        """Number of frames, used or not."""
        return self.series.n_frames

    @property
    def relative(self) -> bool:
        """Whether the echo time is unknown, so that only TE·ΔR2* can be had."""
        return self.series.relative

    @property
    def baseline(self) -> Float[np.ndarray, "x y z"]:
        """Mean image before the bolus, in scanner units, as float32."""
        before = self.signal[..., self.frames.baseline]
        return np.asarray(np.mean(before, axis=3, dtype=np.float32))

    @property
    def measured_frames(self) -> Bool[np.ndarray, " used"]:
        """Used frames in which at least one slice with brain was measured, (used,)."""
        return np.asarray(self.measured[self.mask.any(axis=(0, 1))].any(axis=0))

    @property
    def moved_frames(self) -> Bool[np.ndarray, " used"]:
        """Used frames in which the head moved by more than the limit, (used,)."""
        if self.motion is None:
            return np.zeros(self.measured.shape[1], dtype=bool)
        return np.asarray(self.motion.flagged[self.frames.used])

    @property
    def spoilt(self) -> Bool[np.ndarray, "z used"]:
        """Censored samples, slice by used frame, that are no frames censored for head motion."""
        return ~self.measured if self.left_out is None else ~self.measured & ~self.left_out

    def with_signal(self, signal: Num[np.ndarray, "x y z t"]) -> "PreparedSeries":
        """The same preparation with another signal."""
        return replace(self, series=replace(self.series, signal=signal))

    def measured_in(self, mask: Bool[np.ndarray, "x y z"]) -> Bool[np.ndarray, "n used"]:
        """Which samples of the voxels of a mask were measured, (n, used)."""
        return self.measured[np.nonzero(mask)[2]]

    def alike(
        self, mask: Bool[np.ndarray, "x y z"]
    ) -> Iterator[tuple[slice | Int[np.ndarray, " m"], Bool[np.ndarray, " used"]]]:
        """Rows of a mask's voxels that have the same measured samples, and these samples.

        One group, ``slice(None)``, where no sample is censored or only whole frames are.
        """
        if (self.measured == self.measured[:1]).all():
            yield slice(None), self.measured[0]
            return
        slices = np.nonzero(mask)[2]
        patterns, kind = np.unique(self.measured, axis=0, return_inverse=True)
        for number, measured in enumerate(patterns):
            yield np.flatnonzero(kind.ravel()[slices] == number), measured
