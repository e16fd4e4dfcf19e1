"""A method comes back from what its result says of it."""

import json

import pytest

from bolus.data import MethodError, WeightsError
from bolus.estimators import METHODS, Prior, rebuilt
from bolus.estimators.phae import Phae, Weights, shipped_weights
from bolus.patient.quantify import _parameters

CONFIGURED = {
    "svd": {"threshold": 0.1},
    "csvd": {"taper": 0.0},
    "osvd": {"oi": 0.035, "thresholds": (0.1, 0.3)},
    "tikhonov": {"steps": 5},
    "tikhonov-fixed": {"strength": 0.3},
    "bayes": {"prior": Prior(families=(("box", None), ("gamma", 2.0)), mtt=(2.0, 9.0))},
}


def told(estimator):
    """The parameters as a summary holds them."""
    return json.loads(json.dumps(_parameters(estimator)))


@pytest.mark.parametrize("name", METHODS)
def test_as_it_comes(name):
    assert rebuilt(name, told(METHODS[name]())) == METHODS[name]()


@pytest.mark.parametrize("name", CONFIGURED)
def test_configured(name):
    chosen = METHODS[name](**CONFIGURED[name])
    assert rebuilt(name, told(chosen)) == chosen
    assert chosen != METHODS[name]()


def test_weights_must_be_those_of_the_maps():
    shipped = shipped_weights("phae")
    own = Weights("phae", {k: 2 * v for k, v in shipped.tensors.items()}, shipped.config, {})
    parameters = told(Phae(own))
    with pytest.raises(WeightsError, match=f"{own.checksum[:12]}.*come with the package"):
        rebuilt("phae", parameters)
    with pytest.raises(WeightsError, match="the weights given have"):
        rebuilt("phae", parameters, shipped)
    assert rebuilt("phae", parameters, own).weights is own
    with pytest.raises(WeightsError, match="no weights"):
        rebuilt("osvd", {}, own)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("mine", {}), ("osvd", {"other": 1}), ("osvd", {"oi": -1}), ("bayes", {"prior": {"x": 1}})],
)
def test_what_cannot_be_set_up(name, parameters):
    with pytest.raises(MethodError, match=name):
        rebuilt(name, parameters)
