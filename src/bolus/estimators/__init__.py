"""From curves to perfusion: spectral deconvolution and the reference posterior."""

from bolus.estimators.deconvolve import METHODS, deconvolve, estimator
from bolus.estimators.explain import Explainer, Explanation, explain, explainer
from bolus.estimators.leakage import MODELS as LEAKAGE_MODELS
from bolus.estimators.leakage import LeakageFit, correct_leakage, find_leakage_model
from bolus.estimators.prior import Prior
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
    "LEAKAGE_MODELS",
    "METHODS",
    "Bound",
    "Capabilities",
    "CurveScale",
    "Estimator",
    "Explainer",
    "Explaining",
    "Explanation",
    "LeakageFit",
    "Prior",
    "capabilities",
    "correct_leakage",
    "deconvolve",
    "description",
    "estimator",
    "explain",
    "explainer",
    "find_leakage_model",
    "rebuilt",
    "sample_noise",
]
