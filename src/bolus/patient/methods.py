"""What to estimate with: a name, an estimator, or a file of weights."""

import os

from bolus.data import WeightsError
from bolus.estimators import METHODS, Estimator
from bolus.estimators.phae import from_weights, read_weights

PathLike = str | os.PathLike[str]


def method_or_weights(
    method: str | Estimator | None = None, weights: PathLike | None = None
) -> str | Estimator:
    """What to estimate with: a method, the one that a file of weights belongs to, or 'phae'.

    Raises WeightsError when the weights cannot be used, or are another method's.
    """
    if weights is None:
        return "phae" if method is None else method
    chosen = from_weights(read_weights(weights))
    name = method_name(chosen)
    if method is not None and method != name:
        raise WeightsError(f"{weights}: these are weights of '{name}', not of '{method}'")
    return chosen


def method_name(chosen: Estimator) -> str:
    """The name in METHODS of an estimator's kind; its class's where it has none."""
    names = (name for name, factory in METHODS.items() if factory is type(chosen))
    return next(names, type(chosen).__name__.lower())
