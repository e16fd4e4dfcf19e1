"""The patient posterior: what voxels of one brain say of each other."""

from dataclasses import dataclass

import numpy as np
import pytest
from estimator_cases import DT, gamma_variate

from bolus.data import CurveError, MethodError
from bolus.estimators import Places, deconvolve, deconvolve_patient
from bolus.estimators.joint import Joint, among, blocks
from bolus.estimators.joint.amplitude import loose, of_patient
from bolus.estimators.joint.blocks import Curves
from bolus.estimators.joint.box import Points, tissue_around
from bolus.estimators.joint.dispersion import LOOKED_AT, learned
from bolus.estimators.joint.gaussian import ANYTHING, Gaussian, Mixture, around
from bolus.estimators.joint.marginals import middle_and_width
from bolus.estimators.joint.messages import Messages, messages
from bolus.estimators.joint.moments import Moments
from bolus.estimators.joint.neighbours import OPEN, local_prior
from bolus.estimators.joint.points import points
from bolus.estimators.joint.population import learn_population
from bolus.estimators.joint.posterior import RESIDUE_SD
from bolus.estimators.joint.residue import MIXED, tissue_of
from bolus.estimators.joint.templates import MTTS, SHAPES, undispersed
from bolus.physics import RESIDUES, ForwardModel, dispersed

GRID = (20, 20, 6)
NOISE = 0.006
STEPS = 8


@dataclass(frozen=True, eq=False)
class Brain:
    """A block of tissue with a lesion in its middle; ``truth`` by name, each (n,)."""

    tissue: np.ndarray
    aif: np.ndarray
    places: Places
    truth: dict[str, np.ndarray]
    lesion: np.ndarray

    def error(self, found, where):
        return float(np.abs(np.log(found.cbf / self.truth["cbf"]))[where].mean())

    def ratio(self, found, where):
        return float(np.median((found.cbf / self.truth["cbf"])[where]))


def brain(lesion_mtt=10.0, late=None, noise=NOISE, seed=5, residue="weibull", shape=1.25):
    """Tissue of MTT 4.5 s ± 8 %, one shape and delay 0.6 s; ``late`` s are added to one half."""
    rng = np.random.default_rng(seed)
    index = np.argwhere(np.ones(GRID, dtype=bool))
    n = len(index)
    ball = np.linalg.norm((index - [10, 10, 2.5]) * [1, 1, 1.5], axis=1) <= 2.6
    mtt = np.where(ball, lesion_mtt, 4.5 * np.exp(0.08 * rng.normal(size=n)))
    delay = 0.6 + 0.2 * rng.normal(size=n)
    if late is not None:
        delay = delay + np.where(index[:, 0] < GRID[0] // 2, late, 0.0)
    cbv = np.where(index[:, 1] % 4 < 2, 0.045, 0.022) * np.exp(0.1 * rng.normal(size=n))
    fine = gamma_variate(60 * STEPS, DT / STEPS)
    aif = fine[::STEPS]
    model = ForwardModel(fine, DT / STEPS, RESIDUES[residue])
    form = None if residue == "exponential" else np.full(n, shape)
    clean = model(cbv / mtt, mtt, delay, form)[:, ::STEPS]
    tissue = clean + noise * aif.max() * rng.normal(size=clean.shape)
    truth = {"cbv": cbv, "cbf": cbv / mtt, "mtt": mtt, "delay": delay}
    return Brain(tissue, aif, Places(index, GRID), truth, ball)


def patches(mtts, noise=0.0005):
    """Patches of 25 voxels of exponential tissue, one of each of ``mtts``, and these."""
    rng = np.random.default_rng(8)
    index = np.argwhere(np.ones((5 * len(mtts), 5, 1), dtype=bool))
    mtt = np.array(mtts)[index[:, 0] // 5]
    fine = gamma_variate(60 * STEPS, DT / STEPS)
    model = ForwardModel(fine, DT / STEPS, RESIDUES["exponential"])
    clean = model(0.04 / mtt, mtt, np.zeros(len(mtt)))[:, ::STEPS]
    aif = fine[::STEPS]
    tissue = clean + noise * aif.max() * rng.normal(size=clean.shape)
    places = Places(index, (5 * len(mtts), 5, 1))
    return Brain(tissue, aif, places, {"cbf": 0.04 / mtt}, mtt < 0), mtt


@pytest.fixture(scope="module")
def one():
    return brain()


def solve(of, method=None, **changes):
    places = changes.pop("places", of.places)
    noise = changes.pop("noise", NOISE * of.aif.max())
    return deconvolve_patient(of.tissue, of.aif, DT, places, method or Joint(), noise, **changes)


@pytest.fixture(scope="module")
def solved(one):
    return solve(one)


class TestBrain:
    def test_what_residues_leave_unknown_is_in_intervals_of_flow_and_transit(self, one, solved):
        assert solved.common == RESIDUE_SD
        for name, least in (("mtt", 0.999 * RESIDUE_SD), ("cbf", 0.999 * RESIDUE_SD), ("cbv", 0.0)):
            low, high = solved.interval(name, 0.6827)
            widths = np.log(high / low) / 2
            assert widths.min() > least
        assert widths.min() < RESIDUE_SD  # an area does not know what form a residue has
        assert solve(one, Joint(population=False)).common == 0

    def test_the_others_take_off_a_third_of_the_error(self, one, solved):
        loose = deconvolve(one.tissue, one.aif, DT, "joint", NOISE * one.aif.max())
        usual = ~one.lesion
        assert one.error(solved, usual) < 0.67 * one.error(loose, usual)

    def test_a_population_alone_hides_a_lesion_and_neighbours_show_it(self, one, solved):
        hidden = solve(one, Joint(spatial=False))
        assert one.ratio(hidden, one.lesion) > 1.25
        assert 0.85 < one.ratio(solved, one.lesion) < 1.3

    def test_without_a_population_each_voxel_is_on_its_own(self, one):
        found = solve(one, Joint(population=False))
        loose = deconvolve(one.tissue, one.aif, DT, "joint", NOISE * one.aif.max())
        np.testing.assert_allclose(found.mtt, loose.mtt, rtol=2e-3)

    @pytest.mark.parametrize("late", [6.0, 12.0])
    def test_half_a_brain_may_be_late(self, late):
        of = brain(late=late, noise=0.003)
        found = solve(of, noise=0.003 * of.aif.max())
        half = of.places.index[:, 0] < GRID[0] // 2
        for where in (half & ~of.lesion, ~half & ~of.lesion):
            assert abs(np.median((found.delay - of.truth["delay"])[where])) < 0.3
            assert 0.9 < of.ratio(found, where) < 1.1

    def test_noise_does_not_pull_to_long_transit_times(self):
        """A flat amplitude would weigh cells by 1/|template|: MTT 1.3 times the truth here."""
        of = brain(noise=0.025)
        found, usual = solve(of, noise=0.025 * of.aif.max()), ~of.lesion
        assert 0.85 < np.median((found.mtt / of.truth["mtt"])[usual]) < 1.12
        assert abs(np.median((found.delay - of.truth["delay"])[usual])) < 0.35

    @pytest.mark.parametrize("shape", [1.0, 2.5])
    def test_a_patients_residues_are_told_from_those_of_others(self, shape):
        """With one prior of shapes for all patients MTT is 1.08 and 0.75 of the truth."""
        of = brain(shape=shape)
        found = solve(of)
        assert 0.82 < np.median((found.mtt / of.truth["mtt"])[~of.lesion]) < 1.05

    def test_a_dispersed_input_is_seen(self):
        """With none in the model CBF is half of the truth."""
        plain = brain(noise=0.003)
        wide = dispersed(plain.tissue, DT, 4.0)
        noise = 0.003 * plain.aif.max()
        of = Brain(wide, plain.aif, plain.places, plain.truth, plain.lesion)
        found = deconvolve_patient(wide, of.aif, DT, of.places, Joint(), noise)
        assert 0.62 < of.ratio(found, ~of.lesion) < 1.1

    def test_intervals_hold_the_truth(self, one, solved):
        for name in ("cbv", "cbf", "mtt"):
            low, high = solved.interval(name)
            held = np.mean((low <= one.truth[name]) & (one.truth[name] <= high))
            assert held > 0.85, name

    def test_what_a_curve_says_of_transit_has_an_end(self):
        """With a tenth of the noise the transit time is no surer: a model errs."""
        widths = []
        for noise in (0.2 * NOISE, 0.02 * NOISE):
            made = brain(noise=noise)
            found = solve(made, noise=noise * made.aif.max()).posterior
            widths.append(np.median(found.sd[:, 2]))
        assert widths[1] > 0.8 * widths[0]

    def test_patches_of_clear_curves_are_read_right(self):
        """Where cells of the grid decide, and neighbours follow, CBF is 1.3 times the truth."""
        of, true = patches((2.5, 3.0, 3.4, 4.0, 4.8, 6.0, 8.0, 12.0))
        found = solve(of, noise=0.0005 * of.aif.max())
        for mtt in np.unique(true):
            assert 0.9 < of.ratio(found, true == mtt) < 1.2, mtt

    def test_the_order_of_the_voxels_does_not_matter(self, one, solved):
        order = np.random.default_rng(2).permutation(len(one.tissue))
        shuffled = Brain(one.tissue[order], one.aif, one.places.some(order), {}, one.lesion)
        np.testing.assert_allclose(solve(shuffled).cbf, solved.cbf[order], rtol=0.05)

    def test_a_bad_voxel_is_as_if_it_were_not_there(self, one):
        broken = one.tissue.copy()
        broken[7, 3] = np.nan
        rest = np.arange(len(broken)) != 7
        found = solve(Brain(broken, one.aif, one.places, {}, one.lesion))
        left = Brain(one.tissue[rest], one.aif, one.places.some(rest), {}, one.lesion)
        assert np.isnan(found.cbf[7])
        np.testing.assert_allclose(found.cbf[rest], solve(left).cbf, rtol=1e-5)

    def test_slices_of_other_times_are_told_apart_from_delays(self, one, solved):
        """A curve acquired 0.75 s later shows everything 0.75 s earlier."""
        late = np.where(one.places.index[:, 2] % 2, DT / 2, 0.0)
        shifted = brain()
        early = brain()
        moved = Brain(
            np.where(late[:, None] > 0, _sampled_later(early), shifted.tissue),
            one.aif,
            Places(one.places.index, GRID, late),
            one.truth,
            one.lesion,
        )
        found = solve(moved)
        for parity in (0, 1):
            where = (one.places.index[:, 2] % 2 == parity) & ~one.lesion
            assert abs(np.median((found.delay - solved.delay)[where])) < 0.25
            assert 0.95 < one.ratio(found, where) / one.ratio(solved, where) < 1.05


def _sampled_later(of):
    """The same curves, noise and all, half a frame earlier."""
    model = ForwardModel(gamma_variate(60 * STEPS, DT / STEPS), DT / STEPS, RESIDUES["weibull"])
    shape = np.full(len(of.tissue), 1.25)
    cbf, mtt, delay = (of.truth[k] for k in ("cbf", "mtt", "delay"))
    clean = model(cbf, mtt, delay, shape)[:, ::STEPS]
    return of.tissue - clean + model(cbf, mtt, delay - DT / 2, shape)[:, ::STEPS]


class TestRefusals:
    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (lambda p: Places(p.index[:-1], p.shape), r"places are \(2400, 3\) whole numbers"),
            (lambda p: Places(p.index - 1, p.shape), "inside their grid"),
            (lambda p: Places(p.index * 0, p.shape), "some twice"),
        ],
    )
    def test_places_that_are_none(self, one, change, words):
        with pytest.raises(CurveError, match=words):
            _unchecked(one, change(one.places))

    def test_a_method_that_knows_no_others(self, one):
        with pytest.raises(MethodError, match="estimates each voxel alone"):
            solve(one, "osvd")


def _unchecked(of, places):
    return deconvolve_patient(of.tissue, of.aif, DT, places, noise_sd=NOISE)


@pytest.mark.parametrize(("time", "dt"), [(0.0, DT), (1.1, DT), (4.0, DT), (1.1, 2.0)])
def test_templates_are_the_forward_models(time, dt):
    aif = gamma_variate(60, dt)
    table = undispersed(aif, dt).dispersed(time)
    mtts, delays = np.array([5, 20]), np.array([-2, 3])
    curves, cells = table.curves(mtts, delays), table.cells(mtts, delays)
    assert curves.shape == (SHAPES.size * 4, 60)
    fine = dispersed(gamma_variate(60 * STEPS, dt / STEPS), dt / STEPS, time)
    for place in (0, 7, 21):
        log_mtt, delay, log_shape = cells[place]
        mtt = np.exp([log_mtt])
        assert np.isclose(mtt[0], MTTS[mtts]).any()
        model = ForwardModel(fine, dt / STEPS, RESIDUES["weibull"])
        expected = model(1 / mtt, mtt, np.array([delay - time]), np.exp([log_shape]))[0, ::STEPS]
        np.testing.assert_allclose(curves[place], expected, atol=0.02 * expected.max())


def test_dispersion_can_be_undone():
    """The templates of an input dispersed by 0.6 s, with that undone, are those of the input."""
    aif = gamma_variate(60 * STEPS, DT / STEPS)
    wide = dispersed(aif, DT / STEPS, 0.6)
    mtts, delays = np.array([12, 24]), np.array([0, 4])
    expected, cut = undispersed(aif[::STEPS], DT).dispersed(0.0), slice(10, 55)
    back = undispersed(wide[::STEPS], DT).dispersed(-2 * expected.step + 0.1)
    undone = back.curves(mtts, delays)
    away = [
        np.abs(undone - expected.curves(mtts, delays + late))[:, cut].max() for late in (0, 2, 4)
    ]
    assert away[1] < 0.5 * min(away[0], away[2])
    assert away[1] < 0.06 * expected.fine.max()


def test_a_patients_dispersion_is_what_the_voxels_say_of_it():
    true = LOOKED_AT[3]
    evidence = -0.5 * ((np.log1p(np.maximum(LOOKED_AT, 0)) - np.log1p(true)) / 0.5) ** 2
    time, sd = learned(np.tile(evidence, (500, 1)))
    assert time == pytest.approx(true, abs=0.3)
    assert sd < 0.5
    time, sd = learned(np.tile(evidence, (26, 1)))
    assert time == 0.0  # none is more probable than some, though not by much
    assert sd > 0.9


def test_a_tenth_of_the_voxels_decides_nothing_of_dispersion():
    """Slow box-like tissue asks for seconds of it by e-folds; the others say there is none."""
    none = np.tile(-0.5 * np.square(np.log1p(np.maximum(LOOKED_AT, 0)) / 0.3), (450, 1))
    odd = np.tile(30.0 * LOOKED_AT / LOOKED_AT[-1], (50, 1))
    assert learned(np.concatenate([none, odd]))[0] == 0.0


def test_the_shape_of_a_patient_is_what_most_curves_say():
    """Each says little; some, of another tissue, say very much of another shape."""
    away = (np.log(SHAPES) - np.log(2.5)) / 0.6
    said = -0.5 * np.square(away + 0.5 * np.random.default_rng(0).normal(size=(1000, 1)))
    odd = np.tile(30.0 * np.linspace(1, 0, SHAPES.size), (100, 1))
    tissue = tissue_of(np.concatenate([said, odd]))
    assert np.exp(tissue.mean[2] - MIXED) == pytest.approx(2.5, rel=0.1)
    nothing = tissue_of(np.zeros((1000, SHAPES.size)))
    assert nothing.mean[2] - MIXED == pytest.approx(ANYTHING.mean[2], abs=0.1)


def test_medians_and_widths_are_those_of_a_normal_distribution():
    at = np.linspace(-3, 3, 61)
    weight = np.exp(-0.5 * ((at - np.array([[0.3], [-0.5]])) / np.array([[0.5], [0.3]])) ** 2)
    order = np.random.default_rng(0).permutation(at.size)
    middle, width = middle_and_width(
        (weight / weight.sum(axis=1, keepdims=True))[:, order], at[order]
    )
    np.testing.assert_allclose(middle, [0.3, -0.5], atol=0.01)
    np.testing.assert_allclose(width, [0.5, 0.3], rtol=0.03)


def test_a_prior_is_divided_out_of_a_gaussian():
    rng = np.random.default_rng(0)
    root = rng.normal(size=(50, 3, 3))
    own = root @ root.transpose(0, 2, 1) * 0.05 + 0.01 * np.eye(3)
    mean = ANYTHING.mean + 0.3 * rng.normal(size=(50, 3))
    prior = np.linalg.inv(ANYTHING.covariance)
    covariance = np.linalg.inv(np.linalg.inv(own) + prior)
    slope = np.linalg.solve(own, mean[..., None])[..., 0] + prior @ ANYTHING.mean
    said = messages(moments(np.einsum("nij,nj->ni", covariance, slope), covariance), ANYTHING)
    np.testing.assert_allclose(said.covariance, own, rtol=0.02, atol=1e-3)
    np.testing.assert_allclose(said.mean, mean, atol=0.01)


@pytest.mark.parametrize("part", [0.5, 0.99, 1.2])
def test_a_posterior_with_several_peaks_is_no_message(part):
    """Its variance is a ``part`` of the prior's: what it tells lies within what is said to be."""
    mean = ANYTHING.mean + np.sqrt(np.diag(ANYTHING.covariance))
    said = messages(moments(mean[None], part * ANYTHING.covariance[None]), ANYTHING)
    expected = np.sqrt(np.diag(said.covariance[0] + ANYTHING.covariance))
    assert (np.abs(said.mean[0] - ANYTHING.mean) / expected).max() < 2.5


def test_what_is_known_in_one_direction_only_stays_a_likelihood():
    """Nothing is said of one direction and very much of another: no variance is below zero."""
    axes = np.linalg.qr(np.random.default_rng(4).normal(size=(200, 3, 3)))[0]
    share = np.array([5e-5, 1 - 1e-6, 1 - 1e-6])
    root = np.linalg.cholesky(ANYTHING.covariance)
    covariance = root @ (axes * share) @ axes.transpose(0, 2, 1) @ root.T
    single = covariance.astype(np.float32)
    said = messages(moments(np.tile(ANYTHING.mean, (200, 1)), single), ANYTHING)
    kept = np.clip(share, 1e-4, 0.999)
    likely = root @ (axes * (kept / (1 - kept))) @ axes.transpose(0, 2, 1) @ root.T
    least = np.linalg.eigvalsh(likely)[:, 0]
    np.testing.assert_allclose(np.linalg.eigvalsh(said.covariance)[:, 0], least, rtol=0.01)


def moments(mean, covariance):
    """Those of which only log MTT, delay and log shape are looked at."""
    n = len(mean)
    return Moments(mean, covariance, *(np.zeros(n),) * 3)


@pytest.mark.parametrize("sd", [0.08, 0.3])
def test_a_population_has_the_spread_of_its_tissue(sd):
    """Not that of the estimates, and no floor added at every round."""
    rng = np.random.default_rng(1)
    n = 3000
    tissue = around((np.log(5.0), 1.0, np.log(1.3)), (sd, 0.5, 0.15))
    own = np.diag([0.25, 0.4, 0.2]) ** 2
    value = rng.multivariate_normal(tissue.mean, tissue.covariance + own, size=n)
    found = learn_population(Messages(value, np.broadcast_to(own, (n, 3, 3)).copy())).whole()
    assert found.mean[0] == pytest.approx(np.log(5.0), abs=0.03)
    assert np.sqrt(found.covariance[0, 0]) == pytest.approx(sd, abs=0.05)


SPREAD = np.diag([0.1, 0.4, 0.15]) ** 2
IN_TIME, LATE = (
    Gaussian(np.array([np.log(mtt), delay, 0.3]), SPREAD) for mtt, delay in ((4.5, 0.8), (9.0, 6.0))
)
PATIENT = Mixture(np.array([0.45, 0.4, 0.05]), (IN_TIME, IN_TIME, LATE))


def test_late_tissue_is_known_as_such():
    """Where all say that they are late, as a part of the patient is, they are held to that part."""
    index = np.argwhere(np.ones((6, 6, 4), dtype=bool))
    own = np.diag([0.7, 3.0, 0.4]) ** 2
    noise = np.random.default_rng(8).multivariate_normal(np.zeros(3), own, size=len(index))
    said = Messages(LATE.mean + noise, np.broadcast_to(own, (len(index), 3, 3)).copy())
    prior = local_prior(said, PATIENT, Places(index, (6, 6, 4)))
    assert prior.share[:, 1].mean() > 0.5
    assert np.sqrt(prior.covariance[:, 1, 1, 1].mean()) < 0.6
    np.testing.assert_allclose(prior.mean[:, 1, 1].mean(), 6.0, atol=0.5)


def test_a_local_prior_is_a_density():
    """Its mass over a wide grid of cells is 1, for a voxel of usual tissue and one of a lesion."""
    rng = np.random.default_rng(3)
    index = np.argwhere(np.ones((5, 5, 3), dtype=bool))
    value = np.array([np.log(4.5), 0.8, 0.3]) + 0.05 * rng.normal(size=(75, 3))
    value[index[:, 0] > 2] += [0.9, 1.0, 0.0]
    said = Messages(value, np.broadcast_to(0.01 * np.eye(3), (75, 3, 3)).copy())
    prior = local_prior(said, PATIENT, Places(index, (5, 5, 3)))
    axes = np.linspace(-1.5, 5, 66), np.linspace(-16, 18, 171), np.linspace(-2, 2.6, 47)
    cells = np.stack([a.ravel() for a in np.meshgrid(*axes, indexing="ij")], axis=1)
    cell = np.prod([a[1] - a[0] for a in axes])
    rows = np.array([0, 74])
    mass = np.exp(prior(rows, cells)) * cell
    np.testing.assert_allclose(mass.sum(axis=1), 1, atol=0.02)
    middle = mass @ cells[:, 0]
    assert middle[1] > middle[0] + 0.5
    assert 0 < OPEN < 1


class TestVolume:
    def found(self, volume, sd):
        n, three = len(volume), np.zeros((len(volume), 3))
        spread = np.broadcast_to(np.eye(3), (n, 3, 3))
        return Moments(three, spread, volume, sd**2, np.zeros(n))

    def test_a_sure_volume_stays(self):
        volume = np.array([0.01, 0.0451, 0.2])
        told = loose(self.found(volume, 1e-3 * volume))
        np.testing.assert_allclose(np.exp(told.mean), volume, rtol=1e-4)
        np.testing.assert_allclose(told.sd, 1e-3, rtol=0.02)

    def test_a_volume_below_zero_is_small_and_unsure(self):
        told = loose(self.found(np.array([-0.02]), np.array([0.01])))
        assert np.exp(told.mean[0]) < 0.01
        assert told.sd[0] > 0.3

    def test_points_help_unsure_voxels_and_leave_sure_ones(self):
        """Half of a plane has twice the volume of the other; points have a quarter of the noise."""
        rng = np.random.default_rng(0)
        plane = Places(np.argwhere(np.ones((40, 40, 1), dtype=bool)), (40, 40, 1))
        true = np.where(plane.index[:, 0] < 20, 0.02, 0.04) * np.exp(0.1 * rng.normal(size=1600))
        made = blocks.blocks(plane)
        errors = {}
        for noise in (0.3, 0.02):
            sd = np.full(1600, noise * 0.03)
            found = self.found(true + sd * rng.normal(size=1600), sd)
            few = true[made.first] + sd[made.first] / 4 * rng.normal(size=len(made.first))
            known = Points(made.first, self.found(few, sd[made.first] / 4))
            errors[noise] = [
                np.abs(of_patient(found, plane, points).mean - np.log(true)).mean()
                for points in (None, known)
            ]
        assert errors[0.3][1] < 0.95 * errors[0.3][0]
        assert errors[0.02][1] == pytest.approx(errors[0.02][0], rel=0.03)

    def test_the_brains_volumes_help_an_unsure_one(self):
        rng = np.random.default_rng(0)
        true = np.where(rng.random(4000) < 0.5, 0.02, 0.05)
        sd = np.full(4000, 0.008)
        found = self.found(true + sd * rng.normal(size=4000), sd)
        errors = [
            np.abs(told.mean - np.log(true)).mean()
            for told in (loose(found), of_patient(found, None))
        ]
        assert errors[1] < 0.7 * errors[0]


def test_even_tissue_is_seen_as_such():
    """A voxel is held nearer to its neighbours where voxels differ less than their noise."""
    rng = np.random.default_rng(6)
    index = np.argwhere(np.ones((12, 12, 4), dtype=bool))
    own = np.diag([0.15, 0.3, 0.15]) ** 2
    noise = rng.multivariate_normal([np.log(4.5), 0.8, 0.3], own, size=len(index))
    widths = []
    for sd in (0.0, 0.15):
        value = noise + rng.normal(size=noise.shape) * [sd, 2 * sd, sd]
        said = Messages(value, np.broadcast_to(own, (len(index), 3, 3)).copy())
        prior = local_prior(said, PATIENT, Places(index, (12, 12, 4)))
        widths.append(float(prior.covariance[:, 0, 0, 0].mean()))
    assert widths[0] < 0.5 * widths[1]


class TestPoints:
    PLACES = Places(np.argwhere(np.ones((4, 3, 2), dtype=bool)), (4, 3, 2))
    PLANE = Places(np.argwhere(np.ones((40, 40, 1), dtype=bool)), (40, 40, 1))
    AIF = np.r_[np.zeros(20), np.ones(10)]

    def test_a_block_is_the_mean_of_its_voxels_and_its_noise_averages_out(self, monkeypatch):
        monkeypatch.setattr(blocks, "_excess", lambda curves, aif: 1.0)
        rng = np.random.default_rng(0)
        tissue, sd = rng.normal(size=(24, 30)), rng.uniform(1, 2, size=(24, 30))
        sd[self.PLACES.index[:, 2] == 1, 4] = np.inf
        made = blocks.blocks(self.PLACES)
        coarse = blocks.joined(Curves(tissue, sd), made, np.ones(30))
        assert made.places.shape == (2, 2, 2)
        for row, place in enumerate(made.places.index):
            inside = (self.PLACES.index // [2, 2, 1] == place).all(axis=1)
            assert inside[made.first[row]]
            np.testing.assert_array_equal(made.of == row, inside)
            np.testing.assert_allclose(coarse.tissue[row], tissue[inside].mean(axis=0))
            expected = np.sqrt(np.square(sd[inside]).sum(axis=0)) / inside.sum()
            np.testing.assert_allclose(coarse.noise_sd[row], expected)
            assert np.isinf(coarse.noise_sd[row, 4]) == (place[2] == 1)

    @pytest.mark.parametrize("shared", [True, False])
    def test_noise_that_neighbours_share_does_not_average_out(self, shared):
        rng = np.random.default_rng(0)
        noise = rng.normal(size=(20, 20, 30)) if shared else rng.normal(size=(40, 40, 30))
        if shared:
            noise = noise.repeat(2, axis=0).repeat(2, axis=1)
        curves = Curves(noise.reshape(1600, 30), np.ones((1600, 1)))
        made = blocks.blocks(self.PLANE)
        coarse = blocks.joined(curves, made, self.AIF)
        np.testing.assert_allclose(coarse.noise_sd, 1 if shared else 0.5, rtol=0.05)
        mean = points(curves, self.PLANE, made, self.AIF)
        inside = ((made.places.index > 1) & (made.places.index < 18))[:, :2].all(axis=1)
        ratio = mean.tissue[inside].std() / np.median(mean.noise_sd[inside])
        assert ratio == pytest.approx(1, abs=0.1)

    def test_a_point_is_the_mean_of_what_agrees_with_it(self):
        """Beside tissue with curves six times as large and 4 frames earlier."""
        rng = np.random.default_rng(1)
        small, large = (np.exp(-0.5 * ((np.arange(30) - at) / 4) ** 2) for at in (14, 10))
        edge = self.PLANE.index[:, 0] < 20
        true = np.where(edge[:, None], small, 6 * large)
        tissue = true + 0.2 * rng.normal(size=true.shape)
        made = blocks.blocks(self.PLANE)
        curves = Curves(tissue, np.full((1600, 1), 0.2))
        found = points(curves, self.PLANE, made, self.AIF)
        beside = self.PLANE.index[made.first, 0] == 18
        error = found.tissue[beside] - small
        assert np.sqrt(np.square(error).mean()) < 0.1
        assert np.abs(blocks.joined(curves, made, self.AIF).tissue[beside] - small).mean() < 0.1

    def test_a_censored_sample_of_one_is_censored_in_the_mean(self):
        tissue = np.tile(np.sin(np.arange(30.0)), (1600, 1))
        sd = np.full((1600, 30), 0.1)
        sd[0, 7] = np.inf
        made = blocks.blocks(self.PLANE)
        found = points(Curves(tissue, sd), self.PLANE, made, self.AIF)
        assert np.isinf(found.noise_sd[0, 7])
        assert np.isfinite(np.delete(found.noise_sd, 7, axis=1)).all()
        np.testing.assert_allclose(found.tissue, tissue[made.first], atol=1e-12)

    @pytest.mark.parametrize("frame", [4, 25], ids=["baseline", "bolus"])
    def test_what_a_censored_sample_holds_changes_nothing(self, frame):
        made = brain()
        sd = np.full(made.tissue.shape, NOISE * made.aif.max())
        sd[:, frame] = np.inf
        found = []
        for value in (0.0, 50 * made.tissue.max()):
            tissue = made.tissue.copy()
            tissue[::2, frame] = value
            found.append(deconvolve_patient(tissue, made.aif, DT, made.places, Joint(), sd))
        np.testing.assert_array_equal(found[0].cbf, found[1].cbf)
        np.testing.assert_array_equal(found[0].delay, found[1].delay)

    def test_what_points_say_is_a_mixture_as_wide_as_they_differ(self):
        fine = Places(np.argwhere(np.ones((6, 2, 1), dtype=bool)), (6, 2, 1))
        made = blocks.blocks(fine)
        mean = np.array([[1.0, 0.0, 0.3], [2.0, 4.0, 0.3], [2.0, 4.0, 0.3]])
        own = np.diag([0.01, 0.04, 0.01])
        found = moments(mean, np.broadcast_to(own, (3, 3, 3)))
        told = tissue_around(Points(made.first, found), fine)
        at = fine.index[:, 0]
        np.testing.assert_allclose(told.mean[at == 1, 0], 1.5)
        np.testing.assert_allclose(told.mean[at == 5], mean[2:].repeat(2, axis=0))
        np.testing.assert_allclose(told.covariance[at == 5], own[None].repeat(2, axis=0))
        np.testing.assert_allclose(told.covariance[at == 1, 0, 0], 0.01 + 0.25)
        np.testing.assert_allclose(told.covariance[at == 1, 0, 1], 0.25 * 4)

    def test_a_late_half_is_seen_through_noise_that_hides_it_in_voxels(self, monkeypatch):
        made = brain(late=5.0, noise=4 * NOISE)
        half = made.places.index[:, 0] < GRID[0] // 2
        off = []
        for enough in (blocks.ENOUGH, 10**6):
            monkeypatch.setattr(among, "ENOUGH", enough)
            found = solve(made, noise=4 * NOISE * made.aif.max())
            off.append(np.median((found.delay - made.truth["delay"])[half]))
        assert abs(off[0]) < 1
        assert off[1] < -2
