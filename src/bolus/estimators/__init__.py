"""From curves to perfusion: spectral deconvolution and the reference posterior."""

from bolus.estimators.bayes.prior import Prior
from bolus.estimators.deconvolve import METHODS, deconvolve, estimator
from bolus.estimators.explain import Explainer, Explanation, explain, explainer
from bolus.estimators.protocol import (
    Bound,
    Capabilities,
    CurveScale,
    Estimator,
    Explaining,
    capabilities,
    description,
)
from bolus.estimators.rebuild import rebuilt
from bolus.estimators.weighing import sample_noise

__all__ = [
    "METHODS",
    "Bound",
    "Capabilities",
    "CurveScale",
    "Estimator",
    "Explainer",
    "Explaining",
    "Explanation",
    "Prior",
    "capabilities",
    "deconvolve",
    "description",
    "estimator",
    "explain",
    "explainer",
    "rebuilt",
    "sample_noise",
]
