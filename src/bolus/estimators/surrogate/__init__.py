"""Surrogate networks: the maps of another method, learnt from curves or from slices."""

from bolus.estimators.surrogate.config import KINDS, SurrogateConfig
from bolus.estimators.surrogate.curves import CurveSurrogate
from bolus.estimators.surrogate.slices import SliceSurrogate
from bolus.estimators.weights import Weights

__all__ = ["KINDS", "CurveSurrogate", "SliceSurrogate", "SurrogateConfig", "surrogate"]


def surrogate(weights: Weights) -> CurveSurrogate | SliceSurrogate:
    """The surrogate that some weights are of. Raises WeightsError when they do not fit it."""
    return CurveSurrogate(weights) if weights.kind == "temporal" else SliceSurrogate(weights)
