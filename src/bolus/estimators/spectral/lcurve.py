"""The corner of the L-curve, for all voxels at once."""

import numpy as np
from jaxtyping import Float, Int

FLAT = 1e-12
"""Squared slopes under this are taken as it: a curve of zeros has no corner, and no 0/0."""


def corner(
    power: Float[np.ndarray, "voxels bins"],
    s: Float[np.ndarray, " bins"],
    lambdas: Float[np.ndarray, " steps"],
) -> Int[np.ndarray, " voxels"]:
    """Index of the first corner of log‖k‖ against log‖r‖, coming from the largest λ: (voxels,).

    ``power`` |β|² of each curve in each singular mode, ``s`` normalised singular values,
    ``lambdas`` rising in equal ratios. The first local maximum of positive curvature from the large
    side is the corner; a curve without one takes its largest curvature. Taking the global maximum
    instead lets a noisy curve run to the smallest λ, where the response explodes.
    """
    inner = _curvature(power, s, lambdas)
    rising = np.diff(inner, axis=1)
    top = (rising[:, :-1] > 0) & (rising[:, 1:] <= 0) & (inner[:, 1:-1] > 0)
    first = top.shape[1] - top[:, ::-1].argmax(axis=1)
    return np.where(top.any(axis=1), first, inner.argmax(axis=1)) + 1


def _curvature(power: np.ndarray, s: np.ndarray, lambdas: np.ndarray) -> np.ndarray:
    """Curvature at the inner λ, (voxels, steps − 2), in u = ln λ by central differences.

    With g = s/(s²+λ²): residual ρ = Σ(1 − s·g)²|β|², solution η = Σ g²|β|², and the curve is
    (x, y) = (ln ρ, ln η)/2, so κ = (x'y'' − x''y')/(x'² + y'²)^(3/2).
    Hansen & O'Leary, SIAM J Sci Comput 1993;14:1487.
    """
    g = s / (s**2 + lambdas[:, None] ** 2)
    rho = power @ ((1 - s * g) ** 2).T.astype(power.dtype)
    eta = power @ (g**2).T.astype(power.dtype)
    tiny = np.finfo(power.dtype).tiny
    x = np.log(np.maximum(rho, tiny, out=rho), out=rho)
    y = np.log(np.maximum(eta, tiny, out=eta), out=eta)
    dx, dy = x[:, 2:] - x[:, :-2], y[:, 2:] - y[:, :-2]
    ddx = x[:, 2:] - 2 * x[:, 1:-1] + x[:, :-2]
    ddy = y[:, 2:] - 2 * y[:, 1:-1] + y[:, :-2]
    step = np.log(lambdas[1] / lambdas[0]).astype(power.dtype)
    speed = np.maximum((dx**2 + dy**2) / (4 * step**2), FLAT)
    return (dx * ddy - ddx * dy) / (step**3 * speed * np.sqrt(speed))
