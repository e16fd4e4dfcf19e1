"""The patient posterior: a grid posterior of every voxel, with a prior that all of them share."""

from bolus.estimators.joint.estimator import BoundJoint, Joint

__all__ = ["BoundJoint", "Joint"]
