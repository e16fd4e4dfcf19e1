import numpy as np
import pytest

from bolus.data import InputError
from bolus.phantom import ArterialShape, arterial_input, random_arterial_inputs
from bolus.phantom.arterial import gamma_variate

TIME = np.arange(0, 90, 1.5)


def test_peak_on_fine_grid_is_the_amplitude():
    fine = np.arange(0, 90, 0.01)
    for recirculation, tail in ((0.0, 0.0), (0.2, 0.08)):
        curve = arterial_input(fine, amplitude=80.0, recirculation=recirculation, tail=tail)
        assert curve.max() == pytest.approx(80.0, rel=2e-3)


def test_nothing_arrives_before_the_onset():
    curve = arterial_input(TIME, onset=20.0)
    assert (curve[TIME <= 20] == 0).all()
    assert (curve[TIME > 20] > 0).all()


def test_first_pass_is_the_textbook_gamma_variate():
    s = np.linspace(0.1, 30, 50)
    r, b = 2.7, 1.4
    plain = s**r * np.exp(-s / b)
    np.testing.assert_allclose(
        gamma_variate(s, r, b), plain / ((r * b) ** r * np.exp(-r)), rtol=1e-10
    )


def test_value_does_not_depend_on_the_grid_it_is_asked_on():
    shape = ArterialShape.sample(np.random.default_rng(3))
    fine = np.arange(0, 90, 0.3)
    np.testing.assert_array_equal(shape(fine)[::5], shape(fine[::5]))


def test_recirculation_is_a_second_late_and_broader_pass():
    fine = np.arange(0, 90, 0.1)
    with_it = arterial_input(fine, recirculation=0.2, tail=0.0, return_time=10.0)
    without = arterial_input(fine, recirculation=0.0, tail=0.0)
    extra = with_it - without
    assert np.abs(extra[fine < 25]).max() < 1e-9
    # the second pass peaks dispersion·r·b after its start
    assert fine[extra.argmax()] == pytest.approx(15 + 10 + 1.6 * 3 * 1.8, abs=0.2)
    assert extra.max() == pytest.approx(0.2 * 120, rel=0.02)


def test_tail_outlasts_the_passes():
    end = np.array([85.0])
    assert arterial_input(end, tail=0.0)[0] < 0.05
    assert arterial_input(end, tail=0.05)[0] > 3.0


def test_random_shapes_stay_in_their_ranges_and_keep_the_dose():
    rng = np.random.default_rng(0)
    shapes = [ArterialShape.sample(rng) for _ in range(200)]
    ranges = {"onset": (10, 35), "r": (2, 4), "b": (1.2, 2.5), "return_time": (6, 12)}
    for name, (low, high) in ranges.items():
        values = np.array([getattr(s, name) for s in shapes])
        assert low <= values.min() < low + 0.1 * (high - low)
        assert high - 0.1 * (high - low) < values.max() <= high
    fine = np.linspace(0, 60, 2000)
    first = [s.amplitude * np.trapezoid(gamma_variate(fine, s.r, s.b), fine) for s in shapes]
    assert min(first) > 950
    assert max(first) < 1950


def test_many_at_once_are_different_and_repeatable():
    one = random_arterial_inputs(np.random.default_rng(5), 6, TIME)
    two = random_arterial_inputs(np.random.default_rng(5), 6, TIME)
    assert one.shape == (6, TIME.size)
    np.testing.assert_array_equal(one, two)
    assert np.abs(np.diff(one, axis=0)).max(axis=1).min() > 1


@pytest.mark.parametrize("bad", [{"amplitude": 0.0}, {"b": -1.0}, {"r": 0.0}, {"tail": -0.1}])
def test_no_bolus_is_refused(bad):
    with pytest.raises(InputError, match="found"):
        arterial_input(TIME, **bad)


def test_no_curves_is_refused():
    with pytest.raises(InputError, match="n = 0"):
        random_arterial_inputs(np.random.default_rng(0), 0, TIME)
