"""Curves to time methods on, seconds, and bytes."""

import time
import tracemalloc
from collections.abc import Callable

import numpy as np
from jaxtyping import Float32
from scipy import fft

from bolus.bench.design import CurveBatch, baseline_frames, join
from bolus.phantom import CurvePrior, arterial_input, simulate_curves

DT = 1.5
SNRS = (50.0, 20.0, 10.0)


def timing_batch(voxels: int, frames: int, seed: int) -> CurveBatch:
    """``voxels`` curves of one arterial input at mixed SNR, TR 1.5 s; what is timed is float32."""
    prior, aif = CurvePrior(), arterial_input(DT * np.arange(frames))
    steady = baseline_frames(aif, DT, prior)
    rng = np.random.default_rng(seed)
    sizes = [len(part) for part in np.array_split(np.arange(voxels), len(SNRS))]
    levels = {
        snr: simulate_curves(rng, prior, size, aif, DT, snr=snr, baseline=steady)
        for snr, size in zip(SNRS, sizes, strict=True)
    }
    return join(DT, aif, steady, levels)


def padded_length(frames: int) -> int:
    """A fast length of at least twice the frames, as the circulant methods need it."""
    return int(fft.next_fast_len(2 * frames, real=True))


def transform_and_back(padded: Float32[np.ndarray, "n length"], workers: int) -> np.ndarray:
    """One forward and one inverse real FFT of every row."""
    spectrum = fft.rfft(padded, axis=1, workers=workers)
    return fft.irfft(spectrum, n=padded.shape[1], axis=1, workers=workers)


def seconds(call: Callable[[], object]) -> float:
    """Wall-clock time of a call in s."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def peak_bytes(call: Callable[[], object]) -> int:
    """Most memory that Python and numpy held beyond the present during a call, in bytes.

    Buffers inside compiled libraries (BLAS, pocketfft) are not seen.
    """
    already = tracemalloc.is_tracing()
    if not already:
        tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        call()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        if not already:
            tracemalloc.stop()
