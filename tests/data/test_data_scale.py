"""SDs with and without the scale that all voxels share."""

import numpy as np
import pytest

from bolus.data.scale import with_common, without_common

VALUE = np.array([1.0, 50.0, 200.0, np.nan], dtype=np.float32)
OWN = np.array([0.3, 0.2, 30.0, 1.0], dtype=np.float32)


def test_what_is_put_in_can_be_taken_out():
    both = with_common(OWN, VALUE, 0.15)
    assert both.dtype == np.float32
    np.testing.assert_allclose(both[1], np.hypot(0.2, 7.5), rtol=1e-6)
    np.testing.assert_allclose(
        without_common(both, VALUE, 0.15), np.where(np.isnan(VALUE), np.nan, OWN), rtol=1e-3
    )


@pytest.mark.parametrize("change", [with_common, without_common])
def test_what_is_not_known_changes_nothing(change):
    assert change(OWN, VALUE, None) is OWN


def test_rounding_makes_no_root_of_less_than_nothing():
    both = with_common(np.zeros(3, np.float32), VALUE[:3], 0.15)
    assert (without_common(both, VALUE[:3], 0.15) < 0.01 * VALUE[:3]).all()
