"""What the viewer shows of a voxel is what the method computed: a contract for METHODS."""

import numpy as np
import pytest
from estimator_cases import DT, gamma_variate, having, method, mixture
from hypothesis import given, settings
from hypothesis import strategies as st

from bolus.data import CurveError, MethodError
from bolus.estimators import METHODS, capabilities, deconvolve, explain, explainer
from bolus.estimators.explain import LEVELS
from bolus.physics import RESIDUES, impulse_response, kernel

NUMBERS = ("cbv", "cbf", "mtt", "tmax", "delay", "residual")
SAMPLES, MODEL = having(response="samples"), having(response="model")


@pytest.fixture(params=METHODS)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def case():
    return mixture(14, snr=20)


def told(name, case, row=3, **changes):
    case = case._replace(**changes)
    return explain(method(name), case.tissue[row], case.aif, DT, case.noise)


def test_the_numbers_are_those_of_the_whole_list(name, case):
    whole = deconvolve(case.tissue, case.aif, DT, method(name), case.noise)
    ready = explainer(method(name), case.tissue, case.aif, DT)
    for row in (0, 3, 9):
        found = ready(case.tissue[row], case.noise).perfusion
        for key in NUMBERS:
            np.testing.assert_allclose(
                getattr(found, key)[0], getattr(whole, key)[row], rtol=1e-5, err_msg=key
            )


def test_times_rise_and_shapes_fit(name, case):
    found = told(name, case)
    assert found.time[1] == DT
    assert found.time.shape == found.curve.shape == found.reconstruction.shape == found.aif.shape
    assert found.response_time.shape == found.response.shape
    assert (np.diff(found.response_time) >= 0).all()
    np.testing.assert_array_equal(found.curve, case.tissue[3])


@pytest.mark.parametrize("name", ["phae", "phae-paper", "csvd"])
def test_the_response_makes_the_reconstruction(name, case):
    """Convolved with the arterial input by a plain sum on a fine grid."""
    found = told(name, case)
    fine = 0.01
    t = np.arange(0, found.time[-1] + fine / 2, fine)
    aif = np.interp(t, found.time, found.aif)
    lags = np.arange(-20, 100, fine)
    response = np.interp(lags, found.response_time, found.response, left=0, right=0)
    if name == "csvd":  # its samples are weights, not a curve
        sums = [
            DT * np.interp(found.time - s, found.time, found.aif, left=0, right=0) * r
            for s, r in zip(found.response_time, found.response, strict=True)
        ]
        rebuilt = np.sum(sums, axis=0)
    else:
        sums = fine * np.convolve(aif, response)
        rebuilt = np.interp(found.time, lags[0] + fine * np.arange(sums.size), sums)
    close = 0.03 * found.reconstruction.max()
    np.testing.assert_allclose(rebuilt, found.reconstruction, atol=close)


def test_quantiles_rise_around_the_estimate(name, case):
    found = told(name, case)
    assert bool(found.quantiles) == capabilities(method(name)).posterior
    for key, values in found.quantiles.items():
        assert (np.diff(values) > 0).all()
        low, high = found.perfusion.interval(key, 0.9)
        assert values[LEVELS.index(0.05)] == pytest.approx(float(low[0]))
        assert values[LEVELS.index(0.95)] == pytest.approx(float(high[0]))
        assert values[0] < float(getattr(found.perfusion, key)[0]) < values[-1]


def test_one_curve_alone_needs_no_noise(name, case):
    found = explain(name if name != "bayes" else method(name), case.tissue[2], case.aif, DT)
    assert np.isfinite(found.perfusion.cbf).all()


def test_noise_of_every_frame(name, case):
    one = explain(method(name), case.tissue[2], case.aif, DT, case.noise)
    two = explain(method(name), case.tissue[2], case.aif, DT, np.full(60, case.noise))
    np.testing.assert_allclose(two.reconstruction, one.reconstruction, rtol=1e-6, atol=1e-9)


def test_a_curve_that_cannot_be_explained(name, case):
    broken = case.tissue[0].copy()
    broken[4] = np.nan
    ready = explainer(method(name), np.stack([broken, case.tissue[1]]), case.aif, DT)
    with pytest.raises(CurveError, match="not finite"):
        ready(broken, case.noise)
    with pytest.raises(CurveError, match="not finite"):
        ready(case.tissue[1], np.full(60, np.nan))
    with pytest.raises(CurveError, match="50 frames"):
        ready(case.tissue[1][:50], case.noise)


def test_an_estimator_that_does_not_explain():
    class Slope:
        def bind(self, aif, dt, *, like):
            return lambda tissue, noise_sd=None: None

    with pytest.raises(MethodError, match="Slope does not say how"):
        explain(Slope(), gamma_variate(), gamma_variate(), DT)


@settings(max_examples=30, deadline=None)
@given(
    residue=st.sampled_from(sorted(RESIDUES)),
    mtt=st.floats(1.0, 15.0),
    delay=st.floats(-3.0, 5.0),
)
def test_the_impulse_response_is_what_the_forward_model_convolves_with(residue, mtt, delay):
    t = np.arange(-30, 400, 0.005)
    response = impulse_response(t, 0.01, np.float64(mtt), RESIDUES[residue], delay)
    assert response.max() == pytest.approx(0.01, rel=0.02)
    assert (response[t < delay] == 0).all()
    lags = np.arange(-20.0, 260.0)
    weights = kernel(lags, DT, np.array([mtt]), np.array([delay]), RESIDUES[residue])
    assert np.trapezoid(response, t) == pytest.approx(0.01 * weights.sum(), rel=0.01)
