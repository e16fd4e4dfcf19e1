"""Slices acquired at other times, an arterial input of other times, and an own volume."""

from dataclasses import dataclass

import numpy as np
import pytest

from altered import BARE, leaking
from bolus.data import AIF, ArterialInputError, NoPosteriorError, Perfusion, TissueCurves
from bolus.estimators import METHODS, Capabilities, capabilities, estimator
from bolus.patient import estimate, measure
from bolus.patient.timing import later, solved
from bolus.phantom import simulate_patient
from bolus.physics.sampling import sampled_later
from bolus.preprocess import prepare
from bolus.testing import mixture

CASE = mixture(21, delay=(0.0, 0.0))
LATE = np.repeat([-0.7, 0.0, 0.7], 7)


def curves(late):
    tissue = [sampled_later(row[None], s, 1.5)[0] for row, s in zip(CASE.tissue, late, strict=True)]
    nothing = np.zeros(len(late))
    return TissueCurves(
        curves=np.stack(tissue),
        noise_sd=np.full(len(late), 1e-3),
        time=1.5 * np.arange(60),
        quality=nothing.astype(np.uint8),
        ttp=nothing,
    )


def found(method, late):
    artery = AIF(curve=CASE.aif, dt=1.5, origin="given")
    return solved(estimator(method), curves(late), artery, late, np.full(len(late), 1e-3))


NO_DELAY = [name for name, made in METHODS.items() if not capabilities(made()).delay]


@pytest.mark.parametrize("method", NO_DELAY)
def test_no_map_shows_the_times_of_slices(method):
    at_once, timed = found(method, np.zeros(21)), found(method, LATE)
    ratio = (timed.cbf / at_once.cbf).reshape(3, 7)
    first, _, last = np.median(ratio, axis=1)
    np.testing.assert_allclose([first, last], 1, atol=0.06)
    assert abs(last - first) < 0.01
    late = np.mean((timed.tmax - at_once.tmax).reshape(3, 7), axis=1)
    np.testing.assert_allclose(late, 0, atol=0.35)


def test_a_method_that_knows_no_time_has_none_of_the_slices():
    np.testing.assert_array_equal(found("phae-paper", LATE).tmax, 0)


def test_later_perfusion_has_later_times_and_the_same_rest():
    artery = AIF(curve=CASE.aif, dt=1.5, origin="given")
    early = solved(estimator("phae"), curves(0 * LATE), artery, 0 * LATE, np.full(21, 1e-3))
    moved = later(early, LATE)
    for name in ("tmax", "delay"):
        np.testing.assert_allclose(getattr(moved, name), getattr(early, name) + LATE, rtol=1e-6)
        shifted = early.posterior.quantile(name, 0.9) + LATE
        np.testing.assert_allclose(moved.posterior.quantile(name, 0.9), shifted, rtol=1e-6)
    np.testing.assert_array_equal(moved.cbf, early.cbf)
    for q in (0.1, 0.5):
        expected = early.posterior.quantile("mtt", q)
        np.testing.assert_array_equal(moved.posterior.quantile("mtt", q), expected)
    with pytest.raises(NoPosteriorError, match="no posterior of 'ttp'"):
        moved.posterior.quantile("ttp", 0.5)


@dataclass(frozen=True)
class Own:
    """Twice the area, whatever the arterial input, with a posterior that is the estimate."""

    capabilities = Capabilities(posterior=True)

    def bind(self, aif, dt, *, like):
        return self

    def __call__(self, tissue, noise_sd=None):
        area = 2 * tissue.sum(axis=1)
        known = Known(area)
        return Perfusion(area, area, area, area, area, area, known)


@dataclass(frozen=True, eq=False)
class Known:
    cbv: np.ndarray
    quantities = ("cbv",)

    def quantile(self, name, q):
        return q * self.cbv


def test_a_posterior_without_delay_stays_in_the_order_of_the_voxels():
    timed, expected = found(Own(), LATE[::-1]), 2 * curves(LATE[::-1]).curves.sum(axis=1)
    np.testing.assert_allclose(timed.cbv, expected)
    np.testing.assert_allclose(timed.posterior.quantile("cbv", 0.5), expected / 2)


@pytest.fixture(scope="module")
def patient():
    return simulate_patient(seed=1, shape=(24, 24, 3), frames=44)


@pytest.mark.parametrize(("frames", "factor"), [(0, 0.7), (-3, 1.0)])
def test_an_arterial_input_at_other_times_is_refused(patient, frames, factor):
    used = prepare(patient.series, mask=patient.masks.brain).measured.shape[1]
    curve, dt = np.arange(float(used + frames)), factor * patient.series.dt
    artery = AIF(curve=curve, dt=dt, origin="given")
    with pytest.raises(ArterialInputError, match=r"samples .* s apart is expected"):
        measure(patient.series, artery, patient.masks.brain, preparation=BARE)


def test_the_uncorrected_volume_is_the_methods_own(patient):
    """The same formula with and without correction of leakage."""
    given = (patient.series, patient.masks.aif, patient.masks.brain)
    own = Own()
    plain = estimate(measure(*given, preparation=BARE), own).cbv
    both = estimate(measure(*given, preparation=leaking(model="bsw", unmix=False)), own)
    np.testing.assert_allclose(both.cbv, plain)
    assert not np.allclose(both.volume("cbv_corrected"), plain, equal_nan=True)
