"""Diffusion-weighted images: the map that is made of them, and what is refused."""

import nibabel as nib
import numpy as np
import pytest

from bolus.data import InputError
from bolus.io import read_dwi

AFFINE = np.diag([2.0, 2.0, 5.0, 1.0])
SHAPE = (8, 7, 3)


def save(folder, weights, adc=0.8e-3, told=None):
    """Images of one exponential, S₀·exp(−b·ADC), dark in a corner, and their b-values."""
    rng = np.random.default_rng(4)
    without = rng.uniform(400, 900, SHAPE)
    without[:2, :2] = 3.0
    true = adc * rng.uniform(0.5, 2.0, SHAPE)
    signal = without[..., None] * np.exp(-np.array(weights) * true[..., None])
    path = folder / "dwi.nii.gz"
    nib.save(nib.Nifti1Image(signal.astype(np.float32), AFFINE), path)
    if told != "":
        text = " ".join(f"{b:g}" for b in weights) if told is None else told
        (folder / "dwi.bval").write_text(text)
    return path, true


@pytest.mark.parametrize("weights", [(0, 1000), (5, 1000, 1000, 1000), (0, 0, 500, 1000, 3000)])
def test_the_map_is_that_of_the_exponential(tmp_path, weights):
    path, true = save(tmp_path, weights)
    found = read_dwi(path).onto(read_dwi(path).grid)
    assert (found[:2, :2] == 0).all(), "no tissue where the unweighted image is dark"
    # b of 5 counts as none: half a percent
    np.testing.assert_allclose(found[2:], true[2:], rtol=0.006)


def test_noise_lower_than_nothing_has_no_value(tmp_path):
    path, _ = save(tmp_path, (0, 1000))
    image = nib.load(path)
    data = image.get_fdata()
    data[4, 4, 1, 1], data[5, 5, 1, 1] = 0.0, 2000.0
    nib.save(nib.Nifti1Image(data.astype(np.float32), AFFINE), path)
    found = read_dwi(path).adc
    assert found[4, 4, 1] == 0
    assert found[5, 5, 1] == 0
    assert found[6, 5, 1] > 0


@pytest.mark.parametrize(
    ("weights", "told", "expected"),
    [
        ((0, 1000), "", "expected in dwi.bval"),
        ((0, 1000), "0 1000 1000", "each of 2 volumes is expected, found 3"),
        ((0, 1000), "0 many", "numbers are expected"),
        ((500, 1000), None, "without weighting"),
        ((0, 3000), None, "with b from 500 to 1500"),
    ],
)
def test_refusals_say_what_is_expected(tmp_path, weights, told, expected):
    path, _ = save(tmp_path, weights, told=told)
    with pytest.raises(InputError, match=expected):
        read_dwi(path)


def test_one_volume_is_no_series_of_weighted_images(tmp_path):
    nib.save(nib.Nifti1Image(np.ones(SHAPE, dtype=np.float32), AFFINE), tmp_path / "one.nii")
    with pytest.raises(InputError, match="given by --adc"):
        read_dwi(tmp_path / "one.nii")
