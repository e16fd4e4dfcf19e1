"""Laws of the forward model and of the central volume theorem."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from physics_cases import CASES, NAMES, gamma_variate, infinite

from bolus.physics import (
    RESIDUES,
    ForwardModel,
    area,
    blood_flow,
    blood_volume,
    transit_time,
)

N, DT = 60, 1.5
AIF = gamma_variate(N, DT)
ONE = np.array([1.0])


def curve(name="gamma", aif=AIF, dt=DT, cbf=0.01, mtt=4.0, delay=0.0, shape=None):
    """One voxel's tissue curve, (t,)."""
    return ForwardModel(aif, dt, RESIDUES[name])(cbf * ONE, mtt * ONE, delay * ONE, shape)[0]


@pytest.mark.parametrize(("name", "shape"), CASES)
@pytest.mark.parametrize("frames", [-4, -1, 1, 5])
def test_a_delay_of_whole_frames_shifts_samples(name, shape, frames):
    at_rest, moved = curve(name, shape=shape), curve(name, shape=shape, delay=frames * DT)
    late, early = (moved, at_rest) if frames > 0 else (at_rest, moved)
    shift = abs(frames)
    np.testing.assert_allclose(late[shift:], early[: N - shift], atol=1e-12 * at_rest.max())
    assert np.abs(moved - at_rest).max() > 0.05 * at_rest.max()


@pytest.mark.parametrize("name", NAMES)
def test_tissue_may_come_before_the_artery(name):
    """A global arterial input can be late: a negative delay is a delay like any other."""
    lead = np.argmax(curve(name) > 1e-3 * curve(name).max())
    early = curve(name, delay=-4.5)
    assert np.argmax(early > 1e-3 * early.max()) == lead - 3


def test_delays_of_both_signs_in_one_call():
    delays = np.array([-6.2, 0.0, 3.3])
    together = ForwardModel(AIF, DT, RESIDUES["fermi"])(0.01 + 0 * delays, 4 + 0 * delays, delays)
    for row, delay in zip(together, delays, strict=True):
        np.testing.assert_allclose(row, curve("fermi", delay=delay), atol=1e-14)


@pytest.mark.parametrize("name", NAMES)
def test_linear_in_flow_and_in_the_artery(name):
    a, b = gamma_variate(N, DT), gamma_variate(N, DT, arrival=16, width=2.5)
    left = curve(name, aif=2 * a + 0.5 * b)
    np.testing.assert_allclose(left, 2 * curve(name, aif=a) + 0.5 * curve(name, aif=b), atol=1e-13)
    np.testing.assert_allclose(curve(name, cbf=0.03), 3 * curve(name, cbf=0.01), rtol=1e-12)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("c", [0.25, 60.0])
def test_does_not_depend_on_the_unit_of_time(name, c):
    """Seconds to minutes: flow per new unit of time, same concentration."""
    moved = curve(name, dt=c * DT, cbf=0.01 / c, mtt=4.0 * c, delay=1.1 * c)
    np.testing.assert_allclose(moved, curve(name, delay=1.1), atol=1e-13)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("delay", [-2.0, 0.0, 3.1])
def test_volume_is_flow_times_transit_time(name, delay):
    n = 200
    aif = gamma_variate(n, DT)
    tissue = ForwardModel(aif, DT, RESIDUES[name])(0.01 * ONE, 4 * ONE, delay * ONE)
    assert blood_volume(tissue, aif)[0] == pytest.approx(0.04, rel=0.02 if infinite(name) else 1e-4)


@settings(max_examples=25, deadline=None)
@given(
    name=st.sampled_from([n for n in NAMES if n != "lorentzian"]),
    cbf=st.floats(1e-3, 0.05),
    mtt=st.floats(1.5, 10.0),
    delay=st.floats(-6.0, 8.0),
    dt=st.floats(0.5, 2.5),
)
def test_areas_give_the_volume_whatever_the_tissue(name, cbf, mtt, delay, dt):
    n = int(300 / dt)
    aif = gamma_variate(n, dt, arrival=20.0)
    tissue = ForwardModel(aif, dt, RESIDUES[name])(cbf * ONE, mtt * ONE, delay * ONE)
    assert blood_volume(tissue, aif)[0] == pytest.approx(cbf * mtt, rel=2e-3)


def test_the_central_volume_theorem_closes():
    cbv, cbf = np.array([0.04, 0.02]), np.array([0.01, 0.004])
    mtt = transit_time(cbv, cbf)
    np.testing.assert_allclose(mtt, [4, 5])
    np.testing.assert_allclose(blood_flow(cbv, mtt), cbf)


def test_area_is_the_trapezoid_rule():
    y = np.random.default_rng(3).normal(size=(4, 31))
    np.testing.assert_allclose(area(y, 0.7), np.trapezoid(y, dx=0.7, axis=1), rtol=1e-12)
