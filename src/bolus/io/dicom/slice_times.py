"""When within a frame each slice was acquired, from the clocks of its DICOM images."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from bolus.io.dicom.headers import Frame
from bolus.io.dicom.interval import clock_of

_SAME = 1e-3
"""Seconds by which slices, or the frames of a slice, may differ and count as alike."""


def measured_slice_times(
    slices: Sequence[Sequence[Frame]], dt: float
) -> Float[np.ndarray, " z"] | None:
    """Seconds from the start of a frame to each slice, (z,), from the times its images state.

    None where an image states none, where all slices of a frame have one time (then it is the
    frame's), where a slice is not at the same time in every frame, and where the slices of a frame
    are spread over ``dt`` or more.
    """
    clocks = [clock_of(frames) for frames in slices]
    known = [sorted(clock) for clock in clocks if clock is not None]
    if len(known) < max(2, len(slices)) or len({len(clock) for clock in known}) > 1:
        return None
    times = np.array(known)
    times = times - times.min(axis=0)
    offsets = np.median(times, axis=1)
    steady = np.abs(times - offsets[:, None]).max() <= max(_SAME, 0.05 * dt)
    return offsets if steady and np.ptp(offsets) > _SAME and offsets.max() < dt else None
