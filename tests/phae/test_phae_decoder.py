"""The tabulated decoder is the forward model, to less than any noise."""

import numpy as np
import pytest

from bolus.estimators.phae.decoder import EARLIEST, LATEST, curve_table
from bolus.phantom import arterial_input
from bolus.physics import RESIDUES, ForwardModel

DOUBLE = np.dtype(float)


@pytest.mark.parametrize(("dt", "frames"), [(0.6, 100), (1.5, 60), (3.0, 40)])
def test_like_the_forward_model(dt, frames):
    rng = np.random.default_rng(0)
    aif = arterial_input(dt * np.arange(frames), onset=20.0)
    n = 200
    cbv, mtt = rng.uniform(0.01, 0.1, n), np.exp(rng.uniform(np.log(1.5), np.log(20), n))
    delay, log_shape = rng.uniform(-4, 8, n), rng.uniform(-0.4, 1.8, n)
    exact = ForwardModel(aif, dt, RESIDUES["weibull"])(cbv / mtt, mtt, delay, np.exp(log_shape))
    found = curve_table(aif, dt, DOUBLE).rebuild(cbv, mtt, delay, log_shape)
    error = np.abs(found - exact).max(axis=1) / exact.max(axis=1)
    assert np.median(error) < 0.01
    assert error.max() < 0.05


def test_volume_is_linear_and_the_ends_hold():
    aif = arterial_input(1.5 * np.arange(60))
    table = curve_table(aif, 1.5, DOUBLE)
    one = np.ones(1)
    base = table.rebuild(0.03 * one, 5 * one, 0 * one, 0 * one)
    np.testing.assert_allclose(table.rebuild(0.06 * one, 5 * one, 0 * one, 0 * one), 2 * base)
    for limit, beyond in ((EARLIEST, -40.0), (LATEST, 60.0)):
        held = table.rebuild(0.03 * one, 5 * one, limit * one, 0 * one)
        np.testing.assert_array_equal(
            table.rebuild(0.03 * one, 5 * one, beyond * one, 0 * one), held
        )
    far = table.rebuild(0.03 * one, 900 * one, 0 * one, 9 * one)
    assert np.isfinite(far).all()
