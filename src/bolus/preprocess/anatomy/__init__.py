"""Rigid registration of a series to an anatomical image of the same patient."""

from bolus.preprocess.anatomy.register import mean_distance, register_anatomy

__all__ = ["mean_distance", "register_anatomy"]
