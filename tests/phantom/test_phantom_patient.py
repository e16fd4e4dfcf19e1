import time

import numpy as np
import pytest

from bolus.data import InputError
from bolus.phantom import simulate_patient
from bolus.phantom.acquisition import CLASSES, FLIP_ANGLE, Protocol, magnitude_noise
from bolus.physics import ForwardModel, blood_volume, cbf_scale, cbv_scale, delta_r2star
from bolus.physics.residue import Weibull

SMALL = (40, 40, 6)


def before(patient):
    return int(patient.arterial.onset / patient.settings.tr)


def change(patient, mask):
    """ΔR2* of masked voxels without noise; S0 is the last frame before the bolus."""
    signal = patient.series.signal[mask].astype(float)
    s0 = signal[:, before(patient)][:, None]
    return delta_r2star(signal, s0, patient.settings.te)


def drop(patient, mask):
    mean = patient.series.signal[mask].mean(axis=0, dtype=float)
    return 1 - mean.min() / mean[before(patient)]


@pytest.fixture(scope="module")
def clean():
    return simulate_patient(seed=4, snr=np.inf)


@pytest.fixture(scope="module")
def high():
    return [
        simulate_patient(seed=s, snr=np.inf, tumor="high", te=0.030, shape=SMALL) for s in range(3)
    ]


@pytest.fixture(scope="module")
def low():
    return [simulate_patient(seed=s, snr=np.inf, tumor="low", shape=SMALL) for s in range(3)]


@pytest.fixture(scope="module")
def noisy():
    return simulate_patient(seed=4, snr=50.0, shape=SMALL)


def test_series_is_raw_and_stored_in_single_precision(clean):
    series = clean.series
    assert series.signal.dtype == np.float32
    assert series.signal.shape == (64, 64, 12, 60)
    assert (series.dt, series.te) == (1.5, 0.020)
    np.testing.assert_array_equal(series.slice_times, np.zeros(12))
    assert simulate_patient(field=1.5, shape=(24, 24, 1), frames=30).series.te == 0.025


@pytest.mark.parametrize("field", [1.5, 3.0])
def test_signal_drops_are_those_of_patients(field):
    patient = simulate_patient(seed=8, snr=np.inf, field=field, te=0.030, shape=(64, 64, 8))
    assert 0.20 < drop(patient, patient.masks.grey) < 0.40
    assert 0.09 < drop(patient, patient.masks.nawm) < 0.16
    assert 0.97 < drop(patient, patient.masks.aif) < 0.999


def test_truth_of_healthy_tissue_is_physiological(clean):
    truth, masks = clean.truth, clean.masks
    assert 4 < truth.cbv[masks.grey].mean() < 5
    assert 50 < truth.cbf[masks.grey].mean() < 70
    assert 1.5 < truth.cbv[masks.nawm].mean() < 2.3
    assert 20 < truth.cbf[masks.nawm].mean() < 28
    assert 4.4 < truth.mtt[masks.nawm].mean() < 5.5
    spread = truth.cbv[masks.grey].std() / truth.cbv[masks.grey].mean()
    assert 0.08 < spread < 0.18
    ventricle = masks.brain & (truth.cbv < 0.3)
    assert ventricle.any()


def test_central_volume_theorem_holds_everywhere(high):
    for patient in high:
        brain = patient.masks.brain
        t = patient.truth
        np.testing.assert_allclose(t.cbv[brain], t.cbf[brain] * t.mtt[brain] / 60, rtol=1e-5)


def test_truth_is_missing_outside_the_brain_only(clean):
    for name in ("cbf", "cbv", "mtt", "delay", "tmax", "shape"):
        values = getattr(clean.truth, name)
        np.testing.assert_array_equal(np.isfinite(values), clean.masks.brain)
        assert values.dtype == np.float32


def test_delays_reach_from_early_to_watershed(clean):
    delay = clean.truth.delay[clean.masks.brain]
    assert -0.4 - 1e-6 <= delay.min() < 0
    assert 1.7 < delay.max() <= 2.5
    nawm = clean.truth.delay[clean.masks.nawm]
    assert nawm.min() > 0
    assert nawm.max() < 1.5
    np.testing.assert_array_equal(clean.truth.tmax, clean.truth.delay)


def test_tissue_voxel_is_the_forward_model_of_its_truth(clean):
    pick = np.zeros_like(clean.masks.brain)
    chosen = np.argwhere(clean.masks.brain & ~clean.masks.vessels & (clean.truth.cbv > 1))
    pick[tuple(chosen[:: len(chosen) // 200].T)] = True
    t, dt = clean.truth, clean.settings.tr / 2
    parts = [v[pick].astype(float) for v in (t.cbf / cbf_scale(), t.mtt, t.delay, t.shape)]
    cbf, mtt, delay, shape = parts
    fine = clean.arterial(dt * np.arange(2 * clean.settings.frames))
    expected = ForwardModel(fine, dt, Weibull())(cbf, mtt, delay, shape)[:, ::2]
    found = change(clean, pick)
    start = before(clean)
    error = np.abs(found - expected)[:, start:].max(axis=1) / expected.max(axis=1)
    assert error.max() < 2e-3
    # at the repetition time itself, with the sampled arterial input, it is still close
    coarse = ForwardModel(clean.aif, 2 * dt, Weibull())(cbf, mtt, delay, shape)
    assert np.abs(coarse - expected).max() < 0.02 * expected.max()


def test_area_ratio_gives_back_the_blood_volume(clean):
    ratio = blood_volume(
        change(clean, clean.masks.nawm)[:, before(clean) :], clean.aif[before(clean) :]
    )
    assert ratio.mean() * cbv_scale() == pytest.approx(
        clean.truth.cbv[clean.masks.nawm].mean(), rel=0.03
    )


def test_arterial_mask_carries_the_true_arterial_input(clean):
    curves = change(clean, clean.masks.aif)
    assert 5 <= len(curves) < 60
    start = before(clean)
    np.testing.assert_allclose(
        curves[:, start:].mean(axis=0), clean.aif[start:], atol=2e-3 * clean.aif.max()
    )


def test_veins_are_late_and_lower_than_arteries(clean):
    """A voxel of the sinus peaks seconds after the arteries, and after the tissue too."""
    outside = clean.masks.vessels & ~clean.masks.brain
    curve = clean.series.signal[outside].mean(axis=0)
    assert curve.argmin() - clean.aif.argmax() >= 2


@pytest.mark.parametrize(
    ("group", "cbv", "cbf"),
    [("low", (1.0, 2.0), (0.9, 1.7)), ("high", (1.8, 5.0), (1.3, 3.5))],
)
def test_tumour_ratios_lie_in_the_range_of_the_grade(group, cbv, cbf, request):
    for patient in request.getfixturevalue(group):
        for name, (smallest, largest) in {"cbv": cbv, "cbf": cbf}.items():
            values = getattr(patient.truth, name)
            ratio = values[patient.masks.tumor].mean() / values[patient.masks.nawm].mean()
            assert smallest - 1e-4 <= ratio <= largest + 1e-4


def test_high_grade_is_patchy_with_a_dead_core(high, low):
    def spread(patient):
        values = patient.truth.cbv[patient.masks.tumor]
        return values.std() / values.mean()

    assert all(0.35 < spread(p) < 0.65 for p in high)
    assert all(spread(p) < 0.2 for p in low)
    cores = [p for p in high if p.masks.core.any()]
    assert len(cores) >= 2
    assert all(p.truth.cbv[p.masks.core].mean() < 0.4 for p in cores)
    assert all(p.masks.core is None for p in low)


def test_high_grade_drops_more_than_white_matter(high):
    drops = np.array([drop(p, p.masks.tumor) for p in high])
    assert drops.min() > 0.15
    assert 0.22 < drops.mean() < 0.55
    assert all(drop(p, p.masks.tumor) > 1.3 * drop(p, p.masks.nawm) for p in high)


def test_reference_lies_in_the_other_hemisphere(high):
    for patient in high:
        middle = SMALL[0] / 2
        side = [
            np.sign(np.argwhere(m)[:, 0].mean() - middle)
            for m in (patient.masks.tumor, patient.masks.nawm)
        ]
        assert side[0] == -side[1]
        assert not (patient.masks.tumor & patient.masks.nawm).any()
        assert not (patient.masks.nawm & patient.masks.vessels).any()


def test_first_frames_are_brighter_than_the_steady_state(clean):
    mean = clean.series.signal[clean.masks.brain].mean(axis=0)
    steady = mean[4 : before(clean)].mean()
    assert 1.2 < mean[0] / steady < 1.5
    assert 1.01 < mean[1] / steady < 1.08
    assert mean[4 : before(clean)] == pytest.approx(steady, rel=2e-3)


@pytest.mark.parametrize("tr", [0.5, 1.5])
def test_approach_to_steady_state_is_pulse_by_pulse_recovery(tr):
    protocol = Protocol(field=3.0, tr=tr, te=0.03, frames=30)
    t1, longitudinal, seen = CLASSES["grey"].t1[1], 1.0, []
    for _ in range(30):
        seen.append(longitudinal)
        after = longitudinal * np.cos(np.deg2rad(FLIP_ANGLE))
        longitudinal = 1 - (1 - after) * np.exp(-tr / t1)
    found = protocol.baseline("grey")
    np.testing.assert_allclose(found / found[0], np.array(seen), rtol=1e-12)


def test_noise_is_what_was_asked_for(noisy):
    signal = noisy.series.signal
    start = before(noisy)
    level = signal[..., 5:start][noisy.masks.brain].mean()
    sd = signal[..., 5:start][noisy.masks.nawm].std(axis=-1, ddof=1)
    assert level / np.sqrt((sd**2).mean()) == pytest.approx(50, rel=0.05)
    # a magnitude of pure noise has a mean of √(π/2) and an SD of √(2 − π/2)
    air = signal[:3, :3, :, 6:].ravel() * 50 / level
    assert air.mean() == pytest.approx(np.sqrt(np.pi / 2), rel=0.02)
    assert air.std() == pytest.approx(np.sqrt(2 - np.pi / 2), rel=0.03)


def test_no_noise_leaves_the_signal_alone():
    signal = np.ones((2, 2, 2, 3), dtype=np.float32)
    assert magnitude_noise(np.random.default_rng(0), signal, 0.0) is signal


def test_same_seed_same_bytes_other_seed_other_patient(noisy):
    again = simulate_patient(seed=4, snr=50.0, shape=SMALL)
    assert again.series.signal.tobytes() == noisy.series.signal.tobytes()
    assert again.truth.cbf.tobytes() == noisy.truth.cbf.tobytes()
    other = simulate_patient(seed=5, snr=50.0, shape=SMALL)
    assert not np.array_equal(other.masks.brain, noisy.masks.brain)
    assert other.arterial != noisy.arterial


@pytest.mark.parametrize(("tr", "frames"), [(0.3, 30), (1.0, 45), (3.0, 40), (4.0, 30)])
def test_bolus_leaves_a_baseline_and_fits_the_series(tr, frames):
    patient = simulate_patient(tr=tr, frames=frames, shape=(24, 24, 2), snr=np.inf)
    assert before(patient) >= 8
    assert patient.aif[: before(patient)].max() == 0
    assert patient.arterial.onset <= 0.3 * tr * frames + 1e-9
    assert np.isfinite(patient.series.signal).all()


@pytest.mark.parametrize(
    ("bad", "expected"),
    [
        ({"frames": 29}, "at least 30"),
        ({"tr": 0.2}, "0.3 and 4"),
        ({"tr": float("nan")}, "0.3 and 4"),
        ({"te": 0.5}, "0.005 and 0.1"),
        ({"snr": 0.0}, "positive"),
        ({"field": 7.0}, "1.5 or 3.0"),
        ({"tumor": "huge"}, "none, low or high"),
        ({"shape": (8, 8, 2)}, "24×24×1"),
    ],
)
def test_impossible_patients_are_refused(bad, expected):
    with pytest.raises(InputError, match=expected) as refusal:
        simulate_patient(**bad)
    assert str(next(iter(bad.values()))) in str(refusal.value)


def test_whole_numbers_are_numbers():
    patient = simulate_patient(snr=50, field=3, tr=2, shape=(24, 24, 1), frames=30)
    assert patient.settings.tr == 2.0
    assert patient.settings.te == 0.020


def test_a_patient_takes_seconds():
    start = time.process_time()
    simulate_patient(seed=1)
    assert time.process_time() - start < 6
