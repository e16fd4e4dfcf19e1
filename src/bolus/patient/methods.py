"""What to estimate with: a name, an estimator, or a file of weights."""

import os

from bolus.data import MethodError, WeightsError
from bolus.estimators import EVERY_METHOD, Estimator
from bolus.estimators.joint import Joint
from bolus.estimators.phae import from_weights, read_weights
from bolus.estimators.pinn import Pinn
from bolus.estimators.surrogate import CurveSurrogate, SliceSurrogate

PathLike = str | os.PathLike[str]


DEFAULT = "joint"
"""The method of maps, unless another is named."""


def method_or_weights(
    method: str | Estimator | None = None, weights: PathLike | None = None
) -> str | Estimator:
    """What to estimate with: a method, the one that a file of weights belongs to, or DEFAULT.

    Raises WeightsError when the weights cannot be used, or are another method's.
    """
    if weights is None:
        return DEFAULT if method is None else method
    chosen = from_weights(read_weights(weights))
    name = method_name(chosen)
    if method is not None and method != name:
        raise WeightsError(f"{weights}: these are weights of '{name}', not of '{method}'")
    return chosen


def with_prior(
    chosen: str | Estimator, *, population: bool = True, spatial: bool = True
) -> str | Estimator:
    """A method with or without what voxels say of each other, which only 'joint' knows.

    Without a ``population`` each voxel is estimated alone. Raises MethodError for another method.
    """
    if population and spatial:
        return chosen
    if chosen != "joint":
        name = chosen if isinstance(chosen, str) else method_name(chosen)
        raise MethodError(f"'{name}' has no prior to leave out: it takes each voxel alone anyway")
    return Joint(population=population, spatial=spatial)


def of_any_size(chosen: str | Estimator) -> Estimator:
    """'pinn' that takes any number of voxels. Raises MethodError for another method."""
    if chosen != "pinn":
        name = chosen if isinstance(chosen, str) else method_name(chosen)
        raise MethodError(f"'{name}' takes any number of voxels anyway: --any-size is for 'pinn'")
    return Pinn(most_voxels=None)


def method_name(chosen: Estimator) -> str:
    """The name in EVERY_METHOD of an estimator's kind; a surrogate's own; else its class's."""
    if isinstance(chosen, CurveSurrogate | SliceSurrogate):
        return chosen.weights.kind
    names = (name for name, factory in EVERY_METHOD.items() if factory is type(chosen))
    return next(names, type(chosen).__name__.lower())
