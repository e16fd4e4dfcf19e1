"""Standardised rCBV: one scale for all brains."""

import numpy as np
import pytest

from bolus.tissue import STANDARD, TissueError, standardised
from bolus.tissue.standard import PERCENTILES


@pytest.fixture
def brain():
    return np.random.default_rng(0).gamma(4, 0.5, (20, 20, 4)), np.ones((20, 20, 4), dtype=bool)


def test_landmarks_come_to_their_standard_place(brain):
    volume, mask = brain
    found = standardised(volume, mask).volume
    assert np.percentile(found, PERCENTILES) == pytest.approx(STANDARD, rel=1e-3)


def test_it_does_not_depend_on_scale_and_keeps_the_order(brain):
    volume, mask = brain
    once, scaled = standardised(volume, mask), standardised(40 * volume, mask)
    np.testing.assert_allclose(once.volume, scaled.volume, rtol=1e-5)
    np.testing.assert_allclose(once.slope, 40 * scaled.slope, rtol=1e-5)
    order = np.argsort(volume, axis=None)
    assert (np.diff(once.volume.ravel()[order]) >= 0).all()


def test_beyond_the_landmarks_it_is_in_proportion(brain):
    volume, mask = brain
    volume[0, 0, 0] = 10 * np.percentile(volume, PERCENTILES[-1])
    top = np.percentile(volume, PERCENTILES[-1])
    found = standardised(volume, mask).volume[0, 0, 0]
    assert found == pytest.approx(STANDARD[-1] * volume[0, 0, 0] / top, rel=1e-5)


def test_missing_values_stay_missing(brain):
    volume, mask = brain
    volume[1, 1, 1] = np.nan
    found = standardised(volume, mask).volume
    assert np.isnan(found[1, 1, 1])
    assert np.isfinite(found).sum() == found.size - 1


def test_too_little_brain_and_a_flat_histogram_are_refused(brain):
    volume, mask = brain
    with pytest.raises(TissueError, match="500 are needed"):
        standardised(volume, mask & (np.arange(4) < 1))
    with pytest.raises(TissueError, match="rise from above 0"):
        standardised(np.ones_like(volume), mask)
