"""The vascular model: its curves, its maximum, and what it says of transit times and oxygen."""

from itertools import product

import numpy as np
import pytest
from estimator_cases import DT, gamma_variate
from scipy.integrate import quad, solve_ivp
from scipy.stats import gamma

from bolus.data import InputError
from bolus.estimators import METHODS, deconvolve
from bolus.estimators.map.newton import NormalPrior, maximum
from bolus.estimators.vascular.model import GammaCurves
from bolus.estimators.vascular.posterior import CTH, OEF, SHARE
from bolus.physics import RESIDUES, ForwardModel, oxygen

AIF = gamma_variate()


@pytest.fixture(scope="module")
def tissue():
    """Gamma-distributed transit times, each curve many times at two noise levels."""
    mtt, shape = np.repeat([4.0, 8.0], 40), np.tile(np.repeat([1.0, 4.0], 20), 2)
    flow, late = 0.04 / mtt, np.full(80, 1.0)
    clean = ForwardModel(AIF, DT, RESIDUES["gamma"])(flow, mtt, late, shape)
    return clean, mtt, shape


def estimates(clean, snr, seed=1001):
    noise = np.median(clean.max(axis=1)) / snr
    noisy = clean + noise * np.random.default_rng(seed).normal(size=clean.shape)
    return deconvolve(noisy, AIF, DT, "vascular", noise_sd=noise)


class TestCurves:
    theta = np.array([
        [0.0, np.log(mtt), np.log(shape), delay]
        for mtt, shape, delay in product((2.0, 6.0, 18.0), (0.5, 1.5, 12.0), (-4.0, 0.7, 6.0))
    ])  # fmt: skip

    def test_they_are_those_of_the_forward_model(self):
        mtt, shape, delay = np.exp(self.theta[:, 1]), np.exp(self.theta[:, 2]), self.theta[:, 3]
        expected = ForwardModel(AIF, DT, RESIDUES["gamma"])(1 / mtt, mtt, delay, shape)
        found, _ = GammaCurves(AIF, DT)(self.theta)
        assert (np.abs(found - expected).max(axis=1) < 2e-3 * expected.max(axis=1)).all()

    @pytest.mark.parametrize("place", range(4))
    def test_their_derivatives_are_differences(self, place):
        model, step = GammaCurves(AIF, DT), np.zeros(4)
        step[place] = 1e-5
        rise = (model(self.theta + step)[0] - model(self.theta - step)[0]) / 2e-5
        np.testing.assert_allclose(model(self.theta)[1][:, place], rise, atol=1e-6)


class TestMaximum:
    prior = NormalPrior(*(np.array(v) for v in ([0.5, -0.2], [1.0, 0.3], [-9.0, -9.0], [9.0, 9.0])))

    def straight(self, rng):
        """A model that is linear in its parameters, and its curves."""
        basis = rng.normal(size=(2, 30))

        def model(theta):
            return theta @ basis, np.broadcast_to(basis, (len(theta), 2, 30)).copy()

        return model, basis

    @pytest.mark.parametrize("steady", [0, 12])
    def test_of_a_linear_model_it_is_the_posterior_by_the_book(self, steady):
        rng = np.random.default_rng(1002)
        model, basis = self.straight(rng)
        sd = rng.uniform(0.5, 2.0, (5, 30))
        sd[:, 3] = np.inf
        curves = rng.normal(size=(5, 30)) + 0.3
        found = maximum(model, np.zeros((5, 2)), curves, sd, self.prior, steady)
        for row in range(5):
            weight = 1 / sd[row] ** 2
            design = np.vstack([basis, np.ones(30)])
            precision = np.diag([1.0, 1 / 0.09, weight.sum() * steady / 30])
            covariance = np.linalg.inv(design * weight @ design.T + precision)
            mean = covariance @ (design * weight @ curves[row] + precision @ [0.5, -0.2, 0])
            np.testing.assert_allclose(found.theta[row], mean[:2], rtol=1e-3)
            np.testing.assert_allclose(found.covariance[row], covariance[:2, :2], rtol=1e-9)
            np.testing.assert_allclose(found.curves[row], mean @ design, rtol=1e-3, atol=1e-4)


class TestTransitTimes:
    def test_at_low_noise_both_their_mean_and_spread_are_found(self, tissue):
        clean, mtt, shape = tissue
        found = estimates(clean, 200)
        np.testing.assert_allclose(np.median(found.mtt / mtt), 1, atol=0.03)
        ratio = found.further[CTH] / (mtt / np.sqrt(shape))
        assert np.isfinite(ratio).all()
        for part in ratio.reshape(4, 20):
            assert np.median(part) == pytest.approx(1, abs=0.12)

    @pytest.mark.parametrize("name", ["mtt", CTH, OEF])
    def test_nine_in_ten_intervals_hold_the_truth(self, tissue, name):
        clean, mtt, shape = tissue
        found = estimates(clean, 60)
        true = {"mtt": mtt, CTH: mtt / np.sqrt(shape), OEF: oxygen.oef_max(mtt, shape)}[name]
        low, high = found.interval(name, 0.9)
        assert 0.8 < np.mean((low <= true) & (true <= high)) <= 1

    def test_what_a_curve_does_not_say_is_no_number(self, tissue):
        clean = tissue[0]
        told = {snr: estimates(clean, snr) for snr in (200, 10, 3)}
        missing = {snr: np.isnan(found.further[CTH]).mean() for snr, found in told.items()}
        assert missing[200] == 0
        assert missing[3] > 0.95
        wide = [np.median(told[snr].posterior.prior_share("shape")) for snr in (200, 10, 3)]
        assert wide == sorted(wide)
        assert wide[-1] <= 1
        assert np.isfinite(told[3].mtt).all()
        for found in told.values():
            width = found.further[SHARE]
            np.testing.assert_array_equal(width > 0.9, np.isnan(found.further[CTH]))
            assert (width > 0).all()

    def test_how_much_is_asked_of_a_curve_can_be_said(self, tissue):
        clean = tissue[0][:40]
        all_of_them = METHODS["vascular"](informed=1.0)
        found = deconvolve(clean, AIF, DT, all_of_them, noise_sd=clean.max() / 5)
        usual = deconvolve(clean, AIF, DT, "vascular", noise_sd=clean.max() / 5)
        assert np.isnan(found.further[CTH]).mean() < np.isnan(usual.further[CTH]).mean()
        with pytest.raises(InputError, match="a share"):
            METHODS["vascular"](informed=0.0)

    def test_a_broken_curve_has_neither(self, tissue):
        curves = tissue[0][:3].copy()
        curves[1, 5] = np.nan
        found = deconvolve(curves, AIF, DT, "vascular", noise_sd=curves[0].max() / 200)
        np.testing.assert_array_equal(np.isnan(found.further[OEF]), [False, True, False])


class TestOxygen:
    @pytest.mark.parametrize("transit", [0.3, 1.4, 4.0])
    def test_a_capillary_by_its_differential_equation(self, transit):
        def fall(_, content):
            pressure = 26 * (content / (0.1943 - content)) ** (1 / 2.8)
            return -118 * transit * 3.1e-5 * (pressure - 25)

        whole = 0.95 * 0.1943
        end = solve_ivp(fall, (0, 1), [whole], rtol=1e-10, atol=1e-13).y[0, -1]
        assert oxygen.extraction(np.array(transit)) == pytest.approx(1 - end / whole, abs=1e-6)

    @pytest.mark.parametrize(("mtt", "shape"), [(1.4, 1.1), (5.0, 0.6), (8.0, 6.0)])
    def test_a_network_is_the_mean_over_its_transit_times(self, mtt, shape):
        spread = gamma(shape, scale=mtt / shape)
        expected, _ = quad(lambda p: float(oxygen.extraction(np.array(spread.ppf(p)))), 0, 1)
        assert oxygen.oef_max(np.array(mtt), np.array(shape)) == pytest.approx(expected, abs=1e-3)

    def test_at_rest_it_is_what_the_source_set_its_rate_by(self):
        """A rat's cortex, MTT 1.4 s and CTH 1.33 s: a third of the oxygen."""
        rest = oxygen.oef_max(np.array(1.4), np.array((1.4 / 1.33) ** 2))
        assert rest == pytest.approx(0.30, abs=0.02)

    def test_spread_costs_oxygen_and_time_gains_it(self):
        shapes = np.array([0.5, 1.0, 2.0, 8.0])
        assert (np.diff(oxygen.oef_max(np.array(4.0), shapes)) > 0).all()
        assert (np.diff(oxygen.oef_max(np.array([1.0, 2.0, 5.0]), np.array(1.0))) > 0).all()
