"""The network of one patient: a contract of its own, for it takes no loose curves."""

import sys

import numpy as np
import pytest
from estimator_cases import DT, gamma_variate

from bolus.base import extras
from bolus.data import CurveError, InputError, MethodError
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
from bolus.physics import RESIDUES, ForwardModel, blood_volume
from bolus.testing.estimator import is_frozen_data, says_what_it_is

pytest.importorskip("torch")
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

    def test_the_same_seed_gives_the_same_in_any_unit(self, found):
        again = deconvolve_patient(
            32 * Slice.tissue, 32 * AIF, DT, Slice.places, QUICK, 32 * Slice.noise
        )
        np.testing.assert_allclose(again.cbf, found.cbf, rtol=1e-3)

    def test_a_broken_and_a_censored_curve(self):
        curves, sd = Slice.tissue.copy(), np.full(Slice.tissue.shape, Slice.noise)
        curves[5, 3] = np.nan
        sd[:, 20] = np.inf
        short = Pinn(epochs=2, hidden=8)
        one = deconvolve_patient(curves, AIF, DT, Slice.places, short, sd)
        curves[:, 20] += 5.0
        two = deconvolve_patient(curves, AIF, DT, Slice.places, short, sd)
        np.testing.assert_array_equal(np.isnan(one.cbf), np.arange(144) == 5)
        np.testing.assert_allclose(two.cbf, one.cbf, rtol=1e-3)

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
    def test_the_matrix_is_the_forward_model(self):
        times = response_times(40, DT)
        response = np.where(times >= 0, np.exp(-np.maximum(times, 0) / 6), 0) / 6
        one = np.ones(1)
        expected = ForwardModel(AIF, DT, RESIDUES["exponential"])(one / 6, 6 * one, 0 * one)[0]
        response[times < 0] = 0  # its jump is drawn as a line: half a frame more area
        found = response @ convolution(AIF, DT)
        more = 1 + DT / 12
        assert found.sum() == pytest.approx(more * expected.sum(), rel=0.01)
        assert np.abs(found / more - expected).max() < 0.06 * expected.max()

    def test_neighbours_share_a_side_within_a_slice(self):
        index = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [3, 1, 0], [2, 1, 0]])
        first, second = (side.tolist() for side in _neighbours(index))
        assert {frozenset(p) for p in zip(first, second, strict=True)} == {
            frozenset(p) for p in ((0, 1), (1, 2), (2, 4), (3, 4))
        }


class TestRefusals:
    def test_a_volume_that_would_take_hours(self):
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


def test_naming_it_costs_no_torch():
    """Torch is imported when it is trained, not when methods are listed."""
    assert "torch" not in {m.split(".")[0] for m in vars(sys.modules["bolus.estimators.pinn"])}
