"""A DSC-MRI time series."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from jaxtyping import Float

from bolus.data.brief import brief
from bolus.data.errors import SeriesError
from bolus.data.grid import Grid
from bolus.data.plausible import ECHO_TIME, REPETITION_TIME


@dataclass(frozen=True, kw_only=True)
class FrameWindow:
    """Frames of a series: steady state from ``first``, bolus from ``onset``, used up to ``stop``.

    The baseline is ``first <= frame < onset``. ``others`` are the onsets of other boluses in the
    series, which pass outside of these frames.

    Raises SeriesError for frames out of order, or another bolus within them.
    """

    first: int
    onset: int
    stop: int
    others: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.first < self.onset < self.stop:
            raise SeriesError(
                f"frames must obey 0 <= first < onset < stop, found "
                f"first {self.first}, onset {self.onset}, stop {self.stop}"
            )
        if any(self.first <= onset < self.stop for onset in self.others):
            raise SeriesError(f"other boluses at {self.others} within the used frames of {self}")

    @property
    def baseline(self) -> slice:
        """The steady frames before the bolus."""
        return slice(self.first, self.onset)

    @property
    def number(self) -> int:
        """Which bolus of the series this is, from 1."""
        return 1 + sum(onset < self.onset for onset in self.others)

    @property
    def used(self) -> slice:
        """All steady frames."""
        return slice(self.first, self.stop)


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a series came from; nothing that is printed or written names the patient.

    ``checksum`` is the SHA-256 of the file's bytes (of all files' in name order for a folder).
    ``files`` are the DICOM files themselves, frame by frame (but multi-frame ones as their names
    sort), for output that refers to them; their names may hold a patient's, so they are for this
    process only. ``number`` is the DICOM SeriesNumber, where there is one.
    """

    format: str = "array"
    checksum: str = ""
    number: int | None = None
    files: tuple[Path, ...] = field(default=(), repr=False)


@dataclass(frozen=True, kw_only=True, eq=False)
class DSCSeries:
    """Signal in scanner units on a grid, ``dt`` and ``te`` in seconds (``te`` None: relative only).

    ``slice_times`` (z,) are the seconds from the start of a frame to the acquisition of each of
    its slices, 0 <= time < ``dt``; None where they are unknown. ``echoes`` are the echo times in s
    of a series that was made of two; ``te`` is then their difference.

    Raises SeriesError when the parts do not fit each other, and for times that no DSC-MRI series
    has (``bolus.data.plausible``): milliseconds, most often.
    """

    __repr__ = brief

    signal: Float[np.ndarray, "x y z t"]
    dt: float
    te: float | None
    grid: Grid
    source: Source = Source()
    slice_times: Float[np.ndarray, " z"] | None = None
    echoes: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if self.signal.ndim != 4 or self.signal.shape[:3] != self.grid.shape:
            raise SeriesError(
                f"a series has four dimensions on a grid of {self.grid.shape}, "
                f"found an array of shape {self.signal.shape}"
            )
        REPETITION_TIME.check(self.dt, "a series", SeriesError)
        if self.te is not None:
            ECHO_TIME.check(self.te, "a series", SeriesError)
        if self.slice_times is not None:
            _check_slice_times(self.slice_times, self.grid.shape[2], self.dt)

    @property
    def n_frames(self) -> int:
        """Number of frames, those before steady state included."""
        return int(self.signal.shape[3])

    @property
    def relative(self) -> bool:
        """Whether the echo time is unknown, so that only TE·ΔR2* can be had."""
        return self.te is None


def _check_slice_times(times: Float[np.ndarray, " z"], slices: int, dt: float) -> None:
    if times.shape != (slices,):
        raise SeriesError(f"a time for each of {slices} slices is expected, found {times.shape}")
    if not (np.isfinite(times).all() and times.min() >= 0 and times.max() < dt):
        raise SeriesError(
            f"the times of slices must lie from 0 to below the repetition time of {dt:g} s, found "
            f"{times.min():g} to {times.max():g} s"
        )
