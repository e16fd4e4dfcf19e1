from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest
from tiny_head import ARTERY, GREY, SATURATED, SHAPE, VEIN, tiny_head

from bolus.aif import automatic, find_aif
from bolus.aif.average import arterial_mean
from bolus.aif.shape import shape_of
from bolus.data import ArterialInputError, DSCSeries, FrameWindow, Grid
from bolus.phantom import simulate_patient
from bolus.preprocess import prepare, tissue_curves


def found(made):
    series = prepare(made.series)
    return series, find_aif(tissue_curves(series), series)


@pytest.mark.parametrize("dt", [0.7, 1.5, 2.5])
@pytest.mark.parametrize("snr", [100, 20, 10])
@pytest.mark.parametrize("unsteady", [0, 1, 3])
def test_arteries_are_found(dt, snr, unsteady):
    made = tiny_head(dt=dt, snr=snr, unsteady=unsteady, seed=10 * unsteady + snr)
    series, aif = found(made)
    labels = made.labels[aif.mask]
    assert series.frames.first == unsteady
    assert 5 <= labels.size <= 30
    assert (labels >= ARTERY).mean() >= 0.8
    assert not (labels == VEIN).any()
    peak = (series.frames.first + np.argmax(aif.curve)) * dt
    # at SNR 10 the noise of the averaged peak alone moves it by more than a short frame
    assert abs(peak - made.arterial_peak) <= (dt if snr > 10 else max(dt, 1.5))
    assert aif.quality >= (0.75 if snr > 10 else 0.7)  # where noise takes the peak 0.3 is lost
    assert aif.origin == "automatic"
    assert aif.dt == dt


def test_the_curve_has_the_true_height():
    made = tiny_head(dt=1.0, snr=60)
    _, aif = found(made)
    labels = made.labels[aif.mask]
    assert (labels == ARTERY).mean() >= 0.8
    assert aif.curve.max() == pytest.approx(51, rel=0.15)


@pytest.mark.parametrize("failing", [1, 99])
def test_a_choice_without_a_bolus_spoils_no_other(failing, monkeypatch):
    asked = []

    def mean(*arguments):
        asked.append(arguments)
        if len(asked) <= failing:
            raise ArterialInputError("no bolus passes")
        return arterial_mean(*arguments)

    monkeypatch.setattr(automatic, "arterial_mean", mean)
    if failing == 1:
        assert found(tiny_head(dt=1.0, snr=60))[1].quality > 0.5
    else:
        with pytest.raises(ArterialInputError, match=r"no bolus passes\. Mark arteries by hand"):
            found(tiny_head(dt=1.0, snr=60))
    assert len(asked) > 1


def test_the_largest_area_wins_for_tissue_takes_more_of_it_than_noise():
    """Of arteries three times as full all peaks are lost in noise, yet most of the area is left."""
    made = tiny_head(dt=1.0, snr=60, saturated=True)
    _, aif = found(made)
    assert (made.labels[aif.mask] == SATURATED).mean() >= 0.8
    assert aif.quality >= 0.5
    saturated, other = (
        tiny_head_area(made, label) / tiny_head_area(tiny_head(dt=1.0, snr=np.inf), ARTERY)
        for label in (SATURATED, ARTERY)
    )
    full = 170 / 50
    assert other / full < 0.5 < 0.75 < saturated / full < 1.05


def tiny_head_area(made, label):
    """Area under the mean curve of the voxels of a label."""
    series = prepare(made.series)
    curves = tissue_curves(series)
    return float(curves.curves[made.labels[series.mask] == label].mean(axis=0).sum())


def test_it_is_deterministic():
    made = tiny_head(snr=20)
    one, two = found(made)[1], found(made)[1]
    np.testing.assert_array_equal(one.mask, two.mask)
    np.testing.assert_array_equal(one.curve, two.curve)


def test_it_does_not_depend_on_the_unit():
    made = tiny_head(snr=50)
    relative = replace(made, series=replace(made.series, te=None))
    one, two = found(made)[1], found(relative)[1]
    np.testing.assert_array_equal(one.mask, two.mask)
    np.testing.assert_allclose(two.curve, 0.03 * one.curve, rtol=1e-3, atol=1e-4)
    assert two.quality == pytest.approx(one.quality, abs=1e-3)


@pytest.mark.parametrize("dt", [0.7, 1.5, 2.5])
@pytest.mark.parametrize("snr", [100, 20, 10])
def test_tissue_and_veins_without_an_artery_are_refused(dt, snr):
    made = tiny_head(dt=dt, snr=snr, arteries=False)
    series = prepare(made.series)
    curves = tissue_curves(series)
    assert (made.labels == VEIN).any()
    with pytest.raises(ArterialInputError, match=r"arter(y|ial)"):
        find_aif(curves, series)


def test_the_refusal_counts_what_failed():
    made = tiny_head(dt=0.7, snr=10, arteries=False)
    series = prepare(made.series)
    only = replace(series, mask=made.labels == GREY)
    with pytest.raises(ArterialInputError, match=r"rising before it.*by hand"):
        find_aif(tissue_curves(only), only)


@pytest.mark.parametrize("seed", range(5))
def test_pure_noise_is_refused(seed):
    rng = np.random.default_rng(seed)
    series = DSCSeries(
        signal=rng.normal(1000, 60, (*SHAPE, 50)).astype(np.float32),
        dt=1.5,
        te=0.03,
        grid=Grid(shape=SHAPE, affine=np.eye(4)),
    )
    window = FrameWindow(first=0, onset=10, stop=50)
    series = prepare(series, np.ones(SHAPE, dtype=bool), frames=window)
    with pytest.raises(ArterialInputError):
        find_aif(tissue_curves(series), series)


def test_spikes_are_not_arteries():
    made = tiny_head(dt=1.5, snr=50, arteries=False)
    series = prepare(made.series)
    signal = series.signal.copy()
    rng = np.random.default_rng(0)
    for voxel in rng.permutation(np.argwhere(made.labels == GREY))[:200]:
        signal[(*voxel, 12)] *= 0.15
    spiked = series.with_signal(signal)
    with pytest.raises(ArterialInputError):
        find_aif(tissue_curves(spiked), spiked)


def test_only_bad_voxels():
    made = tiny_head()
    series = prepare(made.series).with_signal(np.full_like(made.series.signal, np.nan))
    with pytest.raises(ArterialInputError, match="none of"):
        find_aif(tissue_curves(series), series)


def test_bad_voxels_are_never_chosen():
    made = tiny_head(snr=50)
    series = prepare(made.series)
    signal = series.signal.copy()
    signal[10:12, 19:21] = np.nan
    signal[28, 19:21, :, 4] = np.inf
    signal[19:21, 8:10] = 500.0
    broken = series.with_signal(signal)
    aif = find_aif(tissue_curves(broken), broken)
    assert np.isfinite(signal[aif.mask]).all()
    assert not aif.mask[19:21, 8:10].any()
    assert (made.labels[aif.mask] >= ARTERY).mean() >= 0.8


def test_the_real_slice(shared_data):
    image = nib.load(shared_data / "ntuh-convexity" / "dsc.nii.gz")
    signal = np.asarray(image.dataobj, dtype=np.float32)
    grid = Grid(shape=signal.shape[:3], affine=image.affine)
    series = prepare(DSCSeries(signal=signal, dt=2.0, te=None, grid=grid))
    curves = tissue_curves(series)
    aif = find_aif(curves, series)
    own, mean = shape_of(aif.curve[None], 2.0), shape_of(curves.mean[None], 2.0)
    assert 5 <= aif.mask.sum() <= 30
    assert own.rise[0] < mean.rise[0] - 1.0
    assert own.peak[0] <= mean.peak[0]
    assert own.width[0] < 0.85 * mean.width[0]
    assert own.height[0] > 2.5 * mean.height[0]
    assert aif.quality > 0.5


def test_saturated_arteries_are_marked_down():
    _, aif = found(tiny_head(dt=1.5, snr=40, saturated=True))
    assert aif.quality <= 0.75
    assert aif.score.criterion("saturated").concern


@pytest.mark.parametrize(("field", "snr"), [(3.0, 50), (3.0, 10), (1.5, 50), (1.5, 20)])
def test_the_area_is_near_the_true_one(field, snr):
    for seed in (21, 22):
        patient = simulate_patient(seed=seed, snr=snr, field=field, shape=(64, 64, 7), frames=45)
        series, aif = found(replace(tiny_head(), series=patient.series))
        area = aif.curve.sum() / patient.aif[series.frames.used].sum()
        assert 0.8 < area < 1.05


@pytest.mark.parametrize(
    ("snr", "shape"), [(50, (48, 48, 8)), (20, (64, 64, 6)), (50, (96, 96, 1))]
)
def test_digital_patients(snr, shape):
    patient = simulate_patient(seed=3, snr=snr, tumor="high", shape=shape)
    series, aif = found(replace(tiny_head(), series=patient.series))
    brain = patient.masks.brain
    truth = patient.aif[series.frames.used]
    assert 2 * (series.mask & brain).sum() / (series.mask.sum() + brain.sum()) > 0.97
    assert patient.masks.vessels[aif.mask].mean() >= 0.8
    assert np.corrcoef(aif.curve, truth)[0, 1] > 0.97
    # noise cuts these arteries off at the top: their rise is certain, the frame of the peak is not
    rise = shape_of(np.stack([aif.curve, truth]), series.dt).rise
    assert abs(rise[0] - rise[1]) <= series.dt
