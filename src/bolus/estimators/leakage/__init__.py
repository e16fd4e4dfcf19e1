"""Leakage correction: contrast agent that leaves the vessels, and models of its trace."""

from bolus.estimators.leakage.boxerman import Boxerman
from bolus.estimators.leakage.correct import LeakageFit, correct_leakage
from bolus.estimators.leakage.free import Free
from bolus.estimators.leakage.models import MODELS, find_leakage_model
from bolus.estimators.leakage.reference import reference_curve

__all__ = [
    "MODELS",
    "Boxerman",
    "Free",
    "LeakageFit",
    "correct_leakage",
    "find_leakage_model",
    "reference_curve",
]
