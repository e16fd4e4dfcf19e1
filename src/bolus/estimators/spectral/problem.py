"""The two discrete deconvolution problems and their solutions by a spectral filter.

A filter is one factor a singular value: 1 keeps it, 0 drops it. For a given filter the solution is
a matrix, so that all voxels are solved by one matrix product.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from jaxtyping import Float
from numpy.lib.stride_tricks import sliding_window_view
from scipy.fft import next_fast_len


@dataclass(frozen=True, eq=False)
class Circulant:
    """Block-circulant problem: curves and arterial input padded to L ≥ 2t (Wu et al., 2003).

    Its singular vectors are Fourier modes and its singular values dt·|FFT(AIF)|, so that a delay
    of the tissue only turns phases. Wu et al., Magn Reson Med 2003;50:164.
    """

    aif: Float[np.ndarray, " t"]
    dt: float
    first: ClassVar[int] = 0

    @cached_property
    def length(self) -> int:
        """Padded length L, a fast FFT length of at least twice the frames."""
        return int(next_fast_len(2 * self.aif.size, real=True))

    @cached_property
    def spectrum(self) -> np.ndarray:
        """dt·FFT(AIF), (bins,) complex."""
        return self.dt * np.fft.rfft(self.aif, self.length)

    @cached_property
    def s(self) -> Float[np.ndarray, " bins"]:
        """Singular values over the largest, (bins,)."""
        size = np.abs(self.spectrum)
        return size / size.max()

    @cached_property
    def times(self) -> Float[np.ndarray, " length"]:
        """Time of every sample of the impulse response in s; the wrapped half is negative."""
        index = np.arange(self.length)
        return self.dt * np.where(index < (self.length + 1) // 2, index, index - self.length)

    def solution(self, factors: Float[np.ndarray, " bins"]) -> Float[np.ndarray, "t length"]:
        """Matrix M with impulse response = curves @ M, for one filter."""
        inverse = np.divide(
            factors, self.spectrum, out=np.zeros_like(self.spectrum), where=factors != 0
        )
        return _shifts(np.fft.irfft(inverse, self.length), self.aif.size)

    def misfit(self, factors: Float[np.ndarray, " bins"]) -> Float[np.ndarray, "t t"]:
        """Matrix E with curve minus reconstruction = curves @ E, inside the window."""
        t = self.aif.size
        return _shifts(np.fft.irfft(1 - factors, self.length), t)[:, :t]

    def power(self, tissue: Float[np.ndarray, "voxels t"]) -> Float[np.ndarray, "voxels bins"]:
        """Energy of the padded curves in every bin, both signs of a frequency counted."""
        modes = np.fft.rfft(np.eye(self.aif.size), self.length)
        count = np.full(self.s.size, 2.0)
        count[0] = 1
        if self.length % 2 == 0:
            count[-1] = 1
        modes = modes * np.sqrt(count / self.length)
        cosine = tissue @ modes.real.astype(tissue.dtype)
        sine = tissue @ modes.imag.astype(tissue.dtype)
        return np.square(cosine, out=cosine) + np.square(sine, out=sine)


@dataclass(frozen=True, eq=False)
class Toeplitz:
    """Causal problem C = A·k of the standard SVD; a delayed or early tissue breaks it.

    ``volterra`` weights the arterial samples (1, 4, 1)/6, its integral for linear pieces
    (Østergaard et al., Magn Reson Med 1996;36:715); without it the sum is a rectangle sum. Areas
    are those from frame ``first`` on.
    """

    aif: Float[np.ndarray, " t"]
    dt: float
    volterra: bool = True
    first: int = 0

    @cached_property
    def matrix(self) -> Float[np.ndarray, "t t"]:
        """The lower triangular matrix A, in unit·s."""
        a = self.aif
        if self.volterra:
            padded = np.concatenate([[0.0], a, [0.0]])
            a = (padded[:-2] + 4 * padded[1:-1] + padded[2:]) / 6
        lag = np.subtract.outer(np.arange(a.size), np.arange(a.size))
        return self.dt * np.where(lag >= 0, a[lag], 0.0)

    @cached_property
    def _svd(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return np.linalg.svd(self.matrix)

    @cached_property
    def s(self) -> Float[np.ndarray, " bins"]:
        """Singular values over the largest, (t,)."""
        return self._svd[1] / self._svd[1][0]

    @cached_property
    def times(self) -> Float[np.ndarray, " length"]:
        """Time of every sample of the impulse response in s."""
        return self.dt * np.arange(self.aif.size)

    def solution(self, factors: Float[np.ndarray, " bins"]) -> Float[np.ndarray, "t length"]:
        """Matrix M with impulse response = curves @ M, for one filter."""
        u, s, vt = self._svd
        inverse = np.divide(factors, s, out=np.zeros_like(s), where=factors != 0)
        return (u * inverse) @ vt

    def misfit(self, factors: Float[np.ndarray, " bins"]) -> Float[np.ndarray, "t t"]:
        """Matrix E with curve minus reconstruction = curves @ E."""
        u, _, _ = self._svd
        return (u * (1 - factors)) @ u.T


Problem = Circulant | Toeplitz


def _shifts(wave: np.ndarray, rows: int) -> np.ndarray:
    """Circulant rows: row i is ``wave`` moved right by i samples."""
    n = wave.size
    windows = sliding_window_view(np.concatenate([wave, wave]), n)
    return windows[(n - np.arange(rows)) % n]
