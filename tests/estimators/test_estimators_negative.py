"""Curves whose area noise has made negative: flow is never below 0, volume keeps its sign."""

import numpy as np
import pytest

from bolus import METHODS, deconvolve
from bolus.estimators import capabilities
from bolus.estimators.negative import not_negative
from bolus.phantom import arterial_input
from bolus.physics import blood_volume

T = 1.5 * np.arange(50)
AIF = arterial_input(T, onset=12.0)
AREA = ("svd", "csvd", "osvd", "tikhonov", "tikhonov-fixed", "svd-pws", "phae-paper")
"""Methods whose CBV is a ratio of areas; where they do not claim it, of areas from arrival on."""
ARRIVAL = int(np.argmax(0.01 * AIF.max() < AIF))


@pytest.fixture(scope="module")
def noise():
    """Curves of nothing but noise: about half of the areas are negative."""
    return np.random.default_rng(0).normal(0, 0.02 * AIF.max(), (400, T.size))


@pytest.mark.parametrize("method", AREA)
def test_flow_is_never_negative_and_volume_keeps_its_sign(method, noise):
    found = deconvolve(noise, AIF, 1.5, method)
    first = 0 if capabilities(METHODS[method]()).area else ARRIVAL
    expected = blood_volume(noise[:, first:], AIF[first:])
    np.testing.assert_allclose(found.cbv, expected, rtol=1e-6)
    negative = found.cbv <= 0
    assert 0.3 < negative.mean() < 0.7
    assert (found.cbf >= 0).all()
    assert np.isnan(found.mtt[negative]).all()
    assert (found.mtt[~np.isnan(found.mtt)] > 0).all()
    assert np.isfinite(found.residual).all()


def test_the_mean_flow_of_noise_is_small(noise):
    """A volume just below 0 over the shortest MTT had made the mean of a region negative."""
    found = deconvolve(noise, AIF, 1.5, "phae-paper")
    known = found.cbv > 0
    assert found.cbf.mean() == pytest.approx(found.cbf[known].sum() / len(noise))
    assert (found.cbf[~known] == 0).all()


def test_what_is_positive_stays():
    cbv, cbf = np.array([0.04, -0.01, 0.0, 0.02]), np.array([0.01, -0.03, 0.002, 0.0])
    flow, mtt = not_negative(cbv, cbf, np.array([4.0, 0.3, 0.3, np.inf]))
    np.testing.assert_array_equal(flow, [0.01, 0.0, 0.002, 0.0])
    np.testing.assert_array_equal(mtt, [4.0, np.nan, np.nan, np.nan])


def test_a_method_is_either_here_or_has_a_posterior():
    assert {*AREA} | {"phae", "joint", "bayes", "vascular", "cpi", "spinned"} == {*METHODS}
