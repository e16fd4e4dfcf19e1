"""Maps of diffusion: put on the grid of a series by place, in a unit that is recognised."""

import nibabel as nib
import numpy as np
import pytest

from bolus.data import Grid, InputError
from bolus.io import read_adc

GRID = Grid(shape=(6, 5, 4), affine=np.diag([4.0, 4.0, 6.0, 1.0]))


def save(path, data, affine):
    nib.save(nib.Nifti1Image(np.asarray(data, dtype=np.float32), affine), path)
    return path


def field(at):
    """ADC that rises evenly along x, in mm²/s, at a place in mm."""
    return 0.5e-3 + 2e-5 * at[0]


def places(shape, affine):
    index = np.indices(shape).reshape(3, -1)
    return (affine[:3, :3] @ index + affine[:3, 3:]).reshape(3, *shape)


@pytest.mark.parametrize("unit", [1.0, 1e-3, 1e-6])
def test_units_are_recognised(tmp_path, unit):
    true = field(places(GRID.shape, GRID.affine))
    found = read_adc(save(tmp_path / "adc.nii", true / unit, GRID.affine)).onto(GRID)
    np.testing.assert_allclose(found, true, rtol=1e-5)


def test_another_grid_is_averaged_by_place(tmp_path):
    affine = np.diag([-1.5, 1.5, 2.0, 1.0])
    affine[:3, 3] = [30.0, -6.0, -6.0]
    shape = (26, 24, 18)
    true = field(places(GRID.shape, GRID.affine))
    stored = field(places(shape, affine)) * 1e6
    found = read_adc(save(tmp_path / "adc.nii.gz", stored, affine)).onto(GRID)
    inner = (slice(1, -1),) * 3
    np.testing.assert_allclose(found[inner], true[inner], rtol=1e-3)


def test_what_a_map_does_not_reach_is_zero(tmp_path):
    affine = GRID.affine.copy()
    affine[0, 3] = 12.0
    found = read_adc(save(tmp_path / "adc.nii", np.full(GRID.shape, 8e-4), affine)).onto(GRID)
    assert (found[:3] == 0).all()
    np.testing.assert_allclose(found[3:], 8e-4, rtol=1e-5)


@pytest.mark.parametrize(
    ("value", "shift", "told"),
    [(0.0, 0, "values above 0"), (40.0, 0, "median of 40"), (8e-4, 500, "lies elsewhere")],
)
def test_refusals_name_the_file(tmp_path, value, shift, told):
    affine = GRID.affine.copy()
    affine[0, 3] = shift
    path = save(tmp_path / "adc.nii", np.full(GRID.shape, value), affine)
    with pytest.raises(InputError, match=told) as error:
        read_adc(path).onto(GRID)
    assert "adc.nii" in str(error.value)
