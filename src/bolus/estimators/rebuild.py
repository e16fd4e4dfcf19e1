"""A method from what a result says of it: the inverse of ``quantify``'s record."""

from collections.abc import Mapping

from bolus.data import InputError, MethodError, WeightsError
from bolus.estimators.bayes.prior import Prior
from bolus.estimators.deconvolve import EVERY_METHOD
from bolus.estimators.phae import Weights, from_weights, shipped_weights
from bolus.estimators.protocol import Estimator
from bolus.estimators.weights import SURROGATES


def rebuilt(
    method: str, parameters: Mapping[str, object], weights: Weights | None = None
) -> Estimator:
    """The estimator that a summary names as ``method`` with its ``parameters``.

    ``weights`` are needed for a network that does not come with the package. Raises WeightsError
    when the weights at hand are not those the maps were made with, MethodError for a method that
    EVERY_METHOD does not hold or parameters it does not take.
    """
    if method not in (*EVERY_METHOD, *SURROGATES):
        raise MethodError(f"the maps are by '{method}', which is none of {', '.join(EVERY_METHOD)}")
    if "checksum" in parameters:
        return from_weights(_weights(parameters, weights))
    if weights is not None:
        raise WeightsError(f"the maps are by '{method}', which has no weights")
    try:
        made: Estimator = EVERY_METHOD[method](**{k: _value(k, v) for k, v in parameters.items()})
    except (TypeError, InputError) as error:
        raise MethodError(f"'{method}' cannot be set up as the maps' were ({error})") from error
    return made


def _weights(parameters: Mapping[str, object], given: Weights | None) -> Weights:
    kind, wanted = str(parameters.get("weights")), str(parameters["checksum"])
    if given is None and kind in SURROGATES:
        raise WeightsError(
            f"the maps were made with weights of '{kind}', which are not shipped; give the file "
            "with --weights (weights=)"
        )
    found = shipped_weights(kind) if given is None else given
    if found.checksum != wanted:
        which = "that come with the package" if given is None else "given"
        raise WeightsError(
            f"the maps were made with weights of '{kind}' of checksum {wanted[:12]}…, the weights "
            f"{which} have {found.checksum[:12]}…; give the file with --weights (weights=)"
        )
    return found


def _value(name: str, value: object) -> object:
    """A parameter as its dataclass takes it: JSON has lists where there were tuples."""
    if name == "prior" and isinstance(value, Mapping):
        fields = {k: _value(k, v) for k, v in value.items()}
        return Prior(**fields)  # type: ignore[arg-type]
    if isinstance(value, list | tuple):
        return tuple(_value("", item) for item in value)
    return value
