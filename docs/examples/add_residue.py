"""A residue function of one's own: one frozen object and one entry."""

from dataclasses import dataclass

import numpy as np
from array_api_compat import array_namespace

from bolus import METHODS, deconvolve
from bolus.estimators import Prior
from bolus.phantom import arterial_input
from bolus.physics import RESIDUES, ForwardModel
from bolus.testing import check_residue


@dataclass(frozen=True)
class Triangle:
    """R falls in a straight line from 1 to 0 at 2·MTT, so that its area is MTT."""

    def __call__(self, t, mtt):
        """R at t s."""
        xp = array_namespace(t, mtt)
        r = 1 - t / (2 * mtt)
        return xp.where(r > 0, r, xp.zeros_like(r))

    def edge(self, mtt):
        """Where R ends, in s: the quadrature goes up to here. None for a residue that is smooth."""
        return 2 * mtt


RESIDUES["triangle"] = Triangle()  # in the package: an entry in physics/residue.py

check_residue(Triangle())  # the laws: R(0) = 1, area MTT, numpy = torch, and so on

# The forward model takes it: three voxels with 4 % of blood that arrives early, in time or late.
dt = 1.5
aif = arterial_input(dt * np.arange(60))
mtt, delay = np.array([3.0, 5.0, 8.0]), np.array([-1.0, 0.0, 1.0])
tissue = ForwardModel(aif, dt, RESIDUES["triangle"])(0.04 / mtt, mtt, delay)

# So does the posterior, by name.
prior = Prior(families=(("triangle", None),), mtt=(2, 12), delay=(-3, 3))
found = deconvolve(tissue, aif, dt, METHODS["bayes"](prior=prior))

print("true MTT     ", mtt)
print("estimated MTT", found.mtt.round(2))
