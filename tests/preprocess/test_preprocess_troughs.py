"""Troughs are those that scipy.signal finds, to the last bit."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bolus.preprocess.troughs import Trough, troughs

heights = st.integers(-4, 4) | st.floats(-1e3, 1e3)


@given(st.lists(heights, min_size=3, max_size=40).map(lambda values: np.array(values, float)))
def test_the_same_as_peaks_of_the_negated_curve(curve):
    from scipy.signal import find_peaks

    _, of = find_peaks(-curve, prominence=0, width=0, rel_height=0.5, plateau_size=1)
    expected = zip(of["left_edges"], of["prominences"], of["widths"], strict=True)
    found = troughs(curve)
    assert [one.first for one in found] == of["left_edges"].tolist()
    for one, (_, prominence, width) in zip(found, expected, strict=True):
        assert one.prominence == prominence
        np.testing.assert_allclose(one.width, width, rtol=1e-9)


def test_by_hand():
    curve = np.array([9.0, 5, 1, 1, 5, 7, 6, 8, 3, 4])
    assert troughs(curve) == [Trough(2, 7.0, 2.75), Trough(6, 1.0, 0.75), Trough(8, 1.0, 0.6)]


def test_the_ends_and_a_flat_curve_are_none():
    assert troughs(np.array([1.0, 2, 3])) == []
    assert troughs(np.array([3.0, 2, 1])) == []
    assert troughs(np.ones(5)) == []
