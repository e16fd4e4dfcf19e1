"""Display of a quantity: its colour map, and the range that the map's ends stand for."""

import math
from typing import NamedTuple, Protocol

import numpy as np
from jaxtyping import Float

Range = tuple[float, float]
SIGNED = "signed"
"""A colour map with a middle at 0: blue below, dark there, orange above."""


class Limits(Protocol):
    """A rule that takes finite values (n,), n > 0, to the range on display (low, high)."""

    def __call__(self, values: Float[np.ndarray, " n"]) -> Range:
        """Low and high end, in the values' own unit."""
        ...


class FromZero(NamedTuple):
    """From 0 to ``medians`` times the median of the brain: tissue fills the range, not vessels."""

    medians: float

    def __call__(self, values: Float[np.ndarray, " n"]) -> Range:
        """See ``Limits``."""
        return rounded(0.0, self.medians * float(np.median(values)))


class UpToPercentile(NamedTuple):
    """From 0 to a percentile of the values."""

    percentile: float

    def __call__(self, values: Float[np.ndarray, " n"]) -> Range:
        """See ``Limits``."""
        return rounded(0.0, float(np.percentile(values, self.percentile)))


class Percentiles(NamedTuple):
    """From one percentile of the values to another."""

    low: float = 2
    high: float = 98

    def __call__(self, values: Float[np.ndarray, " n"]) -> Range:
        """See ``Limits``."""
        low, high = (float(v) for v in np.percentile(values, (self.low, self.high)))
        return rounded(low, high)


class Symmetric(NamedTuple):
    """As far below 0 as above: to a percentile of the absolute values."""

    percentile: float = 98

    def __call__(self, values: Float[np.ndarray, " n"]) -> Range:
        """See ``Limits``."""
        reach = float(np.percentile(np.abs(values), self.percentile))
        return rounded(-reach, reach)


class Fixed(NamedTuple):
    """The same range for every patient."""

    low: float
    high: float

    def __call__(self, values: Float[np.ndarray, " n"]) -> Range:
        """See ``Limits``."""
        return self.low, self.high


class Display(NamedTuple):
    """How a quantity is shown: colour map (matplotlib's name, or SIGNED) and rule of its range."""

    colours: str
    limits: Limits

    def range(self, values: np.ndarray) -> Range:
        """The range of values of any shape; what is not finite does not count. (0, 1) for none."""
        finite = values[np.isfinite(values)]
        return self.limits(finite) if finite.size else (0.0, 1.0)


def rounded(low: float, high: float) -> Range:
    """Ends with two or three figures, moved outwards, for people read them; never a range of 0."""
    if not high > low:
        high = low + 1.0
    step = 10.0 ** (math.floor(math.log10(high - low)) - 1)
    return math.floor(low / step) * step, math.ceil(high / step) * step
