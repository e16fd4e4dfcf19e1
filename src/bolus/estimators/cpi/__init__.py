"""Control point interpolation: a residue of any falling shape, by its posterior."""

from bolus.estimators.cpi.estimator import Cpi

__all__ = ["Cpi"]
