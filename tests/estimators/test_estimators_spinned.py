"""The network that learned to deconvolve: what it sees, what it says, what it was not told."""

import numpy as np
import pytest
from estimator_cases import DT, gamma_variate, mixture

from bolus.data import CurveError, WeightsError
from bolus.estimators import METHODS, deconvolve
from bolus.estimators.phae import shipped_weights
from bolus.estimators.spinned import Spinned
from bolus.estimators.spinned.decoder import HatCurves
from bolus.estimators.spinned.inputs import BEFORE, SAMPLES, SIZE, Grid, scaled
from bolus.estimators.spinned.network import AREAS, NODES, respond, respond_shared
from bolus.phantom import CurvePrior, arterial_input, simulate_curves
from bolus.physics import RESIDUES, ForwardModel

AIF = gamma_variate()
WEIGHTS = shipped_weights("spinned")


class TestInputs:
    @pytest.mark.parametrize("dt", [0.7, 1.5, 2.4])
    def test_a_curve_keeps_its_area_and_its_time_at_any_frame_time(self, dt):
        aif = gamma_variate(round(90 / dt), dt)
        grid = Grid.of(aif, dt)
        seen = aif @ grid.matrix
        assert seen.sum() == pytest.approx(dt * aif.sum(), rel=0.01)
        centre = (np.arange(SAMPLES) @ seen) / seen.sum()
        same = Grid.of(gamma_variate(900, 0.1), 0.1)
        fine = gamma_variate(900, 0.1) @ same.matrix
        assert centre == pytest.approx((np.arange(SAMPLES) @ fine) / fine.sum(), abs=1.0)

    def test_nothing_but_the_arrival_moves_with_a_later_injection(self):
        one, two = (Grid.of(gamma_variate(arrival=a), DT).known for a in (15.0, 19.5))
        np.testing.assert_allclose(one[:SAMPLES], two[:SAMPLES], atol=1e-9)
        assert one.size == SIZE - SAMPLES
        assert (two - one)[-1] == pytest.approx(4.5 / 30)

    def test_before_the_artery_there_is_baseline(self):
        seen, _ = scaled(AIF[None], Grid.of(AIF, DT))
        assert np.abs(seen[0, : BEFORE - 3]).max() < 1e-3


class TestNetwork:
    def test_what_all_voxels_share_is_worked_out_once(self):
        rng = np.random.default_rng(1004)
        own, known = rng.normal(size=(5, SAMPLES)), rng.normal(size=SIZE - SAMPLES)
        parameters = {k: v.astype(float) for k, v in WEIGHTS.tensors.items()}
        whole = np.concatenate([own, np.broadcast_to(known, (5, known.size))], axis=1)
        for one, two in zip(
            respond(parameters, whole), respond_shared(parameters, own, known), strict=True
        ):
            np.testing.assert_allclose(one, two, rtol=1e-10, atol=1e-10)

    def test_a_residue_falls_from_one_whatever_it_is_shown(self):
        noise = np.random.default_rng(1005).normal(size=(200, SIZE)) * 5
        found = respond({k: v.astype(float) for k, v in WEIGHTS.tensors.items()}, noise)
        assert (found.residue[:, 0] == 1).all()
        assert (np.diff(found.residue, axis=1) <= 0).all()
        assert (found.residue >= 0).all()

    def test_other_weights_are_refused(self):
        with pytest.raises(WeightsError, match="expected 'spinned'"):
            Spinned(shipped_weights("phae"))


def test_the_decoder_is_the_forward_model_of_straight_lines():
    mtt, late = np.array([3.0, 9.0]), np.array([-1.1, 2.3])
    residue = np.asarray(RESIDUES["exponential"](np.tile(NODES, (2, 1)), mtt[:, None]))
    found = HatCurves.of(AIF, DT, np.dtype(float))(1 / mtt, late, residue)
    expected = ForwardModel(AIF, DT, RESIDUES["exponential"])(1 / mtt, mtt, late)
    assert np.abs(found - expected).max() < 0.04 * expected.max()
    np.testing.assert_allclose(residue @ AREAS, mtt, rtol=0.05)


class TestAccuracy:
    @pytest.fixture(scope="class")
    @classmethod
    def unseen(cls):
        """Gamma residues of shapes that training left out, behind an artery of the benchmark."""
        prior = CurvePrior(families={f"g{a}": (RESIDUES["gamma"], a) for a in (1.7, 6.0)})
        aif = arterial_input(DT * np.arange(60))
        return {
            snr: (simulate_curves(np.random.default_rng(1006), prior, 400, aif, DT, snr=snr), aif)
            for snr in (50.0, 20.0)
        }

    @pytest.mark.parametrize("snr", [50.0, 20.0])
    def test_it_is_nearer_than_osvd_on_residues_it_never_saw(self, unseen, snr):
        case, aif = unseen[snr]
        error = {
            name: np.mean(np.abs(np.log(np.maximum(found.cbf / case.truth.cbf, 0.01))))
            for name in ("spinned", "osvd")
            for found in [deconvolve(case.tissue, aif, DT, name)]
        }
        assert error["spinned"] < 0.85 * error["osvd"]


def test_a_scan_unlike_those_of_training_is_refused():
    case = mixture(3, frames=60, dt=0.4)
    with pytest.raises(CurveError, match=r"TR of 0\.5 to 3 s"):
        deconvolve(case.tissue, case.aif, 0.4, METHODS["spinned"]())
