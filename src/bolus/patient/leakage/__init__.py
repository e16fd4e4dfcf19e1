"""Leakage correction: contrast agent that leaves the vessels, and models of its trace."""

from bolus.patient.leakage.boxerman import Boxerman
from bolus.patient.leakage.correct import LeakageFit, correct_leakage
from bolus.patient.leakage.free import Free
from bolus.patient.leakage.models import MODELS, find_leakage_model
from bolus.patient.leakage.reference import reference_curve

__all__ = [
    "MODELS",
    "Boxerman",
    "Free",
    "LeakageFit",
    "correct_leakage",
    "find_leakage_model",
    "reference_curve",
]
