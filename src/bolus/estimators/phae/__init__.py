"""The physics-informed autoencoders: the published one, and one near the Bayes limit."""

from bolus.estimators.paper.estimator import PhaePaper
from bolus.estimators.phae.estimator import Phae
from bolus.estimators.surrogate import CurveSurrogate, SliceSurrogate, surrogate
from bolus.estimators.weights import (
    SURROGATES,
    Weights,
    read_weights,
    shipped_weights,
    write_weights,
)

__all__ = [
    "Phae",
    "PhaePaper",
    "Weights",
    "from_weights",
    "read_weights",
    "shipped_weights",
    "write_weights",
]


def from_weights(weights: Weights) -> Phae | PhaePaper | CurveSurrogate | SliceSurrogate:
    """The estimator that some weights belong to. Raises WeightsError when they do not fit it."""
    if weights.kind in SURROGATES:
        return surrogate(weights)
    return Phae(weights) if weights.kind == "phae" else PhaePaper(weights)
