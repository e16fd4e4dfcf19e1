"""What the signal of a series must be before minutes are spent on it."""

import numpy as np
from jaxtyping import Float

from bolus.data import SeriesError
from bolus.data.plausible import DISTINCT, SIGNAL

_LOOKED_AT = 1 << 18
"""Samples among which different values are counted, spread evenly over the series."""


def check_signal(signal: Float[np.ndarray, "x y z t"], where: object) -> None:
    """Raise SeriesError for a signal that no scanner makes; ``where`` begins the message.

    There are finite samples; the largest size is within SIGNAL; and of all samples, or of a quarter
    million of them, there are as many different values as DISTINCT says.
    """
    some = signal.ravel(order="K")[:: signal.size // _LOOKED_AT | 1]
    some = some[np.isfinite(some)]
    if not some.size:
        raise SeriesError(f"{where}: no value of the signal is a finite number")
    largest = max(_largest(signal[..., frame]) for frame in range(signal.shape[3]))
    SIGNAL.check(largest or 1.0, f"{where}: its signal", SeriesError)
    DISTINCT.check(len(np.unique(some)), f"{where}: its signal", SeriesError)


def _largest(image: Float[np.ndarray, "x y z"]) -> float:
    """The largest size of a finite sample; 0 where there is none."""
    return float(np.abs(image).max(where=np.isfinite(image), initial=0.0))
