"""Errors of voxels that are in part alike."""

import numpy as np
import pytest

from bolus.data import Grid
from bolus.findings.errors import Alike, errors

GRID = Grid(shape=(24, 24, 6), affine=np.diag([4.0, 4.0, 6.0, 1.0]))
EVERYWHERE = np.ones(GRID.shape, dtype=bool)


@pytest.mark.parametrize(("shared", "length"), [(0.0, 6.0), (0.3, 6.0), (0.3, 2.5)])
def test_errors_are_as_alike_as_is_said(shared, length):
    """Variance 1; of two voxels d mm apart shared + (1 − shared)·exp(−d²/4·length²) is common."""
    drawn = np.stack(list(errors(EVERYWHERE, GRID, Alike(shared, length), seed=3, draws=600)))
    drawn = drawn[..., 1:-1]
    assert np.mean(drawn**2) == pytest.approx(1.0, abs=0.1)
    for voxels in (1, 3):
        common = np.mean(drawn[:, voxels:] * drawn[:, :-voxels]) / np.mean(drawn**2)
        near = np.exp(-((4.0 * voxels) ** 2) / (4 * length**2))
        assert common == pytest.approx(shared + (1 - shared) * near, abs=0.06)


def test_the_same_seed_gives_the_same_errors():
    one, other = (next(errors(EVERYWHERE, GRID, Alike(0.1, 3.0), seed=5, draws=1)) for _ in "ab")
    np.testing.assert_array_equal(one, other)
