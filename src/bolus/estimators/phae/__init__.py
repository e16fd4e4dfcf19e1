"""The physics-informed autoencoders: the published one, and one near the Bayes limit."""

from bolus.estimators.paper.estimator import PhaePaper
from bolus.estimators.phae.estimator import Phae
from bolus.estimators.spinned import Spinned
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


NETWORKS: dict[str, type[Phae] | type[PhaePaper] | type[Spinned]] = {
    "phae": Phae,
    "phae-paper": PhaePaper,
    "spinned": Spinned,
}
"""Kind of weights that come with the package → the method that they belong to."""
AnyNetwork = Phae | PhaePaper | Spinned | CurveSurrogate | SliceSurrogate


def from_weights(weights: Weights) -> AnyNetwork:
    """The estimator that some weights belong to. Raises WeightsError when they do not fit it."""
    if weights.kind in SURROGATES:
        return surrogate(weights)
    return NETWORKS[weights.kind](weights)
