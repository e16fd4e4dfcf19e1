import numpy as np
import pytest
from tiny_head import arterial_curve, tissue_of

from bolus.data import BolusNotFoundError, DSCSeries, Grid, MaskError, SeriesError
from bolus.preprocess import find_frames, find_series_frames


def signal(dt=1.5, onset=12.4, frames=60, depth=0.3, snr=300.0, unsteady=(), seed=0, drift=0.0):
    fine = np.arange(0, frames * dt, 0.02)
    curve = tissue_of(fine, arterial_curve(fine - onset * dt), 4.0, 0.02)
    out = (1 - depth) ** np.interp(np.arange(frames) * dt, fine, curve)
    out[: len(unsteady)] *= unsteady
    out *= 1 + drift * np.arange(frames)
    return 1000 * (out + np.random.default_rng(seed).normal(0, 1 / snr, frames))


@pytest.mark.parametrize("dt", [0.5, 0.7, 1.5, 2.0, 3.0])
@pytest.mark.parametrize(
    "unsteady",
    [(), (1.3,), (0.7,), (1.3, 1.1), (1.4, 1.2, 1.1), (1.5, 1.3, 1.15, 1.08)],
)
@pytest.mark.parametrize("seconds", [9.0, 25.0, 60.0])
def test_steady_state_and_onset_are_found(dt, unsteady, seconds):
    onset = max(seconds / dt, len(unsteady) + 4.0) + 0.4
    frames = int(onset + max(30 / dt, 25))
    for seed in range(5):
        window = find_frames(signal(dt, onset, frames, unsteady=unsteady, seed=seed))
        assert window.first == len(unsteady)
        assert window.stop == frames
        # the first two per cent of the fall last about a second
        assert -1 <= window.onset - np.ceil(onset) <= max(1, 2.0 / dt)


def test_the_earliest_bolus():
    window = find_frames(signal(dt=1.5, onset=3.9, frames=40))
    assert (window.first, window.onset) in {(0, 4), (0, 5)}


@pytest.mark.parametrize("drift", [-0.001, 0.001])
def test_drift_is_not_taken_for_approach_to_steady_state(drift):
    window = find_frames(signal(onset=40.4, frames=90, drift=drift))
    assert window.first == 0
    assert abs(window.onset - 41) <= 1


def test_onset_waits_for_the_fall_in_noise():
    onsets = [find_frames(signal(onset=20.4, snr=50, seed=k)).onset for k in range(40)]
    assert 20 <= np.median(onsets) <= 23
    assert min(onsets) >= 18
    assert max(onsets) <= 25


NOISE = np.random.default_rng(1).normal(0, 1, 80)
TIME = np.arange(80.0)


@pytest.mark.parametrize(
    ("curve", "reason"),
    [
        (np.zeros(80), "zero or not finite"),
        (np.full(80, np.nan), "zero or not finite"),
        (np.full(80, 500.0), "0 % of it"),
        (1000 + NOISE, "noise SDs"),
        (1000 + 60 * NOISE, "noise SDs"),
        (1000 - 3 * TIME, "0 % of it"),
        (1000 + 3 * TIME + NOISE, "no bolus"),
        (1000 - 3 * TIME + NOISE, "no bolus"),
        (np.where(TIME < 30, 1000, 800) + NOISE, "no bolus"),
        (np.where(TIME < 30, 800, 1000) + NOISE, "no bolus"),
        (np.where(TIME < 30, 1000, 800) + 2 * TIME + NOISE, "no bolus"),
        (np.where(TIME < 30, 800, 1000) - TIME + NOISE, "no bolus"),
        (np.where(TIME == 30, 500, 1000) + NOISE, "no bolus"),
        (np.where(TIME == 30, 1500, 1000) + NOISE, "no bolus"),
        (1000 * (1 + 0.4 * np.exp(-TIME)) + NOISE, "no bolus"),
    ],
)
def test_no_bolus_is_refused_with_the_reason(curve, reason):
    with pytest.raises(BolusNotFoundError, match=reason):
        find_frames(curve)


def test_false_alarms_on_noise_are_rare():
    rng = np.random.default_rng(5)
    alarms = 0
    for _ in range(1000):
        try:
            find_frames(1000 + rng.normal(0, 30, rng.integers(25, 120)))
        except BolusNotFoundError:
            continue
        alarms += 1
    assert alarms <= 3


def test_a_bolus_cut_off_by_the_end_of_the_scan_is_refused():
    with pytest.raises(BolusNotFoundError):
        find_frames(signal(dt=1.5, onset=40, frames=45))


def test_too_few_frames():
    with pytest.raises(SeriesError, match="baseline frames remain"):
        find_frames(signal(onset=3.5, frames=40, unsteady=(1.6, 1.3, 1.2)))
    with pytest.raises(SeriesError, match="20"):
        find_frames(signal(onset=5.4, frames=18))
    with pytest.raises(SeriesError, match="remain after 2"):
        find_frames(signal(onset=7.4, frames=21, unsteady=(1.6, 1.3)))


def test_broken_frames():
    curve = signal(onset=12.4, frames=60)
    tail = curve.copy()
    tail[57:] = [0.0, np.nan, 0.0]
    assert find_frames(tail).stop == 57
    head = curve.copy()
    head[:2] = [0.0, np.nan]
    assert find_frames(head).first == 2
    curve[30] = np.nan
    with pytest.raises(SeriesError, match=r"\[30\]"):
        find_frames(curve)


def test_series_and_mask():
    curve = signal(onset=12.4, frames=60)
    volume = np.ones((4, 4, 2, 1)) * curve
    volume[0, 0, 0] = np.nan
    volume[1, 0, 0, 20] = np.inf
    volume[3] = 7.0
    series = DSCSeries(
        signal=volume.astype(np.float32),
        dt=1.5,
        te=None,
        grid=Grid(shape=(4, 4, 2), affine=np.eye(4)),
    )
    mask = np.ones((4, 4, 2), dtype=bool)
    mask[3] = False
    assert find_series_frames(series, mask) == find_frames(curve)
    with pytest.raises(MaskError, match="0 voxels"):
        find_series_frames(series, np.zeros((4, 4, 2), dtype=bool))
    with pytest.raises(MaskError):
        find_series_frames(series, np.ones((4, 4, 3), dtype=bool))


@pytest.mark.parametrize(("patient", "onset"), [("00071", 13), ("00519", 15), ("00564", 14)])
def test_real_regions_of_glioblastoma_patients(shared_data, patient, onset):
    rows = (shared_data / "upenn-gbm-regions" / f"UPENN-GBM-{patient}.csv").read_text().split()
    values = np.array([[float(cell) for cell in row.split(",")] for row in rows[1:]])
    window = find_frames(values.mean(axis=1))
    assert (window.first, window.stop) == (0, len(values))
    assert abs(window.onset - onset) <= 1
    for region in values.T:
        own = find_frames(region)
        assert own.first == 0
        assert abs(own.onset - onset) <= 2


def test_shape_of_a_real_arterial_input(shared_data):
    table = np.loadtxt(shared_data / "padova-aif" / "aif.tsv", skiprows=1)
    artery = 1000 * np.exp(-0.025 * table[:, 1])
    rise = int(np.flatnonzero(table[:, 1] > 0.02 * table[:, 1].max())[0])
    window = find_frames(artery)
    assert window.first == 0
    assert abs(window.onset - rise) <= 1
