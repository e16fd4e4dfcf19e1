"""The physics-informed autoencoders: the published one, and one near the Bayes limit."""

from bolus.estimators.phae.estimator import Phae
from bolus.estimators.phae.weights import Weights, read_weights, shipped_weights, write_weights

__all__ = ["Phae", "Weights", "read_weights", "shipped_weights", "write_weights"]
