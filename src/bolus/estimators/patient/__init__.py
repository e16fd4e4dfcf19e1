"""The patient posterior: a grid posterior of every voxel, with a prior that all of them share."""

from bolus.estimators.patient.estimator import BoundPatient, Patient

__all__ = ["BoundPatient", "Patient"]
