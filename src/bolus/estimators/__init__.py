"""From curves to perfusion: spectral deconvolution and the reference posterior."""

from bolus.estimators.bayes.prior import Prior
from bolus.estimators.deconvolve import (
    EVERY_METHOD,
    METHODS,
    PATIENT_METHODS,
    deconvolve,
    deconvolve_patient,
    estimator,
)
from bolus.estimators.explain import (
    Explainer,
    Explanation,
    PatientExplainer,
    explain,
    explainer,
)
from bolus.estimators.protocol import (
    Bound,
    Capabilities,
    CurveScale,
    Estimator,
    Explaining,
    OfPatient,
    Places,
    capabilities,
    description,
)
from bolus.estimators.rebuild import rebuilt
from bolus.estimators.weighing import sample_noise

__all__ = [
    "EVERY_METHOD",
    "METHODS",
    "PATIENT_METHODS",
    "Bound",
    "Capabilities",
    "CurveScale",
    "Estimator",
    "Explainer",
    "Explaining",
    "Explanation",
    "OfPatient",
    "PatientExplainer",
    "Places",
    "Prior",
    "capabilities",
    "deconvolve",
    "deconvolve_patient",
    "description",
    "estimator",
    "explain",
    "explainer",
    "rebuilt",
    "sample_noise",
]
