"""One contract for every entry of METHODS."""

import os
import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pytest
from estimator_cases import DT, gamma_variate, having, method, mixture
from hypothesis import given, settings
from hypothesis import strategies as st

from bolus.data import CurveError, InputError, MethodError, NoPosteriorError, Perfusion
from bolus.estimators import METHODS, Estimator, capabilities, deconvolve, estimator
from bolus.estimators.blocks import BLOCK
from bolus.estimators.spectral.methods import SVD

NUMBERS = ("cbv", "cbf", "mtt", "tmax", "delay", "residual")


def run(name, case, dt=DT, **changes):
    """Deconvolve a case by a method, with some of it changed."""
    case = case._replace(**changes)
    return deconvolve(case.tissue, case.aif, dt, method(name))


def assert_same(one, two, rtol=1e-9, **factors):
    """Two results agree, ``two`` being ``one`` times the factors."""
    for key in NUMBERS:
        np.testing.assert_allclose(
            getattr(two, key),
            factors.get(key, 1.0) * getattr(one, key),
            rtol=rtol,
            atol=rtol * 1e-3,
            err_msg=key,
        )


def able(name):
    """What a method declares that it can do."""
    return capabilities(METHODS[name])


@pytest.fixture(params=METHODS)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def noisy():
    return mixture(14, snr=20)


class TestShapes:
    @pytest.mark.parametrize("n", [20, 60, 161])
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_one_number_a_voxel_in_the_type_given(self, name, n, dtype):
        dt = min(90 / n, 3.0)
        case = mixture(5, frames=n, dt=dt, snr=30)
        found = run(name, case, dt=dt, tissue=case.tissue.astype(dtype))
        for key in NUMBERS:
            assert getattr(found, key).shape == (5,)
            assert getattr(found, key).dtype == dtype, key
        assert np.isfinite([found.cbv, found.cbf, found.mtt, found.tmax, found.residual]).all()

    @pytest.mark.parametrize("n", [20, 60, 161])
    def test_single_precision_is_close_to_double(self, name, n):
        dt = min(90 / n, 3.0)
        case = mixture(14, frames=n, dt=dt, snr=30)
        double = run(name, case, dt=dt)
        single = run(name, case, dt=dt, tissue=case.tissue.astype(np.float32))
        for key in ("cbv", "cbf", "mtt"):
            np.testing.assert_allclose(getattr(single, key), getattr(double, key), rtol=5e-3)

    def test_no_voxel_at_all(self, name):
        found = deconvolve(np.empty((0, 60)), gamma_variate(), DT, method(name))
        assert all(getattr(found, key).shape == (0,) for key in NUMBERS)

    def test_one_voxel(self, name, noisy):
        assert run(name, noisy, tissue=noisy.tissue[:1]).cbf.shape == (1,)

    @pytest.mark.parametrize("extra", [-1, 0, 1, BLOCK + 3])
    def test_blocks_leave_no_seam(self, name, noisy, extra):
        count = BLOCK + extra if name in having(response="samples") else 260 + extra % 2
        many = noisy.tissue[np.arange(count) % len(noisy.tissue)]
        found, few = run(name, noisy, tissue=many), run(name, noisy)
        repeated = few._replace(
            **{k: getattr(few, k)[np.arange(count) % len(noisy.tissue)] for k in NUMBERS}
        )
        # single precision inside: sums of another batch end in other last digits
        assert_same(repeated, found, rtol=1e-5 if able(name).single_precision else 1e-7)

    def test_whole_numbers_count_as_numbers(self, name, noisy):
        counts = np.round(noisy.tissue * 1e6)
        as_int = run(name, noisy, tissue=counts.astype(int))
        assert as_int.cbf.dtype == np.float64
        assert_same(run(name, noisy, tissue=counts), as_int)


class TestRefusals:
    def refuse(self, name, words, tissue=None, aif=None, dt=DT, **noise):
        good = mixture(4)
        tissue, aif = good.tissue if tissue is None else tissue, good.aif if aif is None else aif
        with pytest.raises(CurveError, match=words):
            deconvolve(tissue, aif, dt, method(name), **noise)

    @pytest.mark.parametrize(
        ("shape", "words"),
        [((60,), "voxels, frames"), ((2, 2, 60), "voxels, frames"), ((4, 19), "at least 20")],
    )
    def test_tissue_of_a_wrong_shape(self, name, shape, words):
        self.refuse(name, words, tissue=np.ones(shape), aif=np.ones(shape[-1]))

    @pytest.mark.parametrize("shape", [(59,), (61,), (1, 60), (60, 1), ()])
    def test_aif_of_a_wrong_shape(self, name, shape):
        self.refuse(name, "aif must have the tissue's 60 frames", aif=np.ones(shape))

    @pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
    def test_aif_that_is_not_finite(self, name, bad):
        aif = gamma_variate()
        aif[7] = bad
        self.refuse(name, "1 samples that are not finite", aif=aif)

    @pytest.mark.parametrize(
        ("aif", "words"),
        [
            (np.zeros(60), "nowhere positive"),
            (-gamma_variate(), "nowhere positive"),
            (gamma_variate() - 0.5, "area under aif"),
        ],
    )
    def test_aif_without_contrast_agent(self, name, aif, words):
        self.refuse(name, words, aif=aif)

    @pytest.mark.parametrize("dt", [0, -1.5, np.nan, np.inf, np.array(0.0)])
    def test_frame_time_that_is_none(self, name, dt):
        self.refuse(name, "dt must be a positive number of seconds", dt=float(dt))

    @pytest.mark.parametrize("kind", [complex, bool, object, str])
    def test_arrays_that_hold_no_real_numbers(self, name, kind):
        good = mixture(4)
        self.refuse(name, "real numbers", tissue=good.tissue.astype(kind))
        self.refuse(name, "real numbers", aif=good.aif.astype(kind))

    @pytest.mark.parametrize("noise", [0.0, -1.0, np.nan, np.inf])
    def test_noise_that_is_no_sd(self, name, noise):
        self.refuse(name, "noise_sd must be positive", noise_sd=noise)

    @pytest.mark.parametrize("shape", [(3,), (5,), (60,), (4, 59), (60, 4)])
    def test_noise_of_a_wrong_shape(self, name, shape):
        self.refuse(name, r"noise_sd is a number, \(4,\) or \(4, 60\)", noise_sd=np.ones(shape))

    def test_noise_that_is_not_real(self, name):
        self.refuse(name, "real numbers", noise_sd=np.ones(4, dtype=complex))


class TestNoEstimator:
    """What is none is refused by name, and so is an answer that is no perfusion."""

    def test_a_class_is_refused_with_what_would_be_one(self):
        case = mixture(4)
        with pytest.raises(MethodError, match=r"found the class SVD; SVD\(\) would be one"):
            deconvolve(case.tissue, case.aif, DT, SVD)

    @pytest.mark.parametrize(
        ("made", "words"),
        [
            (lambda n: None, "answered with NoneType, expected Perfusion"),
            (
                lambda n: Perfusion(*np.zeros((6, n + 1))),
                r"answered with cbv of shape \(5,\), expected \(4,\)",
            ),
            (lambda n: Perfusion(*[0.0] * 6), "answered with cbv of 0.0"),
        ],
    )
    @pytest.mark.parametrize("bad", [0, 1])
    def test_an_answer_that_is_none(self, made, words, bad):
        case = mixture(4 + bad)
        case.tissue[4:] = np.nan

        @dataclass(frozen=True)
        class Wrong:
            def bind(self, aif, dt, *, like):
                return lambda tissue, noise_sd=None: made(len(tissue))

        with pytest.raises(MethodError, match=f"Wrong {words}"):
            deconvolve(case.tissue, case.aif, DT, Wrong())


def test_lists_and_odd_frame_times_without_the_type_checks_of_these_tests():
    """Shapes and types are checked at run time here only; a user has deconvolve's own checks."""
    program = """
import numpy as np
from bolus.data import CurveError, MethodError
from bolus.estimators import deconvolve
aif = np.exp(-np.arange(30.0) / 3)
tissue = np.array([aif, 0.5 * aif])
as_lists = deconvolve(tissue.tolist(), aif.tolist(), 1.5, "osvd", noise_sd=[1.0, 1.0])
assert np.array_equal(as_lists.cbf, deconvolve(tissue, aif, 1.5, "osvd").cbf)
for dt in ("1.5", None, 1j, [1.5], True):
    try:
        deconvolve(tissue, aif, dt)
    except CurveError as error:
        assert "dt must be" in str(error)
    else:
        raise SystemExit(f"dt {dt!r} was taken")
try:
    deconvolve(tissue, aif, 1.5, noise_sd="low")
except CurveError as error:
    assert "noise_sd" in str(error)
else:
    raise SystemExit("noise_sd 'low' was taken")
for wrong in (3, None, b"osvd", ["osvd"], print, lambda tissue, aif, dt, noise_sd: None):
    try:
        deconvolve(tissue, aif, 1.5, wrong)
    except MethodError as error:
        assert f"found {type(wrong).__name__}" in str(error), error
    else:
        raise SystemExit(f"{wrong!r} was taken for a method")
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr + done.stdout


class TestRows:
    def test_a_bad_row_is_nan_in_its_own_row_only(self, name, noisy):
        broken = noisy.tissue.copy()
        broken[3, 10], broken[9, 0], broken[11] = np.nan, np.inf, -np.inf
        found, whole = run(name, noisy, tissue=broken), run(name, noisy)
        bad = np.isin(np.arange(len(broken)), [3, 9, 11])
        for key in NUMBERS:
            values = getattr(found, key)
            assert np.isnan(values[bad]).all()
            rtol = 1e-5 if able(name).single_precision else 1e-9
            np.testing.assert_allclose(values[~bad], getattr(whole, key)[~bad], rtol=rtol)

    def test_every_row_bad(self, name):
        found = deconvolve(np.full((3, 60), np.nan), gamma_variate(), DT, method(name))
        assert all(np.isnan(getattr(found, key)).all() for key in NUMBERS)

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_a_row_of_zeros_or_of_one_value_breaks_nothing(self, name, noisy, dtype):
        flat = noisy.tissue.astype(dtype)
        flat[2], flat[5] = 0, 0.01
        found, whole = run(name, noisy, tissue=flat), run(name, noisy)
        rest = ~np.isin(np.arange(len(flat)), [2, 5])
        assert np.isfinite(found.cbv).all()
        assert np.isfinite(found.cbf).all()
        assert found.cbf[2] < 1e-3 * np.median(whole.cbf) + 0.002 / 1.5
        np.testing.assert_allclose(found.cbf[rest], whole.cbf[rest], rtol=5e-3)

    def test_a_huge_neighbour_changes_nothing(self, name, noisy):
        """A peer scales all voxels by the largest one."""
        if able(name).subject_scale:
            pytest.skip("it does just that: one maximum for the whole subject")
        loud = noisy.tissue.copy()
        loud[0] *= 1e4
        a, b = run(name, noisy), run(name, noisy, tissue=loud)
        np.testing.assert_allclose(a.cbf[1:], b.cbf[1:], rtol=1e-9)


class TestLaws:
    def test_the_truth_is_found_roughly(self, name):
        case = mixture(42, snr=200, delay=(0.0, 0.0))
        found = run(name, case)
        np.testing.assert_allclose(found.cbv, case.cbv, rtol=0.15)
        # spinned reads flow a little high where there is hardly noise: its card says so
        assert 0.6 < np.median(found.cbf / case.cbf) < (1.2 if name == "spinned" else 1.15)
        # the published network learned Lorentzian tissue only: it is off on the other residues
        least = 0.5 if able(name).subject_scale else 0.8
        assert np.corrcoef(found.cbf, case.cbf)[0, 1] > least

    def test_the_residual_is_the_noise_where_the_fit_is_good(self, name):
        case = mixture(42, snr=15, delay=(0.0, 0.0))
        found = run(name, case)
        assert np.median(found.residual) == pytest.approx(case.noise, rel=0.35)

    @pytest.mark.parametrize("name", METHODS)
    @settings(max_examples=6, deadline=None)
    @given(seed=st.integers(0, 10**6), n=st.integers(20, 90), dt=st.floats(0.8, 2.5))
    def test_any_curves_at_all(self, name, seed, n, dt):
        rng = np.random.default_rng(seed)
        if name in ("phae", "spinned"):  # they take no scan under 40 s
            n, dt = max(n, 35), max(dt, 1.2)
        tissue, aif = rng.normal(size=(3, n)), rng.random(n)
        found = deconvolve(tissue, aif, dt, method(name))
        assert np.isfinite(found.cbv).all()
        assert np.isfinite(found.cbf).all()
        assert (found.residual >= 0).all()
        assert np.isin(np.round(found.tmax / dt, 9) % 1, [0]).all() or able(name).delay
        if able(name).linear:
            two = deconvolve(2 * tissue, aif, dt, method(name))
            np.testing.assert_allclose(two.cbf, 2 * found.cbf, rtol=1e-9)


class TestNames:
    def test_an_unknown_method_lists_the_known(self):
        with pytest.raises(MethodError, match="osvdd") as caught:
            deconvolve(np.ones((1, 60)), gamma_variate(), DT, "osvdd")
        assert all(known in str(caught.value) for known in METHODS)

    def test_a_name_is_its_factory_with_defaults(self, name):
        assert estimator(name) == METHODS[name]()
        assert isinstance(estimator(name), Estimator)

    def test_an_estimator_is_handed_back(self, name):
        chosen = METHODS[name]()
        assert estimator(chosen) is chosen

    def test_a_configured_estimator_is_a_method(self):
        case = mixture(14, snr=10)
        habit = deconvolve(case.tissue, case.aif, DT, method=METHODS["osvd"](oi=0.035))
        assert np.median(habit.cbf) < np.median(deconvolve(case.tissue, case.aif, DT, "osvd").cbf)

    @pytest.mark.parametrize(
        ("factory", "bad"),
        [
            ("svd", {"threshold": 0}),
            ("svd", {"threshold": 1.2}),
            ("csvd", {"threshold": -0.1}),
            ("csvd", {"threshold": float("nan")}),
            ("osvd", {"oi": 0.0}),
            ("osvd", {"oi": -1.0}),
            ("osvd", {"thresholds": ()}),
            ("osvd", {"thresholds": (0.2, 0.1)}),
            ("osvd", {"thresholds": (0.0, 0.1)}),
            ("tikhonov", {"lowest": 0.0}),
            ("tikhonov", {"lowest": 0.5, "highest": 0.1}),
            ("tikhonov", {"steps": 2}),
            ("tikhonov-fixed", {"strength": 0.0}),
        ],
    )
    def test_bad_settings_are_refused(self, factory, bad):
        with pytest.raises(InputError):
            METHODS[factory](**bad)


class TestNoise:
    def test_three_forms_say_the_same(self, name, noisy):
        sd = noisy.noise
        forms = (sd, np.full(14, sd), np.full((14, 60), sd))
        found = [deconvolve(noisy.tissue, noisy.aif, DT, method(name), noise_sd=f) for f in forms]
        assert_same(found[0], found[1])
        assert_same(found[0], found[2], rtol=1e-6)

    def test_a_row_without_a_noise_is_nan(self, name, noisy):
        sd = np.full(14, noisy.noise)
        sd[2], sd[5], sd[8] = np.nan, 0, -1
        found = deconvolve(noisy.tissue, noisy.aif, DT, method(name), noise_sd=sd)
        np.testing.assert_array_equal(np.flatnonzero(np.isnan(found.cbf)), [2, 5, 8])


def test_methods_without_a_posterior_say_who_has_one(name, noisy):
    found = run(name, noisy)
    assert (found.posterior is not None) == able(name).posterior
    if found.posterior is None:
        with pytest.raises(NoPosteriorError, match="bayes"):
            found.interval("cbf")


def test_results_do_not_depend_on_the_number_of_threads():
    code = (
        "import numpy as np, bolus\n"
        "t = np.arange(60) * 1.5\n"
        "a = np.clip(t - 15, 0, None) ** 3 * np.exp(-np.clip(t - 15, 0, None) / 1.5)\n"
        "r = np.random.default_rng(0)\n"
        "c = (r.normal(0, 0.05, (5000, 60)) + 0.1 * a).astype('f4')\n"
        "import hashlib\n"
        "for m in ('svd', 'csvd', 'osvd', 'tikhonov', 'phae'):\n"
        "    p = bolus.deconvolve(c, a, 1.5, m)\n"
        "    print(hashlib.sha256(np.stack(p[:4]).tobytes()).hexdigest())\n"
    )
    seen = set()
    for threads in ("1", "2"):
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": threads, "OMP_NUM_THREADS": threads}
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        seen.add(done.stdout)
    assert len(seen) == 1
