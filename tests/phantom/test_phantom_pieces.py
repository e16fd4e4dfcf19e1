"""Voxels made of pieces."""

import numpy as np
import pytest

from bolus.data import Grid, InputError
from bolus.phantom import Realism, simulate_patient
from bolus.phantom.anatomy import scanner_grid, simulate_anatomy
from bolus.phantom.motion import moved
from bolus.phantom.pieces import RIM, WHOLE, divided, sampled, share
from bolus.phantom.vessels import simulate_vessels
from bolus.physics import cbf_scale

SMALL = {"seed": 2, "shape": (32, 32, 6), "frames": 40, "tumor": "high", "snr": np.inf}
PIECES = (2, 2, 3)


def waves(count, order):
    """A wave of so many periods over a field of view, at ``count`` middles of equal parts."""
    return np.cos(2 * np.pi * order * (np.arange(count) + 0.5) / count + 0.3)


class TestGrid:
    def test_pieces_fill_their_voxels(self):
        affine = np.array([[2.0, 0.3, 0, 5], [0.1, 3, 0, -2], [0, 0, 6, 1], [0, 0, 0, 1]])
        grid = Grid(shape=(5, 4, 3), affine=affine)
        fine = divided(grid, PIECES)
        assert fine.shape == (10, 8, 9)
        index = np.stack(np.meshgrid(*map(np.arange, fine.shape), indexing="ij"), axis=-1)
        place = index @ fine.affine[:3, :3].T + fine.affine[:3, 3]
        coarse = np.stack(np.meshgrid(*map(np.arange, grid.shape), indexing="ij"), axis=-1)
        want = coarse @ affine[:3, :3].T + affine[:3, 3]
        np.testing.assert_allclose(share(place, PIECES), want, atol=1e-12)


class TestSampling:
    @pytest.mark.parametrize("axis", [0, 1])
    @pytest.mark.parametrize("order", [0, 1, 3, 5])
    def test_a_slow_wave_is_read_at_the_middle_of_voxels(self, axis, order):
        """Under the window, and as if pieces were points, which they are for the transform."""
        base = np.ones((24, 24, 6, 1))
        along = [1, 1, 1, 1]
        along[axis] = 24
        signal = base * (3 + waves(24, order).reshape(along))
        found = sampled(signal, PIECES)
        along[axis] = 12
        window = RIM + (1 - RIM) * np.cos(np.pi * order / 12) ** 2
        want = np.ones((12, 12, 2, 1)) * (3 + window * waves(12, order).reshape(along))
        np.testing.assert_allclose(found, want, atol=1e-12)

    def test_a_fast_wave_is_not_seen(self):
        signal = np.ones((24, 24, 6, 1)) * (3 + waves(24, 8)[:, None, None, None])
        np.testing.assert_allclose(sampled(signal, PIECES), 3, atol=1e-12)

    def test_slices_are_averaged(self):
        signal = np.ones((24, 24, 6, 2)) * np.arange(6.0)[:, None]
        np.testing.assert_allclose(sampled(signal, PIECES)[5, 5], [[1, 1], [4, 4]], atol=1e-12)

    def test_whole_voxels_stay(self):
        signal = np.random.default_rng(0).random((5, 4, 3, 2))
        assert sampled(signal, WHOLE) is signal


@pytest.fixture(scope="module")
def made():
    return simulate_patient(**SMALL, realism=Realism(pieces=PIECES))


class TestPatient:
    def test_voxels_are_those_of_the_plain_patient(self, made):
        plain = simulate_patient(**SMALL)
        assert made.series.grid.shape == plain.series.grid.shape
        np.testing.assert_array_equal(made.series.grid.affine, plain.series.grid.affine)
        assert made.truth.cbf.shape == made.masks.brain.shape == SMALL["shape"]
        sizes = [(p.masks.brain.sum(), p.masks.white.sum(), p.masks.tumor.sum())
                 for p in (plain, made)]  # fmt: skip
        np.testing.assert_allclose(sizes[1], sizes[0], rtol=0.35)

    def test_the_truth_is_a_mean_over_the_tissue(self, made):
        """So it stays within what the tissue has, in voxels that are half outside the brain too."""
        shape, delay = made.truth.shape[made.masks.brain], made.truth.delay[made.masks.brain]
        assert 1.0 <= shape.min() < shape.max() <= 1.8
        assert -0.4 <= delay.min() < 0 < delay.max() <= 2.5

    def test_tissue_obeys_its_truth(self, made):
        """∫C/∫AIF of pure white matter is nearly its blood volume."""
        white = made.masks.white
        signal = made.series.signal[white].astype(float)
        s0 = signal[:, 4:8].mean(axis=1, keepdims=True)
        change = -np.log(signal / s0) / made.series.te
        found = change[:, 8:].sum(axis=1) / made.aif[8:].sum()
        want = 60 * made.truth.cbv[white] / cbf_scale()
        assert np.median(found / want) == pytest.approx(1, abs=0.1)

    def test_a_branch_holds_as_much_blood(self):
        rng = np.random.default_rng
        shape = (48, 48, 8)
        whole = simulate_vessels(simulate_anatomy(rng(1), shape))
        cut = simulate_vessels(simulate_anatomy(rng(1), shape, PIECES), PIECES)
        for name in ("trunks", "branches", "veins"):
            a, b = getattr(whole, name), share(getattr(cut, name), PIECES)
            assert b.sum() == pytest.approx(a.sum(), rel=0.25)
            assert b.max() == pytest.approx(a.max(), abs=0.35)

    def test_an_artery_half_a_voxel_away_keeps_its_bolus(self):
        """By linear interpolation between whole voxels it loses more than a third of it."""
        few = {**SMALL, "shape": (24, 24, 4), "frames": 30}
        half = np.zeros((few["frames"], 6))
        half[10:, 0] = scanner_grid(few["shape"]).voxel_size[0] / 2
        lost = {}
        for pieces in (WHOLE, PIECES):
            still, away = (
                simulate_patient(**few, realism=Realism(pieces=pieces, poses=poses))
                for poses in (None, tuple(map(tuple, half.tolist())))
            )
            np.testing.assert_array_equal(away.motion[10], half[10])
            deepest = []
            for one in (still, away):
                signal = one.series.signal[..., 9:]
                depth = (signal[..., 0] - signal.min(axis=-1)) / np.maximum(signal[..., 0], 60)
                deepest.append(np.sort(depth[one.masks.brain])[-20:].mean())
            lost[pieces] = 1 - deepest[1] / deepest[0]
        assert lost[PIECES] < 0.5 * lost[WHOLE]


@pytest.mark.parametrize(
    ("poses", "motion", "words"),
    [
        (((0.0,) * 6,) * 39, 0.0, "each of 40 frames"),
        (((float("nan"),) * 6,) * 40, 0.0, "finite"),
        (((0.0,) * 5,) * 40, 0.0, "six"),
        (((0.0,) * 6,) * 40, 0.2, "not both"),
    ],
)
def test_wrong_poses(poses, motion, words):
    with pytest.raises(InputError, match=words):
        simulate_patient(**SMALL, realism=Realism(motion=motion, poses=poses))


def test_no_pieces():
    with pytest.raises(InputError, match="at least one piece"):
        Realism(pieces=(2, 0, 1))


def test_order_three_follows_a_smooth_head():
    grid = Grid(shape=(24, 24, 8), affine=np.diag([2.0, 2.0, 2.0, 1.0]))
    signal = (3 + waves(24, 2)[:, None, None] + np.zeros((24, 24, 8)))[..., None]
    path = np.array([[1.0, 0, 0, 0, 0, 0]])
    want = 3 + np.cos(2 * np.pi * 2 * (np.arange(24) + 1.0) / 24 + 0.3)
    errors = [
        np.abs(moved(signal, path, grid, order)[6:18, 12, 4, 0] - want[6:18]).max()
        for order in (1, 3)
    ]
    assert errors[1] < 0.1 * errors[0]
