"""Curves of gamma-distributed transit times and their derivatives, in closed form.

The forward model is linear in the arterial input, and its Laplace transform is known: that of the
residue R = Q(α, t/β) is (1 − (1 + sβ)^(−α))/s, that of a piecewise-linear input its samples' sum
times dt·(sinh(s·dt/2)/(s·dt/2))². Along s = c + iω one inverse FFT gives the curve, and with the
same powers its derivatives. It is ``ForwardModel`` with the residue ``gamma`` in other words, which
a test holds it to; c > 0 damps what a finite FFT wraps around.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Complex, Float
from scipy.fft import irfft, next_fast_len, rfft

WRAP = 1e-4
"""What is left of a curve that wraps around."""
ALIASES = (-1, 1)
"""Frequencies, over 2π/dt, that samples cannot tell from one: there only the jump of R is seen."""
NAMES = ("cbv", "mtt", "shape", "delay")
"""Parameters: log CBV, log MTT (s), log α, delay (s)."""


@dataclass(frozen=True, eq=False)
class GammaCurves:
    """Tissue curves of an arterial input ``aif`` (t,) sampled every ``dt`` s."""

    aif: Float[np.ndarray, " t"]
    dt: float

    @cached_property
    def _length(self) -> int:
        return int(next_fast_len(2 * self.aif.size, real=True))

    @cached_property
    def _damping(self) -> float:
        return float(-np.log(WRAP) / (self._length * self.dt))

    @cached_property
    def _growth(self) -> Float[np.ndarray, " t"]:
        return np.exp(self._damping * self.dt * np.arange(self.aif.size))

    @cached_property
    def _s(self) -> Complex[np.ndarray, " bins"]:
        bins = np.arange(self._length // 2 + 1)
        return self._damping + 2j * np.pi * bins / (self._length * self.dt)

    @cached_property
    def _jumps(self) -> Complex[np.ndarray, "aliases bins"]:
        """1/s at the aliases, by the input's transform there."""
        s = self._s + 2j * np.pi / self.dt * np.array(ALIASES)[:, None]
        return self._transform(s) / s

    @cached_property
    def _input(self) -> Complex[np.ndarray, " bins"]:
        return self._transform(self._s)

    def _transform(self, s: np.ndarray) -> np.ndarray:
        """Transform of the arterial input, over dt as that of samples is."""
        half = s * self.dt / 2
        samples = rfft(self.aif / self._growth, self._length)
        return np.asarray(samples * np.square(np.sinh(half) / half))

    def __call__(self, theta: Float[np.ndarray, "n 4"]) -> tuple[np.ndarray, np.ndarray]:
        """Curves (n, t) of parameters in the order of NAMES, and derivatives (n, 4, t)."""
        volume, mtt, alpha = (np.exp(theta[:, k, None]) for k in range(3))
        delay, s = theta[:, 3, None], self._s
        product = s * (mtt / alpha)
        log_base = np.log1p(product)
        late = np.exp(-s * delay) * volume
        arrived = late * self._input
        left = np.exp(-alpha * log_base)
        total = np.empty((len(theta), 4, s.size), dtype=complex)
        spent = left / (s * mtt)
        aside = 0 * late
        slope = 0 * late
        for turn, jump in zip(ALIASES, self._jumps, strict=True):
            phase = np.exp(-2j * np.pi / self.dt * turn * delay) / mtt
            aside += phase * jump
            slope += phase * jump * (s + 2j * np.pi / self.dt * turn)
        aside *= late
        whole = arrived / (s * mtt) - arrived * spent
        total[:, 0] = whole + aside
        total[:, 1] = arrived * (left / (1 + product)) - whole - aside
        total[:, 2] = arrived * spent * (alpha * log_base - s * mtt / (1 + product))
        total[:, 3] = -s * whole - late * slope
        made = irfft(total, self._length, axis=-1)[..., : self.aif.size] * self._growth
        return made[:, 0], made
