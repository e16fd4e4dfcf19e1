"""When within a frame each slice was acquired, as a BIDS sidecar states it.

A 2D sequence takes one slice after the other, so that slices of one frame differ by up to the time
between frames. Where nothing says when, the answer is None: unknown, not at once.
"""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float

from bolus.data import SeriesError

_AXES = {"i": 0, "j": 1, "k": 2}


def stated_slice_times(
    sidecar: Mapping[str, object], shape: tuple[int, int, int], dt: float, where: object
) -> Float[np.ndarray, " z"] | None:
    """Seconds from the start of a frame to each slice, (z,), as ``SliceTiming`` of BIDS says.

    ``SliceEncodingDirection`` "k-" means that the last slice comes first in the list. None where
    nothing is stated, and where the slices lie along another axis than the third.

    Raises SeriesError unless there is one number for each slice, 0 <= time < ``dt``; ``where``
    names the sidecar.
    """
    told = sidecar.get("SliceTiming")
    if told is None:
        return None
    stated = sidecar.get("SliceEncodingDirection", "k")
    way = stated if isinstance(stated, str) else ""
    axis = _AXES.get(way[:1]) if way[1:] in ("", "-") else None
    if axis is None:
        raise SeriesError(f"{where}: a SliceEncodingDirection of i, j or k, or with '-', is "
                          f"expected, found {str(stated)[:40]!r}")  # fmt: skip
    times = _numbers(told)
    if times is None or len(times) != shape[axis]:
        found = "no list of numbers" if times is None else f"{len(times)} of them"
        raise SeriesError(
            f"{where}: SliceTiming has one number of seconds for each of {shape[axis]} slices, "
            f"found {found}. Delete it from that file to read the series without the times of its "
            "slices"
        )
    if not (times.min() >= 0 and times.max() < dt):
        raise SeriesError(
            f"{where}: SliceTiming counts seconds from the start of a frame, from 0 to below the "
            f"{dt:g} s between frames; found {times.min():g} to {times.max():g}. Delete "
            "SliceTiming from that file to read the series without the times of its slices"
        )
    if axis != 2:
        return None
    return times[::-1].copy() if way.endswith("-") else times


def _numbers(told: object) -> Float[np.ndarray, " n"] | None:
    """A list of finite numbers as an array, None where it is none."""
    if not isinstance(told, list) or not told:
        return None
    if not all(isinstance(n, int | float) and not isinstance(n, bool) for n in told):
        return None
    try:
        times = np.array([float(n) for n in told])
    except OverflowError:
        return None
    return times if np.isfinite(times).all() else None
