"""A physics-informed network trained on one patient's voxels, over space and time."""

from bolus.estimators.pinn.estimator import Pinn

__all__ = ["Pinn"]
