"""Laws of the residue functions: R(0) = 1, never rising, area of exactly the mean transit time."""

import math
from dataclasses import replace

import numpy as np
import pytest
from physics_cases import NAMES, SHAPED, call, integral
from scipy.special import gammaincc, gammaln

from bolus.physics import RESIDUES
from bolus.physics.special import gamma_upper, log_gamma

MTTS = (0.5, 4.0, 16.0)


@pytest.mark.parametrize(("mtt", "percent"), [(4, 98), (8, 96), (16, 93)])
def test_a_window_of_90_s_misses_the_tail_of_the_lorentzian(mtt, percent):
    area = integral(lambda t: call("lorentzian", t, mtt), np.linspace(0, 90, 31))
    assert area == pytest.approx(2 * mtt / math.pi * math.atan(math.pi * 90 / (2 * mtt)), rel=1e-9)
    assert 100 * area / mtt == pytest.approx(percent, abs=0.6)


@pytest.mark.parametrize("name", SHAPED)
def test_the_shape_may_differ_from_voxel_to_voxel(name):
    t, shapes = np.linspace(0, 20, 7), np.array(SHAPED[name])[:, None]
    table = call(name, t, np.full_like(shapes, 5.0), shapes)
    for row, s in zip(table, shapes[:, 0], strict=True):
        np.testing.assert_allclose(row, call(name, t, 5.0, s), rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "shape"), [("gamma", 1.0), ("weibull", 1.0), ("biexponential", 1.0), ("fermi", -30.0)]
)
def test_becomes_the_exponential(name, shape):
    t = np.linspace(0, 60, 121)
    np.testing.assert_allclose(call(name, t, 4.0, shape), np.exp(-t / 4), atol=1e-10)


@pytest.mark.parametrize(("name", "shape"), [("gamma", 60.0), ("weibull", 40.0), ("fermi", 40.0)])
def test_a_large_shape_nears_the_box(name, shape):
    t = np.linspace(0, 12, 1201)
    near = call(name, t, 4.0, shape)
    assert np.abs(near - call("box", t, 4.0)).mean() * 12 < 0.15 * 4
    assert near[t < 2.5].min() > 0.99
    assert near[t > 6].max() < 0.01


@pytest.mark.parametrize("name", NAMES)
def test_it_drops_nowhere_but_at_its_edge(name):
    """Steps of R on an ever finer grid shrink, but for the one at its edge."""
    residue, mtt = RESIDUES[name], np.float64(3.0)
    t = np.linspace(0, 12, 240001)
    steps = -np.diff(residue(t, mtt))
    edge = residue.edge(mtt)
    if edge is not None:
        at_edge = np.abs(t[1:] - edge) < 1e-4
        assert steps[at_edge].max() == pytest.approx(1 if name == "box" else 0, abs=1e-4)
        steps = steps[~at_edge]
    assert steps.max() < 1e-3


@pytest.mark.parametrize("name", SHAPED)
def test_a_configured_one_has_its_own_shape(name):
    t, own = np.linspace(0, 20, 7), SHAPED[name][0]
    np.testing.assert_array_equal(
        replace(RESIDUES[name], shape=own)(t, np.float64(5.0)), call(name, t, 5.0, own)
    )


def test_gamma_upper_is_scipys():
    a = np.array([0.1, 0.5, 0.9, 1, 1.5, 3, 7.3, 20, 45, 60])[:, None]
    x = np.concatenate([[0], np.geomspace(1e-4, 300, 400)])
    np.testing.assert_allclose(gamma_upper(a, x + 0 * a), gammaincc(a, x), atol=1e-9)


@pytest.mark.parametrize("offset", [-1e-9, 0.0, 1e-9])
def test_gamma_upper_where_the_series_meets_the_fraction(offset):
    a = np.linspace(0.1, 60, 300)
    np.testing.assert_allclose(
        gamma_upper(a, a + 1 + offset), gammaincc(a, a + 1 + offset), rtol=1e-9
    )


def test_log_gamma_is_scipys():
    a = np.geomspace(0.05, 100, 500)
    np.testing.assert_allclose(log_gamma(a), gammaln(a), rtol=1e-11, atol=1e-12)
