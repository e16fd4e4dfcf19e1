import numpy as np
import pytest
from tiny_head import arterial_curve, gamma_variate, tissue_of

from bolus.aif import arterial_score
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
    return arterial_score(sampled(curve, dt), sampled(TISSUE, dt), noise, dt)


def test_a_textbook_artery_scores_high_and_its_criteria_say_why():
    for dt in (0.7, 1.5, 2.5):
        found = score(ARTERY, dt)
        assert found.value > 0.9
        names = [criterion.name for criterion in found.criteria]
        assert names == ["height", "lead", "width", "clarity", "return"]
        assert found.concerns == ()
        assert found.value == pytest.approx(np.prod([c.value for c in found.criteria]))


@pytest.mark.parametrize(
    ("curve", "name"),
    [
        (TISSUE, "height"),
        (0.2 * ARTERY, "height"),
        (np.interp(FINE - 6, FINE, ARTERY), "lead"),
        (5 * tissue_of(FINE, np.interp(FINE + 6, FINE, ARTERY), 9.0, 0.02) * 9, "width"),
        (np.where(FINE > 18, 50.0, 0.0), "return"),
    ],
)
def test_what_is_not_arterial_scores_low(curve, name):
    found = score(curve)
    assert found.value < 0.1
    assert found.criterion(name) in found.concerns
    assert found.criterion(name).sentence in found.weak_in


def test_noise_lowers_the_score():
    def scored(noise):
        return score(ARTERY, noise=noise).value

    assert scored(0.5) > scored(6.0) > scored(11.0)
    assert scored(13.0) == 0


def test_noise_is_estimated_where_it_is_not_known():
    rng = np.random.default_rng(0)
    curve = sampled(ARTERY, 1.5)
    noisy = curve + rng.normal(0, 8, curve.size)
    value = arterial_score(noisy, sampled(TISSUE, 1.5), None, 1.5).value
    assert value < arterial_score(curve, sampled(TISSUE, 1.5), None, 1.5).value


def test_score_does_not_depend_on_the_unit():
    args = sampled(ARTERY, 1.5), sampled(TISSUE, 1.5)
    one = arterial_score(args[0], args[1], 0.5, 1.5)
    other = arterial_score(0.03 * args[0], 0.03 * args[1], 0.015, 1.5)
    assert one.value == pytest.approx(other.value)
    assert [c.sentence for c in one.criteria] == [c.sentence for c in other.criteria]


def test_a_curve_without_any_peak_scores_zero():
    assert arterial_score(np.zeros(50), sampled(TISSUE, 1.5)[:50], 1.0, 1.5).value == 0
    assert arterial_score(sampled(ARTERY, 1.5), np.full(54, np.nan), 1.0, 1.5).value == 0


def test_a_real_arterial_input_is_recognised(shared_data):
    table = np.loadtxt(shared_data / "padova-aif" / "aif.tsv", skiprows=1)
    artery, dt = table[:, 1], 1.55
    fine = np.arange(0, table[-1, 0], 0.02)
    tissue = tissue_of(fine, np.interp(fine, table[:, 0], artery), 4.5, 0.02)
    mean = 0.2 * artery.max() * np.interp(table[:, 0], fine, tissue)
    value = arterial_score(artery, mean, None, dt).value
    assert value > 0.5
    assert arterial_score(mean, mean, None, dt).value < 0.1
