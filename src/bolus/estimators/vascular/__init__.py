"""The vascular model: gamma-distributed transit times, their spread and what they extract."""

from bolus.estimators.vascular.estimator import Vascular

__all__ = ["Vascular"]
