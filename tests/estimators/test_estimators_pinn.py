"""The network of one patient: a contract of its own, for it takes no loose curves."""

import sys

import numpy as np
import pytest
from estimator_cases import DT, gamma_variate

from bolus.base import extras
from bolus.data import CurveError, DriftCorrection, InputError, MethodError, Preparation, Unmixing
from bolus.estimators import (
    METHODS,
    PATIENT_METHODS,
    Places,
    capabilities,
    deconvolve,
    deconvolve_patient,
    estimator,
)
from bolus.estimators.deconvolve import estimate_together
from bolus.estimators.pinn import Pinn
from bolus.estimators.pinn.convolution import convolution, response_times
from bolus.patient import perfusion_maps
from bolus.phantom import simulate_patient
from bolus.physics import RESIDUES, ForwardModel, blood_volume
from bolus.testing.estimator import is_frozen_data, says_what_it_is

pytest.importorskip("torch")
from bolus.estimators.pinn import training
from bolus.estimators.pinn.training import _neighbours

AIF = gamma_variate(frames=40)
QUICK = Pinn(hidden=32)


class Slice:
    """12 × 12 voxels of one slice: slow tissue in a square of fast."""

    index = np.stack(np.meshgrid(range(12), range(12), [1], indexing="ij"), -1).reshape(-1, 3)
    places = Places(index, (12, 12, 3))
    slow = ((index[:, :2] > 2) & (index[:, :2] < 9)).all(axis=1)
    mtt = np.where(slow, 9.0, 4.0)
    cbv = np.where(slow, 0.05, 0.04)
    clean = ForwardModel(AIF, DT, RESIDUES["exponential"])(cbv / mtt, mtt, 0 * mtt + 0.5)
    noise = float(np.median(clean.max(axis=1)) / 12)
    tissue = clean + noise * np.random.default_rng(1007).normal(size=clean.shape)


@pytest.fixture(scope="module")
def learned():
    return estimate_together(Slice.tissue, AIF, DT, Slice.places, QUICK, Slice.noise)[0]


@pytest.fixture(scope="module")
def found(learned):
    return learned.perfusion


class TestContract:
    @pytest.mark.parametrize("name", PATIENT_METHODS)
    def test_it_is_frozen_data_that_says_what_it_is(self, name):
        made = estimator(name)
        is_frozen_data(made)
        says_what_it_is(made)
        assert capabilities(made).joint
        assert capabilities(made).places
        assert name not in METHODS

    def test_loose_curves_are_refused(self):
        with pytest.raises(MethodError, match="voxels of a patient with their places"):
            deconvolve(Slice.tissue, AIF, DT, "pinn")

    def test_one_number_a_voxel_and_the_area_its_volume(self, found):
        for value in found[:6]:
            assert value.shape == (144,)
        assert found.posterior is None
        assert np.isnan(found.delay).all()
        np.testing.assert_allclose(found.cbv, blood_volume(Slice.tissue, AIF), rtol=1e-6)
        known = np.isfinite(found.mtt)
        np.testing.assert_allclose((found.cbf * found.mtt)[known], found.cbv[known], rtol=1e-6)

    def test_the_same_seed_gives_the_same_in_any_unit(self, monkeypatch):
        monkeypatch.setattr(training, "LEAST_STEPS", 15)
        short = Pinn(epochs=2, hidden=8)
        one, two = (
            deconvolve_patient(c * Slice.tissue, c * AIF, DT, Slice.places, short, c * Slice.noise)
            for c in (1.0, 32.0)
        )
        np.testing.assert_allclose(two.cbf, one.cbf, rtol=1e-3)

    def test_a_broken_curve_is_nan_in_its_row(self, monkeypatch):
        monkeypatch.setattr(training, "LEAST_STEPS", 4)
        curves = Slice.tissue.copy()
        curves[5, 3] = np.nan
        found = deconvolve_patient(curves, AIF, DT, Slice.places, Pinn(epochs=2, hidden=8))
        np.testing.assert_array_equal(np.isnan(found.cbf), np.arange(144) == 5)

    def test_a_voxel_is_explained(self, learned):
        told = learned.fit(7)
        assert told.perfusion.cbf[0] == pytest.approx(told.response.max(), rel=1e-6)
        left = np.sqrt(np.mean((Slice.tissue[7] - told.reconstruction) ** 2))
        assert told.perfusion.residual[0] == pytest.approx(left, rel=1e-5)


class TestWhatItDoes:
    def test_it_explains_the_curves_and_tells_the_tissues_apart(self, found):
        assert np.median(found.residual) < 1.4 * Slice.noise
        fast, slow = (np.median(found.cbf[part]) for part in (~Slice.slow, Slice.slow))
        assert slow < 0.82 * fast

    def test_neighbours_help_where_noise_is_high(self, found):
        """Its flows scatter less within one tissue than those of each voxel by itself."""
        alone = deconvolve(Slice.tissue, AIF, DT, "osvd")

        def scatter(cbf):
            return np.mean([np.std(np.log(cbf[p])) for p in (Slice.slow, ~Slice.slow)])

        assert scatter(found.cbf) < scatter(alone.cbf)


class TestParts:
    def test_the_matrix_is_a_convolution_of_straight_lines(self):
        times, fine = response_times(40, DT), DT / 40
        response = np.random.default_rng(1009).random(times.size)
        t = np.arange(times[0] - DT, times[-1] + DT, fine)
        k = np.interp(t, times, response, left=0, right=0)
        k[t < times[0]] = np.interp(t[t < times[0]], [times[0] - DT, times[0]], [0, response[0]])
        at = fine * np.arange(40 * 40)
        aif = np.interp(at, DT * np.arange(40), AIF)
        expected = fine * np.convolve(aif, k)
        start = round((times[0] - DT) / fine)
        expected = expected[-start:][::40][:40]
        found = response @ convolution(AIF, DT)
        np.testing.assert_allclose(found, expected, atol=0.01 * expected.max())

    def test_neighbours_share_a_side_within_a_slice(self):
        index = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [3, 1, 0], [2, 1, 0]])
        first, second = (side.tolist() for side in _neighbours(index))
        assert {frozenset(p) for p in zip(first, second, strict=True)} == {
            frozenset(p) for p in ((0, 1), (1, 2), (2, 4), (3, 4))
        }


class TestRefusals:
    def test_a_volume_that_would_take_hours(self, monkeypatch):
        monkeypatch.setattr(training, "LEAST_STEPS", 2)
        few = Pinn(most_voxels=100, epochs=1)
        with pytest.raises(CurveError, match=r"144 voxels would train for about .* h"):
            deconvolve_patient(Slice.tissue, AIF, DT, Slice.places, few)
        told = Pinn(most_voxels=None, epochs=1, hidden=4)
        assert deconvolve_patient(Slice.tissue, AIF, DT, Slice.places, told).cbf.shape == (144,)

    def test_without_torch_it_says_what_to_install(self, monkeypatch):
        monkeypatch.setattr(extras, "find_spec", lambda name: None)
        with pytest.raises(InputError, match=r"'pinn' needs torch.*bolus\[train\]"):
            deconvolve_patient(Slice.tissue, AIF, DT, Slice.places, "pinn")

    @pytest.mark.parametrize("bad", [{"variation": -1.0}, {"epochs": 0}, {"learning_rate": 0.0}])
    def test_settings_that_make_no_sense(self, bad):
        with pytest.raises(InputError):
            Pinn(**bad)


def test_maps_of_a_slice(monkeypatch):
    """Through the door of maps: named, cited, without SDs and delays."""
    monkeypatch.setattr(training, "LEAST_STEPS", 2)
    patient = simulate_patient(seed=1008, shape=(24, 24, 4), frames=40, tumor="none")
    mask = patient.masks.brain & (np.arange(4) == 2)
    aif = patient.masks.aif
    chosen = Pinn(epochs=1, hidden=4)
    plain = Preparation(motion=None, drift=DriftCorrection(use=False), unmixing=Unmixing(use=False))
    maps = perfusion_maps(patient.series, chosen, aif, mask, preparation=plain)
    assert maps.method == "pinn"
    assert "[pinn]" in maps.description.sentence
    assert not maps.sd
    assert np.isfinite(maps.cbf[mask]).mean() > 0.9
    assert np.isnan(maps.delay).all()
    assert maps.parameters["epochs"] == 1


def test_naming_it_costs_no_torch():
    """Torch is imported when it is trained, not when methods are listed."""
    assert "torch" not in {m.split(".")[0] for m in vars(sys.modules["bolus.estimators.pinn"])}
