"""The published autoencoder: faithful, folded, and trainable."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from bolus.data import WeightsError
from bolus.estimators import METHODS, deconvolve
from bolus.estimators.paper.config import PARAMETERS, PaperConfig
from bolus.estimators.paper.inference import estimate_mtt, load_encoder, operations
from bolus.estimators.phae import Phae, PhaePaper, Weights, from_weights, shipped_weights
from bolus.learning.loop import fit
from bolus.learning.paper import encoder as trained
from bolus.learning.paper.encoder import PaperEncoder, decode
from bolus.learning.paper.task import PaperTask
from bolus.learning.recipe import Recipe
from bolus.learning.voxels import PatientVoxels, write_voxels
from bolus.phantom import CurvePrior, arterial_input, simulate_curves
from bolus.physics import RESIDUES, ForwardModel

AIF = arterial_input(1.5 * np.arange(40), onset=12.0)
HOME = CurvePrior(
    delay=(0.0, 0.0), families={"lorentzian": (RESIDUES["lorentzian"], None)}, mtt=(2.0, 10.0)
)


def simulated(n=64, seed=0, snr=80.0):
    return simulate_curves(np.random.default_rng(seed), HOME, n, AIF, 1.5, snr=snr)


def trained_a_little(seed=0):
    """An encoder whose normalisations hold something else than their start."""
    torch.manual_seed(seed)
    encoder = PaperEncoder(PaperConfig(channels=(4, 8)))
    encoder.train()
    for _ in range(3):
        encoder(torch.randn(32, 2, 40) + 0.5)
    return encoder.eval()


def weights_of(encoder):
    tensors = {name: value.numpy() for name, value in encoder.state_dict().items()}
    return Weights("phae-paper", tensors, encoder.config.as_dict(), {})


class TestNetwork:
    def test_its_size_is_the_published_one(self):
        assert sum(p.numel() for p in PaperEncoder(PaperConfig()).parameters()) == PARAMETERS
        assert PARAMETERS == 130_913

    def test_layers_by_torch_s_own(self):
        """The same numbers from nn.Conv1d, nn.BatchNorm1d and nn.LeakyReLU."""
        ours = trained_a_little()
        x = torch.randn(6, 2, 40)
        y = x
        for convolution, norm in zip(ours.convolutions, ours.norms, strict=True):
            theirs = torch.nn.BatchNorm1d(norm.weight.numel()).eval()
            theirs.load_state_dict(norm.state_dict(), strict=False)
            y = torch.nn.functional.leaky_relu(theirs(convolution(y)), 0.02)
        raw = ours.last(y.mean(dim=2))[:, 0]
        expected = 0.3 + torch.nn.functional.softplus(raw)
        torch.testing.assert_close(ours(x), expected, rtol=1e-5, atol=1e-6)

    def test_it_starts_near_five_seconds(self):
        torch.manual_seed(0)
        mtt = PaperEncoder(PaperConfig()).eval()(torch.zeros(1, 2, 40))
        assert float(mtt.detach()) == pytest.approx(5.0, abs=0.7)

    def test_the_decoder_is_the_forward_model(self):
        cbv, mtt = torch.tensor([0.04, 0.02]), torch.tensor([4.0, 9.0])
        found = decode(torch.tensor(AIF), 1.5, cbv, mtt, PaperConfig())
        expected = ForwardModel(AIF, 1.5, RESIDUES["lorentzian"])(
            (cbv / mtt).numpy(), mtt.numpy(), np.zeros(2)
        )
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)

    def test_the_literal_plain_sum(self):
        """Σ AIF[j]·R(t_i − t_j)·dt, written out."""
        n, mtt = AIF.size, 4.0
        r = 1 / (1 + (np.pi * 1.5 * np.arange(n) / (2 * mtt)) ** 2)
        expected = 0.04 / mtt * 1.5 * np.convolve(AIF, r)[:n]
        one = torch.ones(1, dtype=torch.float64)
        config = PaperConfig(quadrature="plain-sum")
        found = decode(torch.tensor(AIF), 1.5, 0.04 * one, mtt * one, config)
        np.testing.assert_allclose(found[0], expected, rtol=1e-9, atol=1e-9)

    @pytest.mark.parametrize("residue", ["exponential", "gamma"])
    def test_other_residues(self, residue):
        cbv, mtt = torch.tensor([0.04]), torch.tensor([4.0])
        config = PaperConfig(residue=residue)
        curve = decode(torch.tensor(AIF), 1.5, cbv, mtt, config)
        lorentzian = decode(torch.tensor(AIF), 1.5, cbv, mtt, PaperConfig())
        assert float((curve - lorentzian).abs().max()) > 0.02 * float(lorentzian.max())


class TestConfig:
    def test_there_and_back(self):
        config = PaperConfig(residue="gamma", channels=(8, 16))
        assert PaperConfig.from_dict(config.as_dict()) == config

    @pytest.mark.parametrize(
        "wrong",
        [{"residue": "box"}, {"quadrature": "simpson"}, {"channels": ()}, {"floor": 9.0}],
    )
    def test_refused(self, wrong):
        with pytest.raises(WeightsError):
            PaperConfig(**wrong)

    def test_another_version_s_fields(self):
        told = PaperConfig().as_dict()
        told["dropout"] = 0.5
        with pytest.raises(WeightsError, match="dropout"):
            PaperConfig.from_dict(told)


class TestInference:
    def test_folded_and_half_known_like_the_plain_network(self):
        encoder = trained_a_little()
        curves = simulated().tissue.astype(np.float32)
        peak = float(AIF.max())
        both = np.stack([curves, np.broadcast_to(AIF, curves.shape)], axis=1) / peak
        with torch.no_grad():
            plain = encoder(torch.tensor(both.astype(np.float32))).numpy()
        found = estimate_mtt(load_encoder(weights_of(encoder)), curves, AIF, peak)
        np.testing.assert_allclose(found, plain, rtol=2e-5)

    @pytest.mark.parametrize("choice", [{}, {"pooling": "max"}, {"positive": "none"}])
    def test_what_was_trained_is_what_estimates(self, choice):
        shipped = shipped_weights("phae-paper")
        weights = replace(shipped, config={**shipped.config, **choice})
        curves, peak = simulated(40).tissue.astype(np.float32), float(AIF.max())
        both = np.stack([curves, np.broadcast_to(AIF, curves.shape)], axis=1) / peak
        with torch.no_grad():
            plain = trained.load_encoder(weights)(torch.tensor(both.astype(np.float32))).numpy()
        found = estimate_mtt(load_encoder(weights), curves, AIF, peak)
        np.testing.assert_allclose(found, plain, rtol=2e-5)

    def test_operations_by_hand(self):
        config = PaperConfig(channels=(2, 3))
        assert operations(config, 10) == 2 * 10 * 3 * (1 * 2 + 2 * 3) + 2 * 3

    def test_central_volume_and_no_delay(self):
        case = simulated(8)
        found = deconvolve(case.tissue, AIF, 1.5, "phae-paper")
        np.testing.assert_allclose(found.cbf * found.mtt, found.cbv, rtol=1e-6)
        assert np.isnan(found.delay).all()
        assert (found.tmax == 0).all()
        rebuilt = ForwardModel(AIF, 1.5, RESIDUES["lorentzian"])(found.cbf, found.mtt, np.zeros(8))
        rms = np.sqrt(np.mean((rebuilt - case.tissue) ** 2, axis=1))
        np.testing.assert_allclose(found.residual, rms, rtol=1e-5)

    def test_the_shipped_weights_fit(self):
        """But for the size of a batch, of which the published number of steps came."""
        shipped = load_encoder(shipped_weights("phae-paper")).config
        assert shipped == replace(PaperConfig(), batch=96)
        assert isinstance(METHODS["phae-paper"](), PhaePaper)

    def test_weights_find_their_estimator(self):
        assert isinstance(from_weights(shipped_weights("phae")), Phae)
        assert isinstance(from_weights(shipped_weights("phae-paper")), PhaePaper)
        with pytest.raises(WeightsError, match="expected 'phae'"):
            Phae(shipped_weights("phae-paper"))
        with pytest.raises(WeightsError, match="phae-paper"):
            PhaePaper(shipped_weights("phae"))

    def test_weights_that_do_not_fit_are_refused(self):
        good = shipped_weights("phae-paper")
        small = Weights(good.kind, good.tensors, PaperConfig(channels=(8,)).as_dict(), {})
        with pytest.raises(WeightsError, match="do not fit"):
            deconvolve(simulated(3).tissue, AIF, 1.5, PhaePaper(small))


class TestTraining:
    def task(self, folder):
        for number in range(3):
            case = simulated(48, seed=number, snr=2000.0)
            noise = case.noise_sd.mean(axis=1)
            write_voxels(folder / f"{number}.st", case.tissue, noise, AIF, 1.5, 0.03)
        files = [PatientVoxels.open(folder / f"{number}.st") for number in range(3)]
        config = PaperConfig(channels=(8, 16), batch=48)
        return PaperTask(config, files[:2], files[2:])

    def test_the_loss_falls(self, tmp_path):
        task = self.task(tmp_path)
        history = fit(task, Recipe(epochs=30, lr=1e-2, batch=48), tmp_path / "work")
        first, last = history.epochs[0], history.epochs[-1]
        assert last.train_loss < 0.88 * first.train_loss
        weights = task.weights({})
        assert weights.kind == "phae-paper"
        found = deconvolve(simulated(5).tissue, AIF, 1.5, from_weights(weights))
        assert np.isfinite(found.mtt).all()

    def test_every_voxel_once_and_the_same_for_the_same_epoch(self, tmp_path):
        task = self.task(tmp_path)
        one, two = list(task.batches(0)), list(task.batches(0))
        assert len(one) == task.steps() == 2
        assert sum(len(b.curves) for b in one) == 96
        for a, b in zip(one, two, strict=True):
            assert torch.equal(a.curves, b.curves)
        every = torch.cat([b.curves for b in one])
        assert len(torch.unique(every, dim=0)) == 96
        other = torch.cat([b.curves for b in task.batches(1)])
        assert not torch.equal(every, other)

    def test_shares_make_the_batch(self, tmp_path):
        task = self.task(tmp_path)
        for whole, a, b in zip(
            task.batches(3), task.batches(3, 0, 2), task.batches(3, 1, 2), strict=True
        ):
            assert len(a.curves) == len(b.curves) == len(whole.curves) // 2
            both = torch.cat([a.curves, b.curves])
            assert torch.equal(both.sort(dim=0)[0], whole.curves.sort(dim=0)[0])
