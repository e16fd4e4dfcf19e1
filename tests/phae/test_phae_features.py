"""Features: free of units, repetition time and length; the network's plain mathematics."""

from itertools import pairwise

import numpy as np
import pytest
from array_api_compat import array_namespace
from scipy.special import ndtri

from bolus.data import InputError, NoPosteriorError
from bolus.estimators.phae.features import GRID, RESPONSES, SIZE, STRENGTHS, basis, features
from bolus.estimators.phae.network import (
    LEVELS,
    MEDIAN,
    OUTPUTS,
    QUANTITIES,
    encode,
    quantiles,
    softplus,
)
from bolus.estimators.phae.quantiles import QuantilePosterior
from bolus.phantom import arterial_input
from bolus.physics import RESIDUES, ForwardModel


def curves(dt, duration=90.0, delay=0.0, mtt=5.0):
    """One clean exponential curve of CBV 0.04 and its arterial input."""
    aif = arterial_input(dt * np.arange(round(duration / dt)), onset=18.0)
    one = np.ones(1)
    tissue = ForwardModel(aif, dt, RESIDUES["exponential"])(
        0.04 / mtt * one, mtt * one, delay * one
    )
    return tissue, aif


def seen(dt, **how):
    tissue, aif = curves(dt, **how)
    return features(tissue, np.full((1, 1), 1e-3), basis(aif, dt))


class TestFeatures:
    def test_one_vector_a_voxel(self):
        x, scale = seen(1.5)
        assert x.shape == (1, SIZE)
        assert scale.shape == (1,)
        assert np.isfinite(x).all()

    @pytest.mark.parametrize("c", [1e-6, 40.0])
    def test_the_unit_of_concentration_cancels(self, c):
        tissue, aif = curves(1.5)
        x, scale = features(tissue, np.full((1, 1), 0.3), basis(aif, 1.5))
        y, other = features(c * tissue, np.full((1, 1), 0.3 * c), basis(c * aif, 1.5))
        np.testing.assert_allclose(y, x, rtol=1e-8, atol=1e-10)
        np.testing.assert_allclose(other, scale, rtol=1e-9)

    def test_more_tissue_changes_the_scale_only(self):
        tissue, aif = curves(1.5)
        x, scale = features(tissue, np.full((1, 1), 0.3), basis(aif, 1.5))
        y, other = features(3 * tissue, np.full((1, 1), 0.9), basis(aif, 1.5))
        np.testing.assert_allclose(y, x, rtol=1e-9)
        np.testing.assert_allclose(other, 3 * scale, rtol=1e-9)

    @pytest.mark.parametrize(("dt", "duration"), [(1.0, 90.0), (0.75, 90.0), (1.5, 120.0)])
    def test_repetition_time_and_length_hardly_show_in_the_responses(self, dt, duration):
        """What the AIF's own band leaves of a response does not hang on how it was sampled."""
        a, b = seen(1.5)[0][0, :RESPONSES], seen(dt, duration=duration)[0][0, :RESPONSES]
        strong = slice(2 * GRID.size, None)
        assert np.abs(a - b)[strong].max() < 0.06 * np.abs(a[strong]).max()

    def test_the_response_peaks_at_the_delay(self):
        for delay in (-3.0, 0.0, 4.5):
            x = seen(1.0, delay=delay, mtt=3.0)[0][0, :RESPONSES]
            sharp = x[: GRID.size]
            assert GRID[sharp.argmax()] == pytest.approx(delay + 0.5, abs=1.3)

    def test_noise_alone_has_responses_of_size_one(self):
        """However weak the regularisation, and so however loud the noise."""
        _, aif = curves(1.5)
        noise = np.random.default_rng(0).normal(size=(500, aif.size))
        x, _ = features(noise, np.ones((500, 1)), basis(aif, 1.5))
        sizes = np.sqrt((x[:, :RESPONSES].reshape(500, len(STRENGTHS), -1) ** 2).mean(axis=(0, 2)))
        assert (sizes < 1.2).all()
        assert (sizes > 0.5).all()

    def test_an_empty_curve_is_finite(self):
        _, aif = curves(1.5)
        x, scale = features(np.zeros((1, aif.size)), np.full((1, 1), 0.3), basis(aif, 1.5))
        assert np.isfinite(x).all()
        assert scale[0] > 0


def random_parameters(rng, widths=(8, 6)):
    sizes = (SIZE, *widths, OUTPUTS)
    found = {}
    for i, (a, b) in enumerate(pairwise(sizes)):
        found |= {
            f"weight{i}": rng.normal(size=(a, b)) / np.sqrt(a),
            f"bias{i}": rng.normal(size=b),
        }
    return found


class TestNetwork:
    def test_numpy_and_torch_agree(self):
        import torch

        rng = np.random.default_rng(0)
        parameters, x = random_parameters(rng), rng.normal(size=(5, SIZE))
        ours = encode(parameters, x)
        theirs = encode({k: torch.tensor(v) for k, v in parameters.items()}, torch.tensor(x))
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(b.numpy(), a, rtol=1e-10, atol=1e-12)

    def test_by_hand(self):
        rng = np.random.default_rng(1)
        p, x = random_parameters(rng), rng.normal(size=(3, SIZE))
        h = np.maximum(x @ p["weight0"] + p["bias0"], 0)
        h = np.maximum(h @ p["weight1"] + p["bias1"], 0)
        y = h @ p["weight2"] + p["bias2"]
        found = encode(p, x)
        np.testing.assert_allclose(found.log_mtt, y[:, 0])
        np.testing.assert_allclose(found.delay, y[:, 2])
        np.testing.assert_allclose(found.offsets.reshape(3, -1), y[:, 3:-1])
        assert array_namespace(found.log_mtt) is array_namespace(x)

    def test_no_voxel(self):
        found = encode(random_parameters(np.random.default_rng(0)), np.empty((0, SIZE)))
        assert found.log_mtt.shape == (0,)

    def test_softplus_does_not_overflow(self):
        found = softplus(np.array([-1000.0, 0.0, 1000.0]))
        np.testing.assert_allclose(found, [0.0, np.log(2), 1000.0], atol=1e-12)

    def test_quantiles_rise(self):
        rng = np.random.default_rng(2)
        values = quantiles(rng.normal(size=50), 3 * rng.normal(size=(50, len(LEVELS) - 1)))
        assert (np.diff(np.stack(values), axis=0) > 0).all()


class TestPosterior:
    @pytest.fixture
    def posterior(self):
        rng = np.random.default_rng(3)
        shape = (20, len(QUANTITIES), len(LEVELS) - 1)
        medians = rng.normal(size=(20, len(QUANTITIES)))
        return QuantilePosterior(medians, rng.normal(size=shape), np.zeros((len(QUANTITIES), 2)))

    @pytest.mark.parametrize("name", ["cbv", "cbf", "mtt", "delay", "tmax"])
    def test_quantiles_rise_also_between_and_beyond_the_learned(self, posterior, name):
        levels = (0.001, 0.02, 0.03, 0.1, 0.3, 0.5, 0.6, 0.9, 0.97, 0.999)
        values = np.stack([posterior.quantile(name, q) for q in levels])
        assert (np.diff(values, axis=0) > 0).all()

    def test_the_learned_ones_are_handed_on(self, posterior):
        values = quantiles(posterior.medians[:, 0], posterior.offsets[:, 0])
        for level, value in zip(LEVELS, values, strict=True):
            np.testing.assert_allclose(posterior.quantile("mtt", level), np.exp(value))
        np.testing.assert_allclose(np.exp(values[MEDIAN]), np.exp(posterior.medians[:, 0]))

    def test_a_gaussian_is_read_exactly_everywhere(self):
        """Linear in the normal score: a Gaussian's quantiles come out at every level."""
        steps = np.diff(ndtri(LEVELS))
        raw = np.log(np.expm1(steps))
        below, above = raw[:MEDIAN][::-1], raw[MEDIAN:]
        offsets = np.tile(np.concatenate([below, above]), (1, len(QUANTITIES), 1))
        nothing = np.zeros((len(QUANTITIES), 2))
        posterior = QuantilePosterior(np.zeros((1, len(QUANTITIES))), offsets, nothing)
        for q in (0.001, 0.1, 0.4, 0.77, 0.99):
            assert posterior.quantile("delay", q)[0] == pytest.approx(ndtri(q), abs=1e-9)

    def test_intervals_are_stretched_about_the_median(self, posterior):
        width = np.zeros((len(QUANTITIES), 2))
        width[QUANTITIES.index("delay")] = np.log(0.8), 0.0
        narrower = QuantilePosterior(posterior.medians, posterior.offsets, width)
        for q in (0.05, 0.5, 0.9):
            plain, found = posterior.quantile("delay", q), narrower.quantile("delay", q)
            middle = posterior.quantile("delay", 0.5)
            np.testing.assert_allclose(found - middle, 0.8 * (plain - middle), atol=1e-12)
            np.testing.assert_array_equal(narrower.quantile("mtt", q), posterior.quantile("mtt", q))

    def test_refusals(self, posterior):
        with pytest.raises(NoPosteriorError, match="shape"):
            posterior.quantile("shape", 0.5)
        with pytest.raises(InputError, match="between 0 and 1"):
            posterior.quantile("mtt", 1.0)
