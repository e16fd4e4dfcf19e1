"""Rigid registration of a series to another image of the same patient: anatomy, or another date."""

from bolus.preprocess.anatomy.images import fixed_of, moving_of
from bolus.preprocess.anatomy.register import mean_distance, register_anatomy
from bolus.preprocess.anatomy.search import search

__all__ = ["fixed_of", "mean_distance", "moving_of", "register_anatomy", "search"]
