"""Signal to relaxation rate and back; the units at the edge."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bolus.physics import (
    DENSITY,
    cbf_scale,
    cbv_scale,
    clip_signal,
    delta_r2star,
    noise_gain,
    plasma_ratio,
    signal_from_r2star,
    spoiled_gradient_echo,
)
from bolus.physics.signal import signal_recovery


@settings(max_examples=50, deadline=None)
@given(s0=st.floats(1, 5000), change=st.floats(-20, 100), te=st.floats(0.01, 0.06))
def test_signal_round_trip(s0, change, te):
    signal = signal_from_r2star(np.array([change]), np.array([s0]), te)
    assert delta_r2star(signal, np.array([s0]), te)[0] == pytest.approx(change, abs=1e-9)


def test_half_the_signal_is_ln_2_over_te():
    assert delta_r2star(np.array([50.0]), np.array([100.0]), 0.03)[0] == pytest.approx(
        np.log(2) / 0.03
    )


def test_more_contrast_agent_means_less_signal():
    signal = signal_from_r2star(np.array([0.0, 5.0, 10.0]), np.array([100.0]), 0.03)
    assert signal[0] == 100
    assert (np.diff(signal) < 0).all()


def test_unknown_echo_time_gives_the_product():
    signal, s0 = np.array([70.0]), np.array([100.0])
    np.testing.assert_allclose(delta_r2star(signal, s0, 1.0), 0.03 * delta_r2star(signal, s0, 0.03))


def test_clip_touches_only_what_is_under_the_floor():
    signal, s0 = np.array([[-5.0, 0.0, 0.5, 1.0, 60.0, 140.0]]), np.array([[100.0]])
    np.testing.assert_array_equal(clip_signal(signal, s0), [[1.0, 1.0, 1.0, 1.0, 60.0, 140.0]])
    assert signal[0, 0] == -5
    assert np.isfinite(delta_r2star(clip_signal(signal, s0), s0, 0.03)).all()


def test_clip_follows_its_fraction():
    held = clip_signal(np.array([1.0, 30.0]), np.array([100.0, 200.0]), 0.2)
    np.testing.assert_array_equal(held, [20, 40])


def test_constants():
    assert plasma_ratio() == plasma_ratio(0.45) == pytest.approx(0.733, abs=5e-4)
    assert plasma_ratio(0.3) == pytest.approx(0.7 / (1 - 0.3 / 1.8))
    assert DENSITY == 1.04
    assert cbv_scale() == pytest.approx(70.5, abs=0.05)
    assert cbf_scale() == pytest.approx(4231, abs=1)
    assert cbf_scale(0.38) / cbv_scale(0.38) == pytest.approx(60)
    assert cbv_scale(0.38) == pytest.approx(100 * plasma_ratio(0.38) / 1.04)


def test_noise_gain_is_the_slope_of_the_logarithm():
    change, te, sd = np.array([0.0, 10.0, 40.0]), 0.03, 1e-3
    np.testing.assert_allclose(noise_gain(change, te), 1 / signal_from_r2star(change, 1.0, te))
    rng = np.random.default_rng(0)
    noisy = signal_from_r2star(change, 1.0, te) + sd * rng.standard_normal((20000, 3))
    found = delta_r2star(noisy, np.ones(3), te).std(axis=0) * te / sd
    np.testing.assert_allclose(found, noise_gain(change, te), rtol=0.02)


class TestSpoiledGradientEcho:
    def test_limits(self):
        r1, flip = np.array([0.5, 1.0, 3.0]), np.deg2rad(72)
        full = spoiled_gradient_echo(r1, 1e3, flip)
        np.testing.assert_allclose(full, np.sin(flip))
        tipped = spoiled_gradient_echo(r1, 1.5, np.pi / 2)
        np.testing.assert_allclose(tipped, 1 - np.exp(-1.5 * r1))
        assert spoiled_gradient_echo(np.zeros(1), 1.5, flip)[0] == 0

    def test_shorter_t1_means_more_signal(self):
        assert (np.diff(spoiled_gradient_echo(np.linspace(0.3, 5, 40), 1.5, 1.2)) > 0).all()

    def test_it_is_the_steady_state_of_the_pulses(self):
        r1, tr, flip, m = 0.7, 1.25, np.deg2rad(60), 1.0
        for _ in range(60):
            m = 1 + (m * np.cos(flip) - 1) * np.exp(-tr * r1)
        want = m * np.sin(flip)
        assert spoiled_gradient_echo(np.array([r1]), tr, flip)[0] == pytest.approx(want)

    def test_ernst_angle_is_the_best(self):
        r1, tr = np.array([1.0]), 0.8
        flips = np.linspace(0.1, 1.5, 1000)
        best = flips[np.argmax([spoiled_gradient_echo(r1, tr, f)[0] for f in flips])]
        assert np.cos(best) == pytest.approx(np.exp(-tr), abs=2e-3)


class TestSignalRecovery:
    DT, ONSET = 1.5, 10

    def signal(self, after, lowest=60.0, frames=60):
        """A baseline of 100, a dip to ``lowest``, then ``after`` to the end."""
        made = np.full((1, frames), 100.0)
        made[0, self.ONSET :] = after
        made[0, self.ONSET + 4] = lowest
        return made

    @pytest.mark.parametrize(("after", "expected"), [(100, 100), (80, 50), (60, 0), (120, 150)])
    def test_the_definition(self, after, expected):
        found = signal_recovery(self.signal(after), self.ONSET, self.DT)
        assert found == pytest.approx([expected])

    def test_it_does_not_depend_on_the_gain_of_the_scanner(self):
        made = self.signal(90.0)
        one, other = (signal_recovery(k * made, self.ONSET, self.DT) for k in (1, 7.3))
        np.testing.assert_allclose(one, other, rtol=1e-12)

    def test_only_the_last_15_seconds_are_the_tail(self):
        made = self.signal(80.0)
        made[0, 30:50] = 300.0
        assert signal_recovery(made, self.ONSET, self.DT) == pytest.approx([50])

    def test_no_drop_and_no_finite_signal_have_none(self):
        made = np.concatenate([np.full((1, 60), 100.0), self.signal(80.0), self.signal(np.nan)])
        found = signal_recovery(made, self.ONSET, self.DT)
        np.testing.assert_array_equal(np.isnan(found), [True, False, True])

    def test_a_series_that_ends_in_the_first_pass_has_none(self):
        enough = round(45 / self.DT) + self.ONSET
        assert np.isfinite(signal_recovery(self.signal(80.0, frames=enough), self.ONSET, self.DT))
        short = self.signal(80.0, frames=enough - 1)
        assert np.isnan(signal_recovery(short, self.ONSET, self.DT)).all()

    def test_torch_gives_the_same(self):
        torch = pytest.importorskip("torch")
        made = self.signal(83.0)
        found = signal_recovery(torch.as_tensor(made), self.ONSET, self.DT)
        np.testing.assert_allclose(found, signal_recovery(made, self.ONSET, self.DT), rtol=1e-12)
