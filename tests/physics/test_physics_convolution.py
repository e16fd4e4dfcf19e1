"""The one quadrature: against fine sums, closed forms, and the plain sum it must not be."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from physics_cases import (
    CASES,
    NAMES,
    call,
    exponential_response,
    gamma_variate,
    integral,
    window_area,
)

from bolus.physics import RESIDUES, ForwardModel, area, convolve, kernel


def weights(name, dt, mtt, delay, shape=None, frames=None):
    """Kernel of one voxel over every lag that matters, with the lags."""
    lead = int(np.ceil(max(0.0, -delay) / dt)) + 1
    last = int(np.ceil((80 * mtt + max(delay, 0)) / dt)) + 2 if frames is None else frames
    lags = np.arange(-lead, last).astype(float)
    one = np.array([1.0])
    return lags, kernel(lags, dt, mtt * one, delay * one, RESIDUES[name], shape)[0]


@settings(max_examples=40, deadline=None)
@given(
    name=st.sampled_from([n for n in NAMES if n != "lorentzian"]),
    dt=st.floats(0.3, 3.0),
    ratio=st.floats(0.7, 12.0),
    delay=st.floats(-8.0, 8.0),
)
def test_kernel_keeps_the_area_at_any_frame_time_and_delay(name, dt, ratio, delay):
    mtt = ratio * dt
    _, k = weights(name, dt, mtt, delay)
    assert k.sum() == pytest.approx(mtt, rel=1e-3)


@pytest.mark.parametrize(("name", "shape"), CASES)
@pytest.mark.parametrize(("dt", "delay"), [(0.7, 0.0), (1.5, 1.5), (1.5, -2.2), (2.4, 0.9)])
def test_kernel_is_the_integral_of_triangle_times_residue(name, shape, dt, delay):
    mtt = 4.0
    lags, k = weights(name, dt, mtt, delay, shape, frames=8)
    for lag, found in zip(lags, k, strict=True):
        centre = lag * dt - delay

        def integrand(x, centre=centre):
            return np.maximum(0, 1 - np.abs(x - centre) / dt) * call(name, x, mtt, shape)

        cuts = np.unique(np.clip([centre - dt, centre, centre + dt, mtt, 0], 0, None))
        cuts = cuts[(cuts >= centre - dt) & (cuts <= centre + dt)]
        exact = integral(integrand, cuts) if cuts.size > 1 else 0.0
        steep = shape is not None and shape < 1 and name in ("gamma", "weibull")
        assert found == pytest.approx(exact, abs=dt * (2e-3 if steep else 1e-4))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dt", [1.0, 2.0])
@pytest.mark.parametrize("delay", [-3.3, 0.0, 1.7])
def test_tissue_is_the_convolution_with_a_piecewise_linear_input(name, dt, delay):
    n, mtt, fine = 40, 4.7, 400
    aif = gamma_variate(n, dt)
    one = np.array([1.0])
    found = ForwardModel(aif, dt, RESIDUES[name])(0.01 * one, mtt * one, delay * one)[0]
    step = dt / fine
    s = step * (np.arange(n * fine) + 0.5)
    r = call(name, s, mtt)
    knots = dt * np.arange(-1, n + 1)
    padded = np.concatenate([[0.0], aif, [0.0]])
    for i in range(0, n, 3):
        arterial = np.interp(i * dt - delay - s, knots, padded, left=0, right=0)
        assert found[i] == pytest.approx(0.01 * step * arterial @ r, abs=3e-5 * found.max())


@pytest.mark.parametrize("shape_of_input", ["ramp", "triangle", "bolus", "starts high"])
@pytest.mark.parametrize("delay", [-2.6, -1.5, 0.0, 0.4, 3.0])
@pytest.mark.parametrize("mtt", [1.0, 4.0, 15.0])
def test_exponential_residue_has_a_closed_form(shape_of_input, delay, mtt):
    n, dt = 40, 1.5
    aif = {
        "ramp": np.arange(n) / n,
        "triangle": np.maximum(0, 1 - np.abs(np.arange(n) - 12) / 4),
        "bolus": gamma_variate(n, dt),
        "starts high": np.exp(-np.arange(n) / 5),
    }[shape_of_input]
    one = np.array([1.0])
    found = ForwardModel(aif, dt, RESIDUES["exponential"])(0.012 * one, mtt * one, delay * one)[0]
    exact = exponential_response(aif, dt, 0.012, mtt, delay)
    np.testing.assert_allclose(found, exact, atol=1e-6 * exact.max())


@pytest.mark.parametrize(("mtt", "percent"), [(4.0, 17), (2.0, 38)])
def test_a_plain_sum_would_inflate_the_area_and_ours_does_not(mtt, percent):
    """Trap 1, with its figures: TR 1.5 s, a Lorentzian in 90 s (1.2 and 2.3 % of it cut off)."""
    dt, n = 1.5, 60
    t = dt * np.arange(n)
    plain = dt * call("lorentzian", t, mtt).sum()
    assert 100 * (plain / mtt - 1) == pytest.approx(percent, abs=0.6)
    _, k = weights("lorentzian", dt, mtt, 0.0, frames=n)
    assert k.sum() == pytest.approx(window_area("lorentzian", mtt, 90), rel=1e-3)


@pytest.mark.parametrize("name", ["exponential", "gamma", "weibull", "fermi"])
@pytest.mark.parametrize("mtt", [2.0, 4.0, 8.0])
def test_a_plain_sum_is_too_large_by_half_a_frame(name, mtt):
    dt, n = 1.5, 80
    aif = gamma_variate(n, dt)
    r = call(name, dt * np.arange(n), mtt)
    plain = area(dt * np.convolve(aif, r)[:n], dt) / area(aif, dt)
    one = np.array([1.0])
    ours = ForwardModel(aif, dt, RESIDUES[name])(one, mtt * one, 0 * one)[0]
    assert plain / mtt == pytest.approx(1 + dt / (2 * mtt), rel=0.04)
    assert area(ours, dt) / area(aif, dt) == pytest.approx(mtt, rel=1e-4)


def test_the_first_weight_is_half_a_frame():
    """K(0) = dt/2 for a flat top; a rectangle sum has dt there and nothing ahead of it."""
    lags, k = weights("box", 1.5, 9.0, 0.0)
    assert k[lags == 0] == pytest.approx(0.75)
    assert k[lags == 1] == pytest.approx(1.5)
    assert k[lags < 0] == pytest.approx(0)


def test_the_kernel_is_smooth_in_the_delay():
    delays = np.linspace(-3, 3, 601)
    k = kernel(np.array([2.0]), 1.5, np.full(601, 4.0), delays, RESIDUES["box"])[:, 0]
    assert np.abs(np.diff(k)).max() < 1.6 * (delays[1] - delays[0])


def test_convolve_is_a_sum_over_samples():
    rng = np.random.default_rng(1)
    n, lead = 9, 3
    aif, w = rng.normal(size=n), rng.normal(size=(2, lead + n))
    found = convolve(aif, w, lead)
    for v in range(2):
        for i in range(n):
            want = sum(aif[j] * w[v, i - j + lead] for j in range(n) if i - j >= -lead)
            assert found[v, i] == pytest.approx(want, abs=1e-12)


def test_every_voxel_may_have_its_own_arterial_input():
    rng = np.random.default_rng(2)
    aifs = rng.random((3, 25))
    cbf, mtt, delay = rng.random(3), 2 + rng.random(3), rng.normal(size=3)
    many = ForwardModel(aifs, 1.3, RESIDUES["gamma"])(cbf, mtt, delay)
    for v in range(3):
        row = slice(v, v + 1)
        one = ForwardModel(aifs[v], 1.3, RESIDUES["gamma"])(cbf[row], mtt[row], delay[row])
        np.testing.assert_allclose(many[row], one, atol=1e-12)


def test_a_plain_function_is_no_residue():
    """It could not say where it drops. In a process without the type checks of these tests."""
    program = """
import numpy as np
from bolus.physics import kernel
from bolus.physics.residue import Box
for wrong in (lambda t, mtt: np.exp(-t / mtt), Box):
    try:
        kernel(np.arange(9.0), 1.5, np.array([4.0]), np.array([0.0]), wrong)
    except TypeError as error:
        assert "edge(mtt)" in str(error), error
    else:
        raise SystemExit(f"{wrong} was taken")
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr + done.stdout
