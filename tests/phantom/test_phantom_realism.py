"""What a scan of a patient has beyond the plain digital one: leaks, dispersion, motion."""

import hashlib

import numpy as np
import pytest

from bolus.data import Grid, InputError
from bolus.phantom import Leak, Realism, TumorPerfusion, simulate_patient
from bolus.phantom.acquisition import Protocol
from bolus.phantom.arterial import ArterialShape
from bolus.phantom.leakage import leakage
from bolus.phantom.motion import moved, trajectory
from bolus.phantom.signal import dispersed, fine_input
from bolus.physics import delta_r2star

SMALL = {"shape": (40, 40, 6), "frames": 50, "snr": np.inf, "seed": 6, "tumor": "high"}
T1 = Leak(ktrans=0.15, relaxivity=5.0, preload=0.0)
T2 = Leak(ktrans=0.15, relaxivity=60.0, preload=0.4)


@pytest.fixture(scope="module")
def plain():
    return simulate_patient(**SMALL)


def late(patient, mask):
    """Mean signal of the last ten frames over that of the baseline."""
    mean = patient.series.signal[mask].mean(axis=0, dtype=float)
    return mean[-10:].mean() / mean[4:8].mean()


def course(patient, mask):
    """Signal of every voxel over that of its frame 5, whatever the coil."""
    signal = patient.series.signal[mask].astype(float)
    return signal / signal[:, 5:6]


class TestPlain:
    def test_plain_patients_have_the_bytes_they_always_had(self):
        made = simulate_patient(seed=1, shape=(64, 64, 10), tumor="high")
        digest = hashlib.sha256(np.ascontiguousarray(made.series.signal).tobytes()).hexdigest()
        assert digest.startswith("5726d70dec170106")

    def test_nothing_leaks_moves_or_disperses(self, plain):
        brain = plain.masks.brain
        assert (plain.truth.ktrans[brain] == 0).all()
        assert np.isnan(plain.truth.ktrans[~brain]).all()
        assert not plain.motion.any()

    def test_ratios_can_be_given(self):
        made = simulate_patient(**{**SMALL, "ratios": TumorPerfusion(cbv=3.3, cbf=1.9)})
        for name, want in {"cbv": 3.3, "cbf": 1.9}.items():
            truth = getattr(made.truth, name).astype(float)
            ratio = truth[made.masks.tumor].mean() / truth[made.masks.nawm].mean()
            assert ratio == pytest.approx(want, rel=1e-5)


class TestLeak:
    def test_signal_of_the_tumour_rises_or_falls_and_nothing_else_changes(self, plain):
        masks = plain.masks
        level = late(plain, masks.tumor)
        for leak, rises in ((T1, True), (T2, False)):
            made = simulate_patient(**SMALL, realism=Realism(leak=leak))
            assert (late(made, masks.tumor) > level + 0.02) == rises
            assert rises or late(made, masks.tumor) < level - 0.02
            np.testing.assert_allclose(
                course(made, masks.nawm), course(plain, masks.nawm), rtol=1e-5
            )
            np.testing.assert_array_equal(made.truth.cbv, plain.truth.cbv)
            inside = made.truth.ktrans[masks.tumor]
            assert inside.mean() == pytest.approx(leak.ktrans, rel=0.3)
            assert 0.1 < inside.std() / inside.mean() < 0.5

    def test_no_ktrans_is_no_leak(self, plain):
        made = simulate_patient(**SMALL, realism=Realism(leak=Leak(ktrans=0.0)))
        np.testing.assert_array_equal(made.series.signal, plain.series.signal)

    def test_a_healthy_head_cannot_leak(self):
        kept = {**SMALL, "tumor": "none"}
        made = simulate_patient(**kept, realism=Realism(leak=T1))
        np.testing.assert_array_equal(made.series.signal, simulate_patient(**kept).series.signal)

    def test_agent_outside_is_that_of_tofts(self):
        """With T1 switched off by full preload the trace is r2*·C_e; C_e by another road."""
        protocol = Protocol(field=3.0, tr=1.5, te=0.03, frames=60)
        arterial = ArterialShape(onset=12.0, amplitude=300.0)
        one = np.ones((1, 1, 1))
        leak = Leak(ktrans=0.12, ve=0.3, relaxivity=40.0, preload=1e3)
        found = leakage(protocol, leak, one, one, 0 * one, fine_input(protocol, arterial))
        outside = delta_r2star(found.factor[0], np.ones(1), 0.03) / 40
        fine = 0.01 * np.arange(9000)
        plasma, rate = arterial(fine) / (87.0 * 0.55), 0.12 / 60
        agent, steps = 0.0, []
        for value in plasma:
            steps.append(agent)
            agent += 0.01 * (rate * value - rate / 0.3 * agent)
        np.testing.assert_allclose(outside, steps[::150], atol=0.01 * max(steps))

    @pytest.mark.parametrize(
        "wrong", [{"ktrans": -0.1}, {"ve": 0.0}, {"ve": 1.1}, {"relaxivity": -1}, {"preload": -1}]
    )
    def test_refused(self, wrong):
        with pytest.raises(InputError, match="leak"):
            Leak(**{"ktrans": 0.1, **wrong})


class TestDispersion:
    def test_area_is_kept_and_the_centre_moves_by_its_time(self):
        dt = 0.5
        aif = ArterialShape(onset=12.0, amplitude=300.0)(dt * np.arange(600))
        time = dt * np.arange(600)
        late = dispersed(aif, dt, 1.5)
        assert late.sum() == pytest.approx(aif.sum(), rel=5e-3)
        early = slice(0, 60)
        assert (time * late)[early].sum() / late[early].sum() > (time * aif)[early].sum() / aif[
            early
        ].sum()
        assert late.max() < aif.max()
        assert dispersed(aif, dt, 0.0) is aif

    def test_dispersed_tissue_peaks_lower_and_keeps_its_truth(self, plain):
        made = simulate_patient(**SMALL, realism=Realism(dispersion=(2.0, 2.0)))
        nawm = plain.masks.nawm
        np.testing.assert_array_equal(made.truth.cbf, plain.truth.cbf)
        depth = [1 - p.series.signal[nawm].mean(axis=0)[6:].min() / 600 for p in (made, plain)]
        assert depth[0] < depth[1]

    def test_fermi_residues_have_shapes_of_their_own(self):
        made = simulate_patient(**SMALL, realism=Realism(residue="fermi"))
        shape = made.truth.shape[made.masks.brain]
        assert -2 <= shape.min() < 0 < shape.max() <= 4


class TestMotion:
    def test_path_has_its_size_and_no_mean(self):
        path = trajectory(np.random.default_rng(0), 200, 0.3)
        assert path.shape == (200, 6)
        np.testing.assert_allclose(path.mean(axis=0), 0, atol=1e-12)
        assert 0.2 < path.std() < 0.45

    def test_a_shift_by_one_voxel_is_a_shift(self):
        grid = Grid(shape=(9, 9, 5), affine=np.diag([2.0, 3.0, 4.0, 1.0]))
        signal = np.random.default_rng(0).random((9, 9, 5, 2))
        path = np.array([[0.0] * 6, [2.0, 0, 0, 0, 0, 0]])
        found = moved(signal, path, grid)
        np.testing.assert_allclose(found[..., 0], signal[..., 0], atol=1e-12)
        np.testing.assert_allclose(found[:-1, ..., 1], signal[1:, ..., 1], atol=1e-12)

    def test_a_quarter_turn_on_voxels_that_are_not_cubes(self):
        grid = Grid(shape=(9, 9, 5), affine=np.diag([2.0, 2.0, 7.0, 1.0]))
        signal = np.random.default_rng(0).random((9, 9, 5, 1))
        for sign in (1, -1):
            found = moved(signal, np.array([[0, 0, 0, 0, 0, 90.0 * sign]]), grid)
            want = np.rot90(signal, -sign, axes=(0, 1))
            np.testing.assert_allclose(found, want, atol=1e-9)

    def test_a_moving_patient_moves(self, plain):
        made = simulate_patient(**SMALL, realism=Realism(motion=0.3))
        assert made.motion.shape == (50, 6)
        edge = np.abs(made.series.signal - plain.series.signal)[plain.masks.brain]
        assert edge.max() > 20
        np.testing.assert_array_equal(made.truth.cbf, plain.truth.cbf)

    @pytest.mark.parametrize(
        ("wrong", "words"),
        [
            ({"dispersion": (2.0, 1.0)}, "rising"),
            ({"dispersion": (-1.0, 1.0)}, "rising"),
            ({"residue": "box"}, "weibull or fermi"),
            ({"motion": -0.1}, "motion"),
        ],
    )
    def test_refused(self, wrong, words):
        with pytest.raises(InputError, match=words):
            Realism(**wrong)
