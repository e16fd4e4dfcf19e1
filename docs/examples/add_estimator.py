"""An estimator of one's own: a frozen dataclass with one call, and one entry."""

from dataclasses import dataclass

import numpy as np

from bolus import METHODS, Perfusion, deconvolve
from bolus.phantom import CurvePrior, arterial_input, simulate_curves
from bolus.physics import blood_volume


@dataclass(frozen=True)
class Slope:
    """Flow as the steepest rise of the curve over the highest arterial value."""

    factor: float = 1.0

    def __call__(self, tissue, aif, dt, noise_sd=None):
        """Perfusion of curves (voxels, t); what the method does not say is NaN."""
        cbv = blood_volume(tissue, aif)
        cbf = self.factor * np.diff(tissue, axis=1).max(axis=1) / (dt * aif.max())
        nothing = np.full_like(cbv, np.nan)
        return Perfusion(cbv, cbf, cbv / cbf, nothing, nothing, nothing)


METHODS["slope"] = Slope  # in the package: an entry in estimators/deconvolve.py

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
