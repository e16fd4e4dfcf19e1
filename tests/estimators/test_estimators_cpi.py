"""Control points: their interpolant, their curves, and dispersion."""

import time

import numpy as np
import pytest
from estimator_cases import DT, gamma_variate, mixture
from scipy.interpolate import PchipInterpolator
from scipy.stats import gamma

from bolus.estimators import METHODS, deconvolve
from bolus.estimators.cpi.model import DISPERSIONS, SHARPNESS, PointCurves, dispersed_inputs
from bolus.estimators.cpi.residue import AREAS, FREE, POINTS, TIMES, coefficients, residue
from bolus.physics import ForwardModel

AIF = gamma_variate()
RNG = np.random.default_rng(1003)
RATES = RNG.normal(-1.6, 1.0, (8, FREE))


@pytest.fixture(scope="module")
def made():
    return coefficients(RATES)


class TestInterpolant:
    def test_it_is_the_monotone_cubic_of_the_points(self, made):
        t = np.linspace(0, TIMES[-1] - 0.01, 500)
        for row, weights in zip(RATES, made[0], strict=True):
            expected = PchipInterpolator(TIMES, weights[:POINTS])
            np.testing.assert_allclose(residue(t, row), expected(t), atol=1e-12)
            area = expected.integrate(0, TIMES[-1])
            assert weights @ AREAS == pytest.approx(float(area), rel=1e-12)

    def test_it_falls_from_one_to_nothing(self):
        t = np.linspace(0, TIMES[-1], 1000)
        for row in (*RATES, np.full(FREE, -5.0), np.full(FREE, 3.0)):
            r = residue(t, row)
            assert (r[0], r[-1]) == (1, 0)
            assert (np.diff(r) <= 1e-12).all()

    def test_derivatives_are_differences(self, made):
        for place in range(FREE):
            step = 1e-6 * (np.arange(FREE) == place)
            rise = (coefficients(RATES + step)[0] - coefficients(RATES - step)[0]) / 2e-6
            np.testing.assert_allclose(made[1][:, place], rise, atol=1e-7)


class TestCurves:
    @pytest.mark.parametrize("dispersion", [False, True])
    def test_derivatives_are_differences(self, dispersion):
        model = PointCurves(dispersed_inputs(AIF, DT) if dispersion else AIF[None], DT)
        theta = np.column_stack(
            [
                RNG.normal(-5, 0.5, 8),
                RNG.uniform(-3, 5, 8).round(1) + 0.13,  # between the delays of the table
                np.zeros(8),
                RATES,
                *([RNG.uniform(-1, 1, 8)] if dispersion else []),
            ]
        )
        slopes = model(theta)[1].copy()
        for place in range(theta.shape[1]):
            step = 1e-5 * (np.arange(theta.shape[1]) == place)
            rise = (model(theta + step)[0] - model(theta - step)[0]) / 2e-5
            np.testing.assert_allclose(slopes[:, place], rise, atol=1e-6 * slopes.max())

    def test_they_are_the_forward_model_of_the_interpolant(self):
        class Points:
            def __call__(self, t, mtt):
                return np.where(t < TIMES[-1], residue(t.ravel(), RATES[0]).reshape(t.shape), 0)

            def edge(self, mtt):
                return None

        one = np.ones(1)
        expected = ForwardModel(AIF, DT, Points())(0.01 * one, one, 1.3 * one)
        theta = np.array([[np.log(0.01), 1.3, 0.0, *RATES[0]]])
        found = PointCurves(AIF[None], DT)(theta)[0]
        assert np.abs(found - expected).max() < 2e-3 * expected.max()

    @pytest.mark.parametrize("place", [2, 5])
    def test_dispersion_is_a_convolution_with_the_gamma_kernel(self, place):
        fine = 0.05
        t = fine * np.arange(1800)
        aif = np.interp(t, DT * np.arange(60), AIF)
        peak = float(np.exp(DISPERSIONS[place]))
        kernel = gamma(1 + SHARPNESS * peak, scale=1 / SHARPNESS).pdf(t)
        expected = fine * np.convolve(aif, kernel)[: t.size][::30]
        found = dispersed_inputs(AIF, DT)[place]
        np.testing.assert_allclose(found, expected, atol=0.02 * AIF.max())


class TestDispersion:
    def test_with_it_a_dispersed_input_costs_less_flow(self):
        """Tissue behind a dispersed artery: plain cpi takes the spread for transit time."""
        late = dispersed_inputs(AIF, DT)[5]
        case = mixture(42, snr=100, aif=late)
        plain, aware = (
            np.median(deconvolve(case.tissue, AIF, DT, METHODS["cpi"](dispersion=d)).cbf / case.cbf)
            for d in (False, True)
        )
        assert plain < 0.8
        assert plain + 0.1 < aware < 1.1

    def test_without_any_it_costs_certainty(self):
        case = mixture(42, snr=100)
        widths = []
        for dispersion in (False, True):
            chosen = METHODS["cpi"](dispersion=dispersion)
            found = deconvolve(case.tissue, case.aif, DT, chosen, noise_sd=case.noise)
            low, high = found.interval("cbf", 0.9)
            widths.append(float(np.median(np.log(high / low))))
        assert widths[0] < widths[1]


def test_a_voxel_takes_little_time():
    case = mixture(1024, snr=20)
    chosen = METHODS["cpi"]()
    start = time.process_time()
    deconvolve(case.tissue, case.aif, DT, chosen, noise_sd=case.noise)
    assert (time.process_time() - start) / 1024 < 6e-4, "meant: 200 µs at most"
