"""An estimator of one's own: a frozen dataclass that can be bound, and one entry."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bolus import METHODS, Perfusion, deconvolve
from bolus.data import Citation, Description
from bolus.estimators import Capabilities
from bolus.phantom import CurvePrior, arterial_input, simulate_curves
from bolus.physics import blood_volume
from bolus.testing import check_estimator


@dataclass(frozen=True)
class Slope:
    """Flow as the steepest rise of the curve over the highest arterial value."""

    factor: float = 1.0

    capabilities: ClassVar = Capabilities(
        linear=True, area=True, timeless=True, delay_invariant=True
    )
    description: ClassVar = Description(
        sentence="the steepest rise of the curve over the highest arterial value [slope]{chosen}",
        citations={
            "slope": Citation(
                "Klotz E, König M. Perfusion measurements of the brain: using dynamic CT for the "
                "quantitative assessment of cerebral ischemia in acute stroke. Eur J Radiol "
                "1999;30:170–184.",
                "Eur J Radiol 1999;30:170",
            )
        },
    )

    def bind(self, aif, dt, *, like):
        """What depends on the arterial input alone is computed here, once."""
        return BoundSlope(aif.astype(like.dtype), float(self.factor / (dt * aif.max())))


@dataclass(frozen=True, eq=False)
class BoundSlope:
    """The method bound to an arterial input; called for curves as often as there are some."""

    aif: np.ndarray
    flow: float

    def __call__(self, tissue, noise_sd=None):
        """Perfusion of curves (voxels, t); what the method does not estimate is NaN."""
        cbv = blood_volume(tissue, self.aif)
        cbf = self.flow * np.diff(tissue, axis=1).max(axis=1)
        nothing = np.full_like(cbv, np.nan)
        return Perfusion(cbv, cbf, cbv / cbf, nothing, nothing, nothing)


METHODS["slope"] = Slope  # in the package: an entry in estimators/deconvolve.py

check_estimator(Slope())  # the laws of every estimator, and what this one declares

# From here on it is a method like any other: checked input, bad rows, maps, command line.
dt = 1.5
aif = arterial_input(dt * np.arange(60))
curves = simulate_curves(np.random.default_rng(0), CurvePrior(), 200, aif, dt, snr=50)
tissue = curves.tissue.copy()
tissue[5, 7] = np.nan
found = deconvolve(tissue, aif, dt, "slope")
doubled = deconvolve(tissue, aif, dt, Slope(factor=2.0))  # a configured one

good = np.isfinite(found.cbf)
correlation = np.corrcoef(found.cbf[good], curves.truth.cbf[good])[0, 1]
print(f"{good.sum()} curves of {len(tissue)}, correlation with the truth {correlation:.2f}")
