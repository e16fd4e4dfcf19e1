"""The fast solutions against matrices written out in full."""

import numpy as np
import pytest
from estimator_cases import DT, gamma_variate, mixture

from bolus.estimators import METHODS, deconvolve
from bolus.estimators.spectral.problem import Circulant, Toeplitz


def circulant(aif, dt, length):
    """Block-circulant matrix, entry (i, j) = dt·AIF[i − j mod L], in full."""
    padded = np.concatenate([aif, np.zeros(length - aif.size)])
    index = np.arange(length)
    return dt * padded[(index[:, None] - index[None, :]) % length]


def toeplitz(aif, dt):
    """Causal matrix with Østergaard's weights, entry by entry."""
    n = aif.size
    matrix = np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1):
            before = aif[i - j - 1] if i - j > 0 else 0.0
            after = aif[i - j + 1] if i - j + 1 < n else 0.0
            matrix[i, j] = dt * (before + 4 * aif[i - j] + after) / 6
    return matrix


def truncated(matrix, threshold):
    """Pseudo-inverse without the singular values under threshold·largest."""
    u, s, vt = np.linalg.svd(matrix)
    keep = s >= threshold * s[0]
    return (vt[keep].T / s[keep]) @ u[:, keep].T


def damped(matrix, strength):
    """Tikhonov's inverse by the normal equations, λ = strength·σmax."""
    lam = strength * np.linalg.norm(matrix, 2)
    return np.linalg.solve(matrix.T @ matrix + lam**2 * np.eye(len(matrix)), matrix.T)


def pad(tissue, length):
    return np.pad(tissue, ((0, 0), (0, length - tissue.shape[1])))


@pytest.fixture(params=[20, 60, 61], scope="module")
def case(request):
    return mixture(14, frames=request.param, dt=90 / request.param, snr=20), 90 / request.param


def test_padding_is_at_least_double():
    for n in range(20, 200):
        assert Circulant(np.ones(n), 1.0).length >= 2 * n


def test_singular_values_are_the_fourier_transform(case):
    """Trap 4: σ = dt·|FFT(AIF)|, each inner frequency twice."""
    found, dt = case
    problem = Circulant(found.aif, dt)
    sizes = dt * np.abs(np.fft.fft(found.aif, problem.length))
    explicit = np.linalg.svd(circulant(found.aif, dt, problem.length), compute_uv=False)
    np.testing.assert_allclose(np.sort(explicit), np.sort(sizes), atol=1e-10 * sizes.max())
    np.testing.assert_allclose(problem.s, sizes[: problem.s.size] / sizes.max(), atol=1e-12)


@pytest.mark.parametrize("threshold", [0.05, 0.1, 0.2])
def test_csvd_is_the_explicit_svd(case, threshold):
    found, dt = case
    chosen = METHODS["csvd"](threshold, taper=0)
    problem = Circulant(found.aif, dt)
    explicit = circulant(found.aif, dt, problem.length)
    want = pad(found.tissue, problem.length) @ truncated(explicit, threshold).T
    response = found.tissue @ problem.solution(chosen.filter(problem.s))
    np.testing.assert_allclose(response, want, atol=1e-8 * want.max())
    result = deconvolve(found.tissue, found.aif, dt, chosen)
    np.testing.assert_allclose(result.cbf, want.max(axis=1), rtol=1e-8)
    left = (pad(found.tissue, problem.length) - want @ explicit.T)[:, : found.aif.size]
    np.testing.assert_allclose(result.residual, np.sqrt((left**2).mean(axis=1)), atol=1e-12)


@pytest.mark.parametrize("strength", [0.02, 0.1, 0.5])
def test_tikhonov_filter_is_the_normal_equations(case, strength):
    found, dt = case
    problem = Circulant(found.aif, dt)
    explicit = damped(circulant(found.aif, dt, problem.length), strength)
    want = pad(found.tissue, problem.length) @ explicit.T
    response = found.tissue @ problem.solution(problem.s**2 / (problem.s**2 + strength**2))
    np.testing.assert_allclose(response, want, atol=1e-8 * want.max())


def test_svd_is_the_explicit_svd(case):
    found, dt = case
    matrix = toeplitz(found.aif, dt)
    np.testing.assert_allclose(Toeplitz(found.aif, dt).matrix, matrix, atol=1e-14)
    want = found.tissue @ truncated(matrix, 0.2).T
    result = deconvolve(found.tissue, found.aif, dt, "svd")
    np.testing.assert_allclose(result.cbf, want.max(axis=1), rtol=1e-8)
    np.testing.assert_allclose(result.tmax, dt * want.argmax(axis=1))
    left = found.tissue - want @ matrix.T
    np.testing.assert_allclose(result.residual, np.sqrt((left**2).mean(axis=1)), atol=1e-12)


def test_svd_pws_is_the_pseudo_inverse_of_a_plain_matrix(case):
    """What PWS computes: rectangle sums, causal, singular values under 0.2·σmax dropped."""
    found, dt = case
    n = found.aif.size
    matrix = np.zeros((n, n))
    for row in range(n):
        for column in range(row + 1):
            matrix[row, column] = dt * found.aif[row - column]
    u, s, vt = np.linalg.svd(matrix)
    inverse = vt.T @ np.diag([1 / v if v >= 0.2 * s[0] else 0.0 for v in s]) @ u.T
    want = found.tissue @ inverse.T
    result = deconvolve(found.tissue, found.aif, dt, "svd-pws")
    np.testing.assert_allclose(result.cbf, want.max(axis=1), rtol=1e-8)
    np.testing.assert_allclose(result.tmax, dt * want.argmax(axis=1))
    weighed = deconvolve(found.tissue, found.aif, dt, "svd")
    assert np.abs(weighed.cbf / result.cbf - 1).max() > 0.005


def test_tikhonov_fixed_is_the_normal_equations_on_a_plain_matrix(case):
    """What PWS computes: rectangle sums, causal, λ = 0.2·σmax."""
    found, dt = case
    n = found.aif.size
    plain = circulant(found.aif, dt, 2 * n)[:n, :n]
    want = found.tissue @ damped(plain, 0.2).T
    result = deconvolve(found.tissue, found.aif, dt, "tikhonov-fixed")
    np.testing.assert_allclose(result.cbf, want.max(axis=1), rtol=1e-8)


def test_power_counts_all_of_the_curve(case):
    found, dt = case
    power = Circulant(found.aif, dt).power(found.tissue)
    np.testing.assert_allclose(power.sum(axis=1), (found.tissue**2).sum(axis=1), rtol=1e-10)
    assert (power >= 0).all()


def test_the_corner_of_the_circulant_is_the_causal_matrix():
    """Trap 3: cut to N × N, the 'circulant' methods of a published library are its sSVD."""
    aif = gamma_variate()
    n = aif.size
    cut = circulant(aif, DT, 2 * n)[:n, :n]
    np.testing.assert_array_equal(cut, np.tril(cut))
    np.testing.assert_allclose(cut, Toeplitz(aif, DT, volterra=False).matrix)

    def flow(arrival, whole):
        tissue = mixture(70, snr=50, delay=(0, 0), aif=gamma_variate()).tissue
        moved = gamma_variate(arrival=arrival)
        matrix = circulant(moved, DT, 2 * n)
        if whole:
            return (pad(tissue, 2 * n) @ truncated(matrix, 0.2).T).max(axis=1)
        return (tissue @ truncated(matrix[:n, :n], 0.2).T).max(axis=1)

    for arrival in (10.5, 19.5):
        assert np.median(flow(arrival, True) / flow(15.0, True)) == pytest.approx(1, abs=0.03)
    # tissue ahead of its artery: nothing in a causal matrix can say so
    assert np.median(flow(19.5, False) / flow(15.0, False)) > 1.5
