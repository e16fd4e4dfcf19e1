"""From curves to perfusion: spectral deconvolution and the reference posterior."""

from bolus.estimators.deconvolve import METHODS, Estimator, deconvolve, estimator
from bolus.estimators.prior import Prior

__all__ = ["METHODS", "Estimator", "Prior", "deconvolve", "estimator"]
