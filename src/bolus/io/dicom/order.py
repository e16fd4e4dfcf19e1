"""Which file shows which slice at which time.

dcm2niix sorts by InstanceNumber. Where that number is missing or does not count slice by slice
within frame by frame, its result can be scrambled, so such files are numbered anew for it.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import chain, pairwise
from pathlib import Path
from typing import NamedTuple

from bolus.data import SeriesError
from bolus.io.dicom.headers import FileHeader
from bolus.io.dicom.interval import clock_of


class Number(NamedTuple):
    """The place of a file: its InstanceNumber and the number of its frame, both from 1."""

    instance: int
    frame: int


def renumbered(files: Sequence[FileHeader]) -> dict[Path, Number]:
    """New numbers for a complete series' files; empty where its own will do.

    Multi-frame files are left alone: they state the order of their frames themselves. Raises
    SeriesError when no header tells the frames of a slice apart.
    """
    if any(len(file.frames) > 1 for file in files):
        return {}
    frames = in_order(files)
    if _counts(frames):
        return {}
    places = ((t, file) for t, frame in enumerate(frames) for file in frame)
    return {file.path: Number(n + 1, t + 1) for n, (t, file) in enumerate(places)}


def in_time(files: Sequence[FileHeader]) -> list[FileHeader]:
    """A complete series' files, frame by frame and in each slice by slice.

    Multi-frame files stay as they are. Raises SeriesError as ``renumbered`` does.
    """
    if any(len(file.frames) > 1 for file in files):
        return list(files)
    return list(chain(*in_order(files)))


def in_order(files: Sequence[FileHeader]) -> list[list[FileHeader]]:
    """Frames in order of time, each a list of its slices in order of place."""
    slices: dict[tuple[float, ...], list[FileHeader]] = defaultdict(list)
    for file in files:
        slices[() if file.mosaic else file.frames[0].position].append(file)
    spread = [max(axis) - min(axis) for axis in zip(*slices, strict=True)]
    along = spread.index(max(spread)) if spread else 0
    ordered = sorted(slices, key=lambda place: place[along] if place else 0)
    columns = [_in_time(slices[place]) for place in ordered]
    return [list(frame) for frame in zip(*columns, strict=True)]


_KEYS: tuple[Callable[[FileHeader], int | None], ...] = (
    lambda file: file.temporal,
    lambda file: file.acquisition,
    lambda file: file.instance,
)


def _in_time(files: list[FileHeader]) -> list[FileHeader]:
    """Sorted by the first of clock, temporal position, acquisition and instance that is unique."""
    times = clock_of([file.frames[0] for file in files])
    candidates = [times, *([key(file) for file in files] for key in _KEYS)]
    for values in candidates:
        if values is not None and None not in values and len(set(values)) == len(files):
            ranks = dict(zip([file.path for file in files], values, strict=True))
            return sorted(files, key=lambda file: ranks[file.path])  # type: ignore[arg-type,return-value]
    raise SeriesError(
        "no header tells the frames of a slice apart: acquisition time, temporal position, "
        "acquisition number and instance number are missing or the same"
    )


def _counts(frames: list[list[FileHeader]]) -> bool:
    """Whether InstanceNumber rises slice by slice, up or down, within frame by frame."""
    upwards = [[file.instance for file in frame] for frame in frames]
    return _rises(upwards) or _rises([frame[::-1] for frame in upwards])


def _rises(rows: list[list[int | None]]) -> bool:
    return all(a is not None and b is not None and a < b for a, b in pairwise(chain(*rows)))
