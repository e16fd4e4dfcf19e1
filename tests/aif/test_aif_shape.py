import numpy as np
import pytest
from tiny_head import arterial_curve, gamma_variate, tissue_of

from bolus.aif import arterial_quality
from bolus.aif.shape import shape_of

FINE = np.arange(0.0, 90.0, 0.02)
ARTERY = 50 * arterial_curve(FINE - 15)
TISSUE = 9 * tissue_of(FINE, ARTERY, 4.5, 0.02)


def sampled(values, dt):
    return np.interp(np.arange(0, 80, dt), FINE, values)


@pytest.mark.parametrize("dt", [0.5, 1.0, 2.0])
def test_shape_of_a_gamma_variate(dt):
    exact = 7 * gamma_variate(FINE - 15)
    half = FINE[exact > 3.5]
    shape = shape_of(sampled(exact, dt)[None], dt)
    assert shape.height[0] == pytest.approx(7, rel=0.05)
    assert shape.rise[0] == pytest.approx(half[0], abs=0.1 * dt)
    assert shape.width[0] == pytest.approx(half[-1] - half[0], abs=0.2 * dt)
    assert shape.peak[0] == pytest.approx(19.5, abs=dt)
    assert abs(shape.rest[0]) < 0.05


def test_shape_of_odd_curves():
    curves = np.zeros((4, 20))
    curves[1] = -1
    curves[2] = np.arange(20)
    curves[3, 10] = 1
    shape = shape_of(curves, 2.0)
    assert np.isnan(shape.rise[:2]).all()
    assert np.isnan(shape.width[:2]).all()
    assert np.isinf(shape.width[2])
    assert shape.width[3] == pytest.approx(2.0)
    assert shape.rise[3] == pytest.approx(19.0)


def score(curve, dt=1.5, noise=0.5):
    return arterial_quality(sampled(curve, dt), sampled(TISSUE, dt), noise, dt)


def test_a_textbook_artery_scores_high_and_its_notes_say_why():
    for dt in (0.7, 1.5, 2.5):
        value, notes = score(ARTERY, dt)
        assert value > 0.9
        assert len(notes) == 5
        assert not any(note.startswith("weak") for note in notes)


@pytest.mark.parametrize(
    ("curve", "word"),
    [
        (TISSUE, "peak"),
        (0.2 * ARTERY, "peak"),
        (np.interp(FINE - 6, FINE, ARTERY), "after"),
        (5 * tissue_of(FINE, np.interp(FINE + 6, FINE, ARTERY), 9.0, 0.02) * 9, "width"),
        (np.where(FINE > 18, 50.0, 0.0), "remain"),
    ],
)
def test_what_is_not_arterial_scores_low(curve, word):
    value, notes = score(curve)
    assert value < 0.1
    assert any(note.startswith("weak") and word in note for note in notes)


def test_noise_lowers_the_score():
    assert score(ARTERY, noise=0.5)[0] > score(ARTERY, noise=6.0)[0] > score(ARTERY, noise=11.0)[0]
    assert score(ARTERY, noise=13.0)[0] == 0


def test_noise_is_estimated_where_it_is_not_known():
    rng = np.random.default_rng(0)
    curve = sampled(ARTERY, 1.5)
    noisy = curve + rng.normal(0, 8, curve.size)
    value, _ = arterial_quality(noisy, sampled(TISSUE, 1.5), None, 1.5)
    assert value < arterial_quality(curve, sampled(TISSUE, 1.5), None, 1.5)[0]


def test_score_does_not_depend_on_the_unit():
    args = sampled(ARTERY, 1.5), sampled(TISSUE, 1.5)
    one = arterial_quality(args[0], args[1], 0.5, 1.5)
    other = arterial_quality(0.03 * args[0], 0.03 * args[1], 0.015, 1.5)
    assert one[0] == pytest.approx(other[0])
    assert one[1] == other[1]


def test_a_curve_without_any_peak_scores_zero():
    assert arterial_quality(np.zeros(50), sampled(TISSUE, 1.5)[:50], 1.0, 1.5)[0] == 0
    assert arterial_quality(sampled(ARTERY, 1.5), np.full(54, np.nan), 1.0, 1.5)[0] == 0


def test_a_real_arterial_input_is_recognised(shared_data):
    table = np.loadtxt(shared_data / "padova-aif" / "aif.tsv", skiprows=1)
    artery, dt = table[:, 1], 1.55
    fine = np.arange(0, table[-1, 0], 0.02)
    tissue = tissue_of(fine, np.interp(fine, table[:, 0], artery), 4.5, 0.02)
    mean = 0.2 * artery.max() * np.interp(table[:, 0], fine, tissue)
    value, _ = arterial_quality(artery, mean, None, dt)
    assert value > 0.5
    assert arterial_quality(mean, mean, None, dt)[0] < 0.1
