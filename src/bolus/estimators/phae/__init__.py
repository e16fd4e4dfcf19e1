"""The physics-informed autoencoders: the published one, and one near the Bayes limit."""

from bolus.estimators.paper.estimator import PhaePaper
from bolus.estimators.phae.estimator import Phae
from bolus.estimators.spinned import Spinned
from bolus.estimators.weights import Weights, read_weights, shipped_weights, write_weights

__all__ = [
    "Phae",
    "PhaePaper",
    "Weights",
    "from_weights",
    "read_weights",
    "shipped_weights",
    "write_weights",
]


NETWORKS: dict[str, type[Phae] | type[PhaePaper] | type[Spinned]] = {
    "phae": Phae,
    "phae-paper": PhaePaper,
    "spinned": Spinned,
}
"""Kind of weights → the method that they belong to."""


def from_weights(weights: Weights) -> Phae | PhaePaper | Spinned:
    """The estimator that some weights belong to. Raises WeightsError when they do not fit it."""
    return NETWORKS[weights.kind](weights)
