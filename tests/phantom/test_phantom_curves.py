import numpy as np
import pytest

from bolus.data import CurveError, InputError
from bolus.phantom import CurvePrior, arterial_input, clean_curves, simulate_curves
from bolus.physics import RESIDUES, ForwardModel, area, cbv_scale

DT = 1.5
TIME = DT * np.arange(80)
AIF = arterial_input(TIME, onset=18.0)


@pytest.fixture(scope="module")
def curves():
    return simulate_curves(np.random.default_rng(1), CurvePrior(), 600, AIF, DT, snr=40.0)


def test_parameters_fill_their_ranges(curves):
    t = curves.truth
    assert 1.5 <= t.mtt.min() < 1.7
    assert 18 < t.mtt.max() <= 20
    assert -1 <= t.delay.min() < -0.9
    assert 3.9 < t.delay.max() <= 4
    volume = t.cbv * cbv_scale()
    assert 1 <= volume.min() < 1.1
    assert 7 < volume.max() <= 8
    # log-uniform: the median is the geometric mean of the ends
    assert np.median(t.mtt) == pytest.approx(np.sqrt(1.5 * 20), rel=0.15)
    np.testing.assert_allclose(t.cbf * t.mtt, t.cbv)


def test_six_families_have_equal_weight(curves):
    assert sorted(curves.truth.names) == sorted(
        ("exponential", "lorentzian", "box", "gamma", "biexponential", "fermi")
    )
    counts = np.bincount(curves.truth.residue, minlength=6)
    assert counts.min() > 65
    assert counts.max() < 140


def test_every_curve_is_the_forward_model_of_its_own_family(curves):
    t = curves.truth
    for i in range(30):
        name = t.names[t.residue[i]]
        shape = 3.0 if name == "gamma" else None
        pick = slice(i, i + 1)
        one = ForwardModel(AIF, DT, RESIDUES[name])(t.cbf[pick], t.mtt[pick], t.delay[pick], shape)
        np.testing.assert_allclose(curves.clean[i], one[0], atol=1e-9)


def test_area_of_short_transits_is_the_blood_volume(curves):
    t = curves.truth
    short = (t.mtt < 4) & (t.residue == t.names.index("exponential"))
    ratio = area(curves.clean[short], DT) / area(AIF, DT)
    np.testing.assert_allclose(ratio, t.cbv[short], rtol=0.02)


def test_noise_has_the_stated_sd(curves):
    late = curves.tissue[:, 20:] - curves.clean[:, 20:]
    score = late / curves.noise_sd[:, 20:]
    usual = curves.noise_sd[:, 20:] < 1.5 * curves.noise_sd.min()
    # S0 comes from about ten noisy frames, which adds a twentieth
    assert score[usual].std() == pytest.approx(1.05, abs=0.04)
    assert curves.noise_sd[:, 0] == pytest.approx(1 / (40 * 0.03))


def test_noise_grows_where_the_signal_is_low(curves):
    deepest = curves.clean.argmax(axis=1)
    rows = np.arange(deepest.size)
    expected = np.exp(0.03 * curves.clean.max(axis=1)) / (40 * 0.03)
    np.testing.assert_allclose(curves.noise_sd[rows, deepest], expected)


def test_concentration_of_a_lost_signal_stops_at_the_floor():
    strong = CurvePrior(cbv=(60.0, 70.0), mtt=(2.0, 3.0))
    out = simulate_curves(np.random.default_rng(0), strong, 50, AIF, DT, snr=20.0)
    assert out.tissue.max() == pytest.approx(np.log(100) / 0.03)
    assert np.isfinite(out.tissue).all()


def test_a_finer_arterial_input_gives_nearly_the_same_curves():
    prior = CurvePrior()
    truth = prior.sample(np.random.default_rng(2), 60)
    fine = arterial_input(DT / 4 * np.arange(4 * TIME.size), onset=18.0)
    coarse = clean_curves(truth, prior, AIF, DT)
    better = clean_curves(truth, prior, fine, DT, 4)
    assert better.shape == coarse.shape
    gap = np.abs(coarse - better).max(axis=1) / better.max(axis=1)
    assert 1e-5 < gap.max() < 0.06


def test_same_seed_same_curves():
    a, b, c = (
        simulate_curves(np.random.default_rng(seed), CurvePrior(), 20, AIF, DT).tissue
        for seed in (7, 7, 8)
    )
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a, c)


def test_one_family_can_be_left_alone():
    prior = CurvePrior(families={"weibull": (RESIDUES["weibull"], 1.5)}, delay=(0.0, 0.0))
    out = simulate_curves(np.random.default_rng(0), prior, 5, AIF, DT)
    assert out.truth.names == ("weibull",)
    assert (out.truth.delay == 0).all()


@pytest.mark.parametrize("bad", [{"snr": 0.0}, {"te": -0.03}, {"oversampling": 0}])
def test_impossible_measurement_is_refused(bad):
    with pytest.raises(InputError, match="must be positive"):
        simulate_curves(np.random.default_rng(0), CurvePrior(), 3, AIF, DT, **bad)


def test_no_baseline_is_refused():
    early = arterial_input(TIME, onset=0.5)
    with pytest.raises(CurveError, match="two frames"):
        simulate_curves(np.random.default_rng(0), CurvePrior(), 3, early, DT)
    with pytest.raises(CurveError, match="found 1"):
        simulate_curves(np.random.default_rng(0), CurvePrior(), 3, AIF, DT, baseline=1)


@pytest.mark.parametrize(
    "bad", [{"mtt": (0.0, 5.0)}, {"cbv": (4.0, 2.0)}, {"delay": (1.0, 0.0)}, {"families": {}}]
)
def test_impossible_prior_is_refused(bad):
    with pytest.raises(InputError, match="found"):
        CurvePrior(**bad)
