"""Perfusion of a list of voxels."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from bolus.data.brief import brief
from bolus.data.errors import InputError, NoPosteriorError

PARAMETERS = ("cbv", "cbf", "mtt", "tmax", "delay")
"""What a method can estimate of a curve, and have a posterior of: the fields of Perfusion."""


_NONE: Mapping[str, Float[np.ndarray, " voxels"]] = MappingProxyType({})


@runtime_checkable
class Posterior(Protocol):
    """What a method knows beyond its point estimate."""

    @property
    def quantities(self) -> tuple[str, ...]:
        """Names for which quantiles can be had."""
        ...

    def quantile(self, name: str, q: float) -> Float[np.ndarray, " voxels"]:
        """Posterior quantile of one quantity, in the quantity's own unit."""
        ...


def check_quantile(quantities: tuple[str, ...], name: str, q: float) -> None:
    """NoPosteriorError for a name not in ``quantities``, InputError for a q outside (0, 1)."""
    if name not in quantities:
        raise NoPosteriorError(f"no posterior of '{name}'; there is one of {quantities}")
    if not 0 < q < 1:
        raise InputError(f"a quantile lies between 0 and 1, found {q}")


class Perfusion(NamedTuple):
    """Perfusion parameters, one entry a voxel; NaN where a method or a curve has none.

    ``cbv`` ratio (Q.PH1.001), ``cbf`` 1/s (Q.PH1.003), ``mtt`` s (Q.PH1.006), ``tmax`` s,
    ``delay`` s (Q.PH1.007; signed), all with κ = 1; ``residual`` is the root mean square of
    curve minus reconstruction in the curve's unit. ``common`` is the SD of the log of CBF, and of
    MTT, by which all voxels may be off together; the ``posterior`` has it. ``further`` are other
    maps that a method estimates, by their names in QUANTITIES and in their own unit.
    """

    cbv: Float[np.ndarray, " voxels"]
    cbf: Float[np.ndarray, " voxels"]
    mtt: Float[np.ndarray, " voxels"]
    tmax: Float[np.ndarray, " voxels"]
    delay: Float[np.ndarray, " voxels"]
    residual: Float[np.ndarray, " voxels"]
    posterior: Posterior | None = None
    common: float = 0.0
    further: Mapping[str, Float[np.ndarray, " voxels"]] = _NONE

    def __repr__(self) -> str:
        return brief(self)

    def interval(
        self, name: str, level: float = 0.9
    ) -> tuple[Float[np.ndarray, " voxels"], Float[np.ndarray, " voxels"]]:
        """Central credible interval (lower, upper) of one quantity, each (voxels,).

        Raises NoPosteriorError for a method without posterior or a quantity outside it,
        InputError for a level outside (0, 1).
        """
        if not 0 < level < 1:
            raise InputError(f"an interval's level lies between 0 and 1, found {level}")
        if self.posterior is None:
            raise NoPosteriorError("this method gives no posterior; 'phae', 'joint' and 'bayes' do")
        if name not in self.posterior.quantities:
            raise NoPosteriorError(
                f"no posterior of '{name}'; there is one of {', '.join(self.posterior.quantities)}"
            )
        low, high = (1 - level) / 2, (1 + level) / 2
        return self.posterior.quantile(name, low), self.posterior.quantile(name, high)


NUMBERS = tuple(
    name for name in Perfusion._fields if name not in ("posterior", "common", "further")
)
"""The fields that hold a number for every voxel."""
