"""From curves to perfusion: spectral deconvolution and the reference posterior."""

from bolus.estimators.deconvolve import METHODS, Estimator, deconvolve, estimator
from bolus.estimators.prior import Prior
from bolus.estimators.quantify import quantify

__all__ = ["METHODS", "Estimator", "Prior", "deconvolve", "estimator", "quantify"]
