"""Residue functions under test, arterial inputs, and answers worked out by another road."""

import math

import numpy as np
import pytest

from bolus.physics import RESIDUES

SHAPED = {
    "gamma": (0.7, 1.0, 3.0, 20.0),
    "weibull": (0.7, 1.0, 2.0, 6.0),
    "biexponential": (0.05, 0.5, 1.0),
    "fermi": (-3.0, 0.0, 3.0, 10.0),
}
"""Shapes of the residues that have one, besides the default."""

CASES = [
    pytest.param(name, shape, id=name if shape is None else f"{name}-{shape}")
    for name in RESIDUES
    for shape in (None, *SHAPED.get(name, ()))
]
NAMES = tuple(RESIDUES)


def call(name, t, mtt, shape=None):
    """R(t) with or without a shape."""
    extra = () if shape is None else (shape,)
    return RESIDUES[name](np.asarray(t, float), np.asarray(mtt, float), *extra)


def infinite(name):
    """Whether R's tail is too heavy for its area to fit into any window."""
    return name == "lorentzian"


def window_area(name, mtt, window):
    """Area of R from 0 to ``window``: the closed form for the Lorentzian, MTT for all others."""
    if infinite(name):
        return 2 * mtt / math.pi * np.arctan(math.pi * window / (2 * mtt))
    return mtt


def gamma_variate(n, dt, arrival=9.0, power=3.0, width=1.5):
    """Arterial input with a peak of 1, at rest before ``arrival`` s."""
    t = np.maximum(dt * np.arange(n) - arrival, 0) / (power * width)
    return t**power * np.exp(power * (1 - t))


def ramp_response(t, mtt):
    """∫ τ·exp(−(t−τ)/MTT) dτ from 0 to t: the exponential residue's answer to a ramp."""
    t = np.maximum(t, 0)
    return mtt * t - mtt**2 * (1 - np.exp(-t / mtt))


def exponential_response(aif, dt, cbf, mtt, delay):
    """Exact tissue curve of a piecewise-linear arterial input: a sum of ramps at its knots.

    The input rises from zero in the frame before its window and falls to zero in the one after.
    """
    padded = np.concatenate([[0.0, 0.0], aif, [0.0, 0.0]])
    kinks = np.diff(padded, 2) / dt
    knots = dt * np.arange(-1, aif.size + 1)
    t = dt * np.arange(aif.size) - delay
    return cbf * ramp_response(t[:, None] - knots, mtt) @ kinks


_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(60)


def integral(function, cuts):
    """Integral of a vectorised function over pieces between ``cuts``, smooth inside each."""
    low, high = np.asarray(cuts[:-1])[:, None], np.asarray(cuts[1:])[:, None]
    half = (high - low) / 2
    return float((half * function((low + high) / 2 + half * _NODES) @ _WEIGHTS).sum())
