"""Which method maps are made by, and with what prior."""

import pytest

from bolus.data import MethodError
from bolus.estimators.joint import Joint
from bolus.estimators.pinn import Pinn
from bolus.options.estimation import Estimation
from bolus.patient.methods import DEFAULT, method_or_weights, with_prior


def test_the_default_takes_all_voxels_together():
    assert method_or_weights() == DEFAULT == "joint"
    assert with_prior("joint") == "joint"


@pytest.mark.parametrize("left", ["population", "spatial"])
def test_a_prior_can_be_left_out(left):
    assert with_prior("joint", **{left: False}) == Joint(**{left: False})


@pytest.mark.parametrize("method", ["osvd", Joint()])
def test_only_of_a_method_by_name_that_has_one(method):
    with pytest.raises(MethodError, match="has no prior to leave out"):
        with_prior(method, spatial=False)


def test_a_method_that_refuses_for_size_can_be_told_to_go_on():
    assert Estimation(method="pinn", any_size=True).chosen() == Pinn(most_voxels=None)
    assert Estimation(method="pinn").chosen() == "pinn"
    with pytest.raises(MethodError, match="'joint' takes any number of voxels"):
        Estimation(any_size=True).chosen()
