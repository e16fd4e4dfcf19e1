from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest
from head_at import head_at
from scipy import ndimage
from tiny_head import tiny_head

from bolus.data import DSCSeries, FrameWindow, Grid, MaskError
from bolus.preprocess import brain_mask, head_mask, prepare

WINDOW = FrameWindow(first=0, onset=8, stop=30)


def dice(a, b):
    return 2 * (a & b).sum() / (a.sum() + b.sum())


def head(shape, snr, scalp=True, background="rician", seed=0):
    """Ellipsoid with a bright rim of scalp behind a dark skull; truth is the brain."""
    x, y, z = np.meshgrid(*(np.linspace(-1, 1, n) if n > 1 else [0] for n in shape), indexing="ij")
    radius = np.sqrt((x / 0.7) ** 2 + (y / 0.8) ** 2 + (0.5 * z) ** 2)
    brain = radius < 0.85
    image = np.where(brain, 900 + 150 * np.sin(9 * x), 0.0)
    if scalp:
        image[(radius > 0.97) & (radius < 1.03)] = 600
    rng = np.random.default_rng(seed)
    frames = np.repeat(image[..., None], 30, axis=3)
    real, imaginary = rng.normal(0, 900 / snr, (2, *frames.shape))
    signal = np.hypot(frames + real, imaginary)
    if background == "zero":
        signal[image == 0] = 0
    series = DSCSeries(
        signal=signal.astype(np.float32),
        dt=1.5,
        te=0.03,
        grid=Grid(shape=shape, affine=np.diag([220 / shape[0], 220 / shape[1], 5, 1.0])),
    )
    return series, brain


@pytest.mark.parametrize("shape", [(64, 64, 10), (96, 96, 12), (128, 128, 1)])
@pytest.mark.parametrize("background", ["rician", "zero"])
@pytest.mark.parametrize("snr", [100, 10])
def test_brain_without_scalp(shape, background, snr):
    series, brain = head(shape, snr, background=background)
    assert dice(brain_mask(series, WINDOW), brain) > 0.97


def test_many_small_parts_do_not_cost_a_volume_each(monkeypatch):
    """Scattered bright voxels around the head, as a scrambled series has them."""
    series, brain = head((64, 64, 10), 50, background="zero")
    clear = ~ndimage.binary_dilation(series.signal[..., 0] > 0, iterations=3)
    seeds = np.zeros_like(clear)
    seeds[2::4, 2::4] = True
    crosses = ndimage.binary_dilation(seeds & clear, np.ones((3, 3, 1), bool))
    signal = series.signal + np.where(crosses, np.float32(600), np.float32(0))[..., None]
    grown, dilate = [], ndimage.binary_dilation

    def counted(image, *arguments, **options):
        grown.append(image.size)
        return dilate(image, *arguments, **options)

    monkeypatch.setattr("scipy.ndimage.binary_dilation", counted)
    found = brain_mask(replace(series, signal=signal), WINDOW)
    assert dice(found, brain) > 0.97
    assert ndimage.label(crosses)[1] > 50
    assert sum(grown) < 5 * crosses.size


def test_voxels_with_nan_are_filled_or_left_out_but_do_no_harm():
    series, brain = head((64, 64, 10), 50)
    signal = series.signal.copy()
    signal[30:33, 30:33, 4] = np.nan
    signal[0, 0, 0, 3] = np.inf
    found = brain_mask(replace(series, signal=signal), WINDOW)
    assert dice(found, brain) > 0.97
    assert not found[0, 0, 0]


def test_a_picture_without_head_is_refused():
    series, _ = head((64, 64, 10), 50)
    rng = np.random.default_rng(0)
    noise = rng.rayleigh(10, series.signal.shape).astype(np.float32)
    with pytest.raises(MaskError, match="give a mask"):
        brain_mask(replace(series, signal=noise), WINDOW)
    with pytest.raises(MaskError, match="have signal"):
        brain_mask(replace(series, signal=0 * noise), WINDOW)
    with pytest.raises(MaskError, match="give a mask"):
        brain_mask(replace(series, signal=0 * noise + 100), WINDOW)


def test_a_speck_is_refused():
    series, _ = head((64, 64, 1), 50)
    signal = np.zeros_like(series.signal)
    signal[::5, ::5] = 100
    with pytest.raises(MaskError, match="give a mask"):
        brain_mask(replace(series, signal=signal), WINDOW)


def test_head_mask_is_the_threshold_alone():
    image = np.full((30, 30, 2), 10.0)
    image[5:20, 5:20] = 100
    assert (head_mask(image) == (image == 100)).all()


def test_prepare_finds_frames_and_mask():
    made = tiny_head(unsteady=2)
    ready = prepare(made.series)
    assert ready.frames.first == 2
    assert dice(ready.mask, made.labels > 0) > 0.98
    assert ready.signal is made.series.signal


def test_prepare_respects_what_is_given():
    made = tiny_head()
    own = made.labels == 2
    window = FrameWindow(first=3, onset=9, stop=45)
    assert (prepare(made.series, own).mask == own).all()
    assert prepare(made.series, frames=window).frames == window
    with pytest.raises(MaskError):
        prepare(made.series, np.zeros_like(own))
    with pytest.raises(MaskError):
        prepare(made.series, own[:, :, :2])


def test_the_real_slice(shared_data):
    image = nib.load(shared_data / "ntuh-convexity" / "dsc.nii.gz")
    signal = np.asarray(image.dataobj, dtype=np.float32)
    grid = Grid(shape=signal.shape[:3], affine=image.affine)
    ready = prepare(DSCSeries(signal=signal, dt=2.0, te=None, grid=grid))
    assert (ready.frames.first, ready.frames.stop) == (1, 50)
    assert abs(ready.frames.onset - 10) <= 1
    assert 4500 < ready.mask.sum() < 5500
    assert ndimage.label(ready.mask)[1] == 1
    assert not ready.mask[0].any()


EVERY_LEVEL = [(level, 1, 8, 50.0) for level in range(-55, 66, 15)]
LOW_SLABS = [(-50, 3, 8, 50.0), (-35, 2, 4, 15.0)]


@pytest.mark.parametrize(("level", "slices", "coils", "snr"), EVERY_LEVEL + LOW_SLABS)
def test_the_brain_at_every_level_of_the_head(level, slices, coils, snr):
    made = head_at(level, slices, coils, snr)
    found = brain_mask(made.series)
    assert dice(found, made.brain) > 0.9


def test_of_parts_that_lie_apart_those_are_brain_that_the_bolus_passes():
    made = head_at(-40)
    found = brain_mask(made.series)
    parts = ndimage.label(made.brain)[0]
    sizes = np.bincount(parts.ravel())[1:]
    assert (sizes > 100).sum() >= 3
    for part in 1 + np.flatnonzero(sizes > 100):
        assert found[parts == part].mean() > 0.9
    eyes = made.eyes > 0.8
    assert eyes.sum() > 20
    assert not found[eyes].any()
