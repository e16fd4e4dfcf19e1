"""OSIPI's simulated reference object, with limits tighter than its own."""

import csv

import numpy as np

from bolus.bench.external.scores import LIMITS
from bolus.estimators import METHODS, deconvolve

SCALE = {"cbv": 100.0, "cbf": 6000.0}
"""mL/100 mL of a ratio, mL/100 mL/min of 1/s; the object's κ is 1."""

CONFIGURED = {**METHODS, "osvd, oi=0.035": lambda: METHODS["osvd"](oi=0.035)}


class Reference:
    """Curves (14, t), their artery, and both truths, in the object's units."""

    def __init__(self, path):
        with path.open() as file:
            rows = list(csv.DictReader(file))
        self.tissue = np.array([row["C_tis"].split() for row in rows], dtype=float)
        aifs = np.array([row["C_aif"].split() for row in rows], dtype=float)
        assert (aifs == aifs[0]).all()
        self.aif, self.dt = aifs[0], float(rows[0]["tr"])
        self.nominal = {k: np.array([float(row[k]) for row in rows]) for k in LIMITS}
        self.mtt = 60 * self.nominal["cbv"] / self.nominal["cbf"]
        self.inflation = 1 + self.dt / (2 * self.mtt)
        self.simulated = {k: v * self.inflation for k, v in self.nominal.items()}

    def estimates(self, name):
        """CBV and CBF of all curves by a method, in the object's units."""
        found = deconvolve(self.tissue, self.aif, self.dt, CONFIGURED[name]())
        return {k: SCALE[k] * getattr(found, k) for k in LIMITS}

    def met(self, estimates, truth):
        """How many curves lie within the limits, by quantity."""
        counts = {}
        for key, (absolute, relative) in LIMITS.items():
            error = np.abs(estimates[key] - truth[key])
            counts[key] = int((error <= np.maximum(absolute, relative * truth[key])).sum())
        return counts
