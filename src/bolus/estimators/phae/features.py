"""What the encoder sees: curves deconvolved, on one time axis, whatever the scan.

The impulse response of a voxel by Tikhonov on the padded circulant problem,
H(f) = A*(f)·C(f)/(|A(f)|² + λ²) with λ a ``STRENGTH`` of max|A|, read on a fixed grid of times by
its Fourier series. It is a linear map of the curve, made once a patient, and it removes the
repetition time, the length of the scan and the arterial input from what has to be learned.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from bolus.estimators.baseline import ARRIVED
from bolus.physics import area

STRENGTHS = (0.01, 0.03, 0.1, 0.3)
"""λ over the largest singular value, weakest first; the strongest sets the scale."""
GRID = np.concatenate([np.arange(-6.0, 12.0, 0.75), np.arange(12.0, 30.1, 1.5)])
"""Times of the impulse response in s."""
FREQUENCIES = np.array([0.01, 0.02, 0.03, 0.045, 0.06, 0.08, 0.11, 0.15])
"""Hz at which the arterial input's spectrum is given; the last is near Nyquist at a TR of 3 s."""
RESIDUALS = (1, 3)
"""Strengths (by place) whose misfit of the curve is given."""
LOWEST = 1e-4
"""Ratios are clamped to this or above before their logarithm is taken."""
SCALARS = 2 + len(RESIDUALS)
"""Noise, ∫C/∫AIF and the misfits."""
CONTEXT = FREQUENCIES.size + 5
RESPONSES = len(STRENGTHS) * GRID.size
SIZE = RESPONSES + SCALARS + CONTEXT
"""Number of features of a voxel."""


class Basis(NamedTuple):
    """What one arterial input at one repetition time makes of the features.

    ``response`` (t, strengths·times) maps a curve to its impulse responses in 1/s, and white noise
    of SD 1 to one of ``gain`` (strengths,); ``leftover`` (residuals, t, t) maps it to what they
    leave of it, ``volume`` (t,) to ∫C/∫AIF; ``context`` (CONTEXT,)
    describes the scan. The curve and the AIF share a unit.
    """

    response: Float[np.ndarray, "t responses"]
    gain: Float[np.ndarray, " strengths"]
    leftover: Float[np.ndarray, "residuals t t"]
    volume: Float[np.ndarray, " t"]
    context: Float[np.ndarray, " context"]


def basis(aif: Float[np.ndarray, " t"], dt: float) -> Basis:
    """The linear maps and the context of an arterial input (t,) sampled every ``dt`` s."""
    n = aif.size
    length = 2 * n
    spectrum = dt * np.fft.rfft(aif, length)
    modes = np.fft.rfft(np.eye(n), length, axis=1)
    frequency = np.fft.rfftfreq(length, dt)
    wave = np.exp(2j * np.pi * frequency[:, None] * GRID) * _multiplicity(length)[:, None] / length
    power = np.abs(spectrum) ** 2
    responses, leftover = [], []
    for place, strength in enumerate(STRENGTHS):
        inverse = spectrum.conj() / (power + strength**2 * power.max())
        solved = modes * inverse
        responses.append((solved @ wave).real)
        if place in RESIDUALS:
            leftover.append(np.eye(n) - np.fft.irfft(solved * spectrum, length, axis=1)[:, :n])
    gain = [np.sqrt(np.square(r).sum(axis=0).mean()) for r in responses]
    return Basis(
        response=np.concatenate(responses, axis=1),
        gain=np.array(gain),
        leftover=np.stack(leftover),
        volume=area(np.eye(n), 1.0) / area(aif, 1.0),
        context=_context(aif, dt),
    )


def features(
    tissue: Float[np.ndarray, "n t"], noise_sd: Float[np.ndarray, "n 1"], basis: Basis
) -> tuple[Float[np.ndarray, "n features"], Float[np.ndarray, " n"]]:
    """Features (n, SIZE) and the scale (n,) in 1/s that makes them free of any unit.

    The scale is the root mean square of the strongest-smoothed response: CBV = scale·(1 s)·e^(what
    the network says). Each response is divided by the root of scale² and the variance that noise
    gives it, so that none is drowned by the noise of the weakest.
    """
    out = np.empty((len(tissue), SIZE), dtype=tissue.dtype)
    responses = out[:, :RESPONSES].reshape(len(tissue), len(STRENGTHS), GRID.size)
    out[:, :RESPONSES] = tissue @ basis.response
    scale = response_scale(responses[:, -1])
    noise = noise_sd * basis.gain
    responses /= np.sqrt(scale[:, None] ** 2 + noise**2)[:, :, None]
    out[:, RESPONSES : RESPONSES + SCALARS] = _scalars(tissue, noise_sd, scale, basis)
    out[:, RESPONSES + SCALARS :] = basis.context
    return out, scale


def response_scale(strongest: Float[np.ndarray, "n times"]) -> Float[np.ndarray, " n"]:
    """Root mean square over the grid of the strongest-smoothed response, (n,) in 1/s, above 0."""
    size = np.sqrt(np.einsum("ij,ij->i", strongest, strongest) / strongest.shape[1])
    return np.maximum(size, np.finfo(strongest.dtype).tiny ** 0.5)


def _scalars(
    tissue: Float[np.ndarray, "n t"],
    noise_sd: Float[np.ndarray, "n 1"],
    scale: Float[np.ndarray, " n"],
    basis: Basis,
) -> Float[np.ndarray, "n scalars"]:
    """Logarithms of noise and misfits, and ∫C/∫AIF, all over the scale: (n, SCALARS)."""
    left = [_rms(tissue @ matrix) for matrix in basis.leftover]
    ratios = np.stack([noise_sd[:, 0], *left], axis=1) * (basis.gain[-1] / scale[:, None])
    volume = np.clip(tissue @ basis.volume / scale, -20, 60) / 10
    return np.concatenate([np.log(np.maximum(ratios, LOWEST)), volume[:, None]], axis=1)


def _rms(rows: Float[np.ndarray, "n t"]) -> Float[np.ndarray, " n"]:
    return np.sqrt(np.einsum("ij,ij->i", rows, rows) / rows.shape[1])


def _multiplicity(length: int) -> np.ndarray:
    """How often each bin of a half spectrum counts in the real series."""
    count = np.full(length // 2 + 1, 2.0)
    count[0] = 1
    count[-1] = 1 if length % 2 == 0 else 2
    return count


def _context(aif: Float[np.ndarray, " t"], dt: float) -> Float[np.ndarray, " context"]:
    """Spectrum of the AIF over its area in logarithms, TR, duration, baseline, rest, width."""
    time = dt * np.arange(aif.size)
    spectrum = np.abs(np.exp(-2j * np.pi * FREQUENCIES[:, None] * time) @ aif)
    arrival = max(int(np.argmax(aif > ARRIVED * aif.max())), 1)
    after = time[-1] - time[int(np.argmax(aif))]
    width = dt * aif.sum() / aif.max()
    scan = [dt, time[-1], arrival, max(after, dt), width]
    return np.concatenate([np.log(np.maximum(spectrum / aif.sum(), 1e-3)), np.log(scan)])
