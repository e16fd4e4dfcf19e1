"""Traces of leakage in a curve."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from physics_cases import gamma_variate

from bolus.physics import area, leak_term, running_integral

DT = 1.5


def test_integral_of_a_line_and_of_a_constant():
    t = DT * np.arange(20)
    np.testing.assert_allclose(running_integral(np.full(20, 3.0), DT), 3 * t)
    np.testing.assert_allclose(running_integral(2 * t, DT), t**2)


def test_last_value_is_the_area():
    curves = np.random.default_rng(0).standard_normal((4, 30))
    found = running_integral(curves, DT)
    np.testing.assert_allclose(found[:, 0], 0, atol=1e-15)
    np.testing.assert_allclose(found[:, -1], area(curves, DT))


@settings(max_examples=30, deadline=None)
@given(a=st.floats(-5, 5), b=st.floats(-5, 5))
def test_it_is_linear(a, b):
    x, y = gamma_variate(40, DT), np.cos(np.arange(40.0))
    want = a * running_integral(x, DT) + b * running_integral(y, DT)
    np.testing.assert_allclose(running_integral(a * x + b * y, DT), want, atol=1e-9)


def test_frame_time_does_not_matter():
    t = np.arange(0, 60, 0.25)
    curve = gamma_variate(t.size, 0.25)
    coarse = running_integral(curve[::4], 1.0)
    np.testing.assert_allclose(coarse, running_integral(curve, 0.25)[::4], atol=0.02 * coarse[-1])


def test_leak_that_shortens_t1_takes_off_more_and_more():
    m = gamma_variate(50, DT)
    taken = leak_term(np.array([0.02, 0.0, -0.02]), m, DT)
    assert taken.shape == (3, 50)
    assert (np.diff(taken[0]) >= 0).all()
    np.testing.assert_array_equal(taken[1], 0)
    np.testing.assert_allclose(taken[2], -taken[0])
    assert taken[0, -1] == pytest.approx(0.02 * area(m, DT))
