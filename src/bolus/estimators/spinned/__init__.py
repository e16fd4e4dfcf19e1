"""Deconvolution by a network that has learned it from simulation: series and artery → residue."""

from bolus.estimators.spinned.estimator import Spinned

__all__ = ["Spinned"]
