"""Whether adapted weights are worse elsewhere than those they started from."""

from collections.abc import Callable
from dataclasses import dataclass

from bolus.estimators.weights import Weights

TOLERANCE = 0.01
"""Relative rise of the benchmark's error that is not yet called worse."""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """The benchmark's error, mean ``|log(CBF/true)|``, by the weights ``before`` and ``after``.

    ``anyway``: what is worse is kept as well.
    """

    before: float
    after: float
    anyway: bool = False

    @property
    def worse(self) -> bool:
        """Whether the error has risen by more than TOLERANCE."""
        return not self.after <= (1 + TOLERANCE) * self.before

    @property
    def kept(self) -> bool:
        """Whether the weights may be kept."""
        return self.anyway or not self.worse

    @property
    def figures(self) -> str:
        """Both errors for people."""
        return (
            "error of CBF in the standard benchmark, mean |log(CBF/true)|: "
            f"{self.before:.3f} before, {self.after:.3f} after"
        )


Judge = Callable[[Weights, Weights], Judged]
"""Takes the weights that an adaptation started from, and the adapted ones."""
