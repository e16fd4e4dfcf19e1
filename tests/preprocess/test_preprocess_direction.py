"""A series that runs backwards is refused; none that runs forwards is."""

from dataclasses import replace

import numpy as np
import pytest
from tiny_head import tiny_head

from bolus.data import Grid, MaskError, SeriesError
from bolus.io import read_series
from bolus.phantom import simulate_patient
from bolus.preprocess import prepare
from bolus.preprocess.brain import head_mask

HEADS = [
    {"dt": 0.5},
    {"dt": 1.5},
    {"dt": 3.0},
    {"unsteady": 3},
    {"duration": 45.0},
    {"snr": 20.0},
    {"t0": 30.0},
]


def backwards(series):
    return replace(series, signal=series.signal[..., ::-1])


@pytest.mark.parametrize("head", HEADS, ids=str)
def test_heads_forwards_and_backwards(head):
    series = tiny_head(**head).series
    assert prepare(series).frames.onset > 0
    with pytest.raises(SeriesError, match=r"reversed order|steady"):
        prepare(backwards(series))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_digital_patients(seed):
    series = simulate_patient(seed=seed, shape=(32, 32, 4), snr=30).series
    assert prepare(series).frames.onset > 0
    with pytest.raises(SeriesError, match="reversed order"):
        prepare(backwards(series))


def test_a_real_head(shared_data):
    series = read_series(shared_data / "ntuh-convexity" / "dsc.nii.gz")
    assert prepare(series).frames.onset > 0
    with pytest.raises(SeriesError, match="reversed order"):
        prepare(backwards(series))


@pytest.mark.parametrize(("edge", "words"), [(0.21, "found 0.0"), (40.0, "found [0-9.e+]+")])
def test_brains_of_no_head(edge, words):
    series = tiny_head().series
    grid = Grid(shape=series.grid.shape, affine=np.diag([edge, edge, edge, 1.0]))
    with pytest.raises(MaskError, match=f"a brain of 1 to 3000 mL.*{words}"):
        prepare(replace(series, grid=grid))


def test_a_given_brain_may_be_a_part():
    series = tiny_head().series
    grid = Grid(shape=series.grid.shape, affine=np.diag([0.21, 0.21, 0.21, 1.0]))
    mask = np.zeros(grid.shape, bool)
    mask[10:30, 10:30, 2] = True
    assert prepare(replace(series, grid=grid), mask).mask.sum() == 400


def test_one_slice_of_a_brain_is_enough():
    series = tiny_head().series
    grid = Grid(shape=(40, 40, 1), affine=series.grid.affine)
    one = replace(series, signal=series.signal[:, :, 2:3], grid=grid)
    assert prepare(one).mask.sum() > 100


def test_an_image_of_which_no_histogram_can_be_made():
    image = np.full((20, 20, 3), 3e7)
    image[::2] += 1e-9 * image[0, 0, 0]
    with pytest.raises(MaskError, match="cannot be told apart"):
        head_mask(image)
