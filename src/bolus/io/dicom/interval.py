"""The time between frames of a DICOM series.

RepetitionTime is the time between excitations. It is the time between frames for single-shot 2D
imaging only; with several shots or a 3D readout a frame takes longer. So the frames' own
acquisition times go first, RepetitionTime is taken where these say the same within 5 % (it has
more digits) or say nothing, and where the two cannot both be true the user is asked.
"""

import statistics
from collections.abc import Sequence
from itertools import pairwise

from bolus.data import SeriesError
from bolus.io.dicom.headers import Frame

_DAY = 86_400.0
_ASK = "Give the time between frames in seconds with --tr (tr= in Python)"


def frame_interval(tr: float | None, frames: Sequence[Frame]) -> float:
    """Seconds between the frames of one slice, given the header's RepetitionTime in s.

    Raises SeriesError when neither is stated, when frames are unevenly spaced (missing ones too),
    or when frames follow each other faster than RepetitionTime allows.
    """
    clock = clock_of(frames)
    if clock is None:
        if tr is None:
            raise SeriesError(f"the DICOM headers hold no repetition or acquisition times. {_ASK}")
        return tr
    measured = _even_step(sorted(clock))
    if tr is None or measured > 1.05 * tr:
        return measured
    if measured < 0.95 * tr:
        raise SeriesError(
            f"the DICOM headers contradict each other: repetition time {tr:g} s, but a frame "
            f"every {measured:g} s. {_ASK}"
        )
    return tr


def clock_of(frames: Sequence[Frame]) -> list[float] | None:
    """Seconds of each frame by the first clock that tells all apart, None where none does."""
    for n in range(2):
        times = [frame.clocks[n] for frame in frames]
        known = [time for time in times if time is not None]
        if len(known) == len(frames) == len(set(known)) and len(known) > 1:
            return _past_midnight(known)
    return None


def _past_midnight(times: list[float]) -> list[float]:
    """Times that go on counting where a series runs past midnight."""
    if max(times) - min(times) <= _DAY / 2:
        return times
    return [time + _DAY if time < _DAY / 2 else time for time in times]


def _even_step(times: list[float]) -> float:
    """Mean step; raises SeriesError where one step is far from the typical one."""
    steps = [b - a for a, b in pairwise(times)]
    typical = statistics.median(steps)
    # Clocks that count whole seconds may be off by one of them.
    slack = 0.5 * typical + (1.0 if all(time == int(time) for time in times) else 0.0)
    odd = max(range(len(steps)), key=lambda n: abs(steps[n] - typical))
    if abs(steps[odd] - typical) > slack:
        raise SeriesError(
            f"frames are not evenly spaced in time: {steps[odd]:g} s between frames {odd + 1} and "
            f"{odd + 2}, typically {typical:g} s. Is a frame missing? To take them as even, give "
            "the time between frames in seconds with --tr (tr= in Python)"
        )
    return round((times[-1] - times[0]) / len(steps), 6)
