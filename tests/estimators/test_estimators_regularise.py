"""How strongly each voxel is smoothed: the oscillation index and the L-curve, by brute force."""

import numpy as np
import pytest
from estimator_cases import DT, method, mixture

from bolus.estimators import METHODS, deconvolve
from bolus.estimators.spectral.lcurve import _curvature, corner
from bolus.estimators.spectral.methods import THRESHOLDS
from bolus.estimators.spectral.problem import Circulant
from bolus.estimators.spectral.solve import bending


def oscillation_index(k):
    """Wu's index, literally: second differences over length and maximum."""
    total = 0.0
    for j in range(1, len(k) - 1):
        total += abs(k[j + 1] - 2 * k[j] + k[j - 1])
    return total / (len(k) * max(k))


def responses(case):
    """Impulse response (thresholds, voxels, L) for every threshold, by an explicit SVD."""
    length = Circulant(case.aif, DT).length
    index = np.arange(length)
    padded = np.pad(case.aif, (0, length - case.aif.size))
    u, s, vt = np.linalg.svd(DT * padded[(index[:, None] - index) % length])
    curves = np.pad(case.tissue, ((0, 0), (0, length - case.aif.size))) @ u
    keep = (s >= np.array(THRESHOLDS)[:, None] * s[0]) / s
    return (curves * keep[:, None, :]) @ vt


def brute_force(case, oi):
    """Flow, Tmax and threshold by one loop over voxels and thresholds."""
    out = []
    for k_of in responses(case).transpose(1, 0, 2):
        found = len(THRESHOLDS) - 1
        for number, k in enumerate(k_of):
            if oscillation_index(k) < oi:
                found = number
                break
        k = k_of[found]
        where = int(np.argmax(k))
        when = where if where < (len(k) + 1) // 2 else where - len(k)
        out.append((k.max(), DT * when, THRESHOLDS[found]))
    return np.array(out).T


def test_the_index_uses_second_differences():
    """A straight ramp does not oscillate; first differences (a peer's) would say it does."""
    rng = np.random.default_rng(0)
    k = rng.random((3, 11))
    k[2] = np.arange(11)
    want = [oscillation_index(row) * 11 * row.max() for row in k]
    np.testing.assert_allclose(bending(k), want, rtol=1e-12)
    assert bending(k)[2] == pytest.approx(0)
    assert oscillation_index([0, 1, 0, 1, 0]) == pytest.approx(6 / 5)


@pytest.mark.parametrize("oi", [0.035, 0.095, 0.3])
@pytest.mark.parametrize("snr", [8, 50])
def test_osvd_is_the_brute_force(oi, snr):
    case = mixture(35, snr=snr)
    flow, tmax, threshold = brute_force(case, oi)
    found = deconvolve(case.tissue, case.aif, DT, METHODS["osvd"](oi=oi))
    np.testing.assert_allclose(found.cbf, flow, rtol=1e-8)
    np.testing.assert_allclose(found.tmax, tmax)
    if snr == 8 and oi < 0.3:
        assert np.unique(threshold).size >= 3


def test_osvd_keeps_the_last_threshold_where_none_is_smooth():
    case = mixture(14, snr=20)
    last = deconvolve(case.tissue, case.aif, DT, METHODS["csvd"](THRESHOLDS[-1], taper=0))
    found = deconvolve(case.tissue, case.aif, DT, METHODS["osvd"](oi=1e-9))
    np.testing.assert_allclose(found.cbf, last.cbf, rtol=1e-9)


def test_a_higher_index_smooths_less():
    case = mixture(70, snr=10)
    limits = (0.02, 0.035, 0.06, 0.095, 0.2)
    flows = [deconvolve(case.tissue, case.aif, DT, METHODS["osvd"](oi=oi)).cbf for oi in limits]
    medians = np.median(flows, axis=1)
    assert (np.diff(medians) > 0).all()
    fits = [deconvolve(case.tissue, case.aif, DT, METHODS["osvd"](oi=oi)).residual for oi in limits]
    assert (np.diff(fits, axis=0) <= 1e-12).all()


def lcurve_corner(curve, aif, dt, lambdas):
    """First corner from the large side, from norms of explicit solutions."""
    length = Circulant(aif, dt).length
    index = np.arange(length)
    matrix = dt * np.pad(aif, (0, length - aif.size))[(index[:, None] - index) % length]
    matrix /= np.linalg.norm(matrix, 2)
    data = np.pad(curve, (0, length - curve.size))
    x, y = [], []
    for lam in lambdas:
        k = np.linalg.solve(matrix.T @ matrix + lam**2 * np.eye(length), matrix.T @ data)
        x.append(np.log(np.linalg.norm(matrix @ k - data)))
        y.append(np.log(np.linalg.norm(k)))
    h = np.log(lambdas[1] / lambdas[0])
    bend = []
    for i in range(1, len(x) - 1):
        dx, dy = (x[i + 1] - x[i - 1]) / (2 * h), (y[i + 1] - y[i - 1]) / (2 * h)
        ddx, ddy = x[i + 1] - 2 * x[i] + x[i - 1], y[i + 1] - 2 * y[i] + y[i - 1]
        bend.append((dx * ddy - ddx * dy) / h**2 / (dx**2 + dy**2) ** 1.5)
    for i in range(len(bend) - 2, 0, -1):
        if bend[i] > bend[i - 1] and bend[i] >= bend[i + 1] and bend[i] > 0:
            return i + 1
    return int(np.argmax(bend)) + 1


@pytest.mark.parametrize("snr", [10, 50])
def test_the_corner_is_that_of_explicit_norms(snr):
    case = mixture(14, snr=snr)
    chosen = METHODS["tikhonov"](steps=24)
    problem = Circulant(case.aif, DT)
    found = corner(problem.power(case.tissue), problem.s, chosen.lambdas)
    want = [lcurve_corner(curve, case.aif, DT, chosen.lambdas) for curve in case.tissue]
    np.testing.assert_array_equal(found, want)


def test_the_first_corner_counts_not_the_sharpest():
    """A noisy artery bends the L-curve a second time, where λ lets its noise in."""
    case = mixture(35, snr=10)
    aif = case.aif + 0.02 * np.random.default_rng(3).normal(size=case.aif.size)
    chosen, problem = METHODS["tikhonov"](steps=48), Circulant(aif, DT)
    power, lambdas = problem.power(case.tissue), chosen.lambdas
    found = corner(power, problem.s, lambdas)
    want = [lcurve_corner(curve, aif, DT, lambdas) for curve in case.tissue[:12]]
    np.testing.assert_array_equal(found[:12], want)
    sharpest = _curvature(power, problem.s, lambdas).argmax(axis=1) + 1
    assert (sharpest < found).mean() > 0.2
    assert np.median(lambdas[found]) > 0.1


@pytest.mark.parametrize("snr", [10, 30])
def test_the_l_curve_differs_from_voxel_to_voxel(snr):
    """A peer's 'L-curve' returns one λ for every voxel, and for pure noise."""
    case = mixture(140, snr=snr)
    chosen = METHODS["tikhonov"]()
    problem = Circulant(case.aif, DT)
    assert np.unique(corner(problem.power(case.tissue), problem.s, chosen.lambdas)).size >= 4


def test_more_noise_is_smoothed_more():
    def strength(snr):
        case = mixture(140, snr=snr)
        chosen, problem = METHODS["tikhonov"](), Circulant(case.aif, DT)
        index = corner(problem.power(case.tissue), problem.s, chosen.lambdas)
        return np.median(chosen.lambdas[index])

    assert strength(5) > strength(20) > strength(100)


@pytest.mark.parametrize("name", ["csvd", "osvd", "tikhonov"])
def test_stable_at_clinical_noise(name):
    case = mixture(280, snr=10)
    ratio = deconvolve(case.tissue, case.aif, DT, name).cbf / case.cbf
    assert 0.6 < np.median(ratio) < 1.2
    assert ratio.max() < 3


@pytest.mark.parametrize("name", METHODS)
def test_pure_noise_does_not_explode(name):
    """An unbounded L-curve makes 47 times the flow of the tissue out of noise."""
    case = mixture(70, snr=10)
    noise = case.noise * np.random.default_rng(3).normal(size=(140, 60))
    chosen = method(name)
    tissue = deconvolve(case.tissue, case.aif, DT, chosen).cbf
    found = deconvolve(noise, case.aif, DT, chosen).cbf
    assert np.median(found) < 0.5 * np.median(tissue)
    assert found.max() < 3 * np.median(tissue)
