"""The laws of a residue function."""

import pickle
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np
from jaxtyping import Float

from bolus.base.extras import need
from bolus.physics import Residue, kernel
from bolus.testing.law import LawError, close, hold

MTTS = (0.5, 4.0, 16.0)
"""Transit times in s at which the laws are tried."""
Shape = float | None
Law = Callable[[Residue, Shape], None]
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(30)


def is_a_value(residue: Residue, shape: Shape = None) -> None:
    """It has a call and an edge, can be hashed, and is equal to itself from another process."""
    hold(
        isinstance(residue, Residue) and not isinstance(residue, type),
        f"a residue is an object with a call and edge(mtt), found {residue!r}",
    )
    try:
        again = pickle.loads(pickle.dumps(residue))
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise LawError(f"{residue!r} cannot be handed to another process: {error}") from error
    hold(
        again == residue and hash(again) == hash(residue),
        f"{residue!r} is another one after it went through another process; is it frozen data?",
    )


def starts_at_one_and_never_rises(residue: Residue, shape: Shape = None) -> None:
    """R(0) = 1, R never rises and never falls below 0, and is finite."""
    t = np.linspace(0, 120, 4001)
    for mtt in MTTS:
        r = _call(residue, t, mtt, shape)
        hold(np.isfinite(r).all(), f"R is not finite at MTT {mtt} s")
        hold(abs(r[0] - 1) < 1e-9, f"R(0) = {r[0]:g} at MTT {mtt} s, expected 1")
        hold(r.min() >= -1e-9, f"R falls to {r.min():g} at MTT {mtt} s, expected 0 or more")
        rise = np.diff(r).max()
        hold(rise <= 1e-9, f"R rises by {rise:g} from a sample to the next at MTT {mtt} s")


def area_is_the_transit_time(residue: Residue, shape: Shape = None) -> None:
    """∫R dt = MTT, to all times."""
    for mtt in MTTS:
        found = _area(residue, mtt, shape, np.inf)
        hold(abs(found / mtt - 1) < 1e-5, f"the area of R is {found:.6g} s, expected MTT {mtt} s")


def quadrature_keeps_the_area(residue: Residue, shape: Shape = None) -> None:
    """The forward model's weights add up to the area of R, at any frame time and delay.

    A residue that drops at once and does not know its edge loses or gains some percent.
    """
    mtt = 4.0
    for dt, delay in ((0.5, 0.0), (1.5, -4.1), (1.5, 1.5), (2.4, 2.3)):
        lags = np.arange(-np.ceil(6 / dt), np.ceil(80 * mtt / dt))
        weights = kernel(lags, dt, np.array([mtt]), np.array([delay]), residue, shape)
        expected = _area(residue, mtt, shape, dt * (lags[-1] + 0.5) - delay)
        found = float(weights.sum())
        hold(
            abs(found / expected - 1) < 2e-3,
            f"the quadrature gives R an area of {found:.5g} s at frames of {dt} s and a delay of "
            f"{delay} s, expected {expected:.5g} s; does it drop at another time than edge(mtt)?",
        )


def time_has_no_scale(residue: Residue, shape: Shape = None) -> None:
    """R depends on t/MTT alone."""
    t = np.linspace(0, 30, 61)
    for c in (0.1, 3.0):
        found, expected = _call(residue, c * t, 5.1 * c, shape), _call(residue, t, 5.1, shape)
        close(found, expected, f"R({c}·t, {c}·MTT) is not R(t, MTT)", atol=1e-9)


def arguments_broadcast(residue: Residue, shape: Shape = None) -> None:
    """Times (t,) and transit times (voxels, 1) give (voxels, t), and edges one a voxel."""
    t, mtt = np.linspace(0, 20, 7), np.array([2.0, 5.0, 9.0])
    table = _call(residue, t, mtt[:, None], shape)
    hold(table.shape == (3, 7), f"R has shape {table.shape}, expected (3, 7)")
    for row, m in zip(table, mtt, strict=True):
        close(row, _call(residue, t, m, shape), "R differs when voxels come together", rtol=1e-9)
    edge = residue.edge(mtt)
    hold(edge is None or edge.shape == (3,), "edge(mtt) must have one time a transit time")


def libraries_agree(residue: Residue, shape: Shape = None) -> None:
    """Numpy in single precision, torch, and array-api-strict if installed, give R alike.

    Their type stays what was given.
    """
    t, mtt = np.linspace(0, 40, 81), np.array([[3.0], [4.5], [9.0]])
    expected = _call(residue, t, mtt, shape)
    for name, (make, back) in _libraries().items():
        for kind, tolerance in ((np.float64, 1e-9), (np.float32, 3e-5)):
            given = make(t.astype(kind)), make(mtt.astype(kind))
            found = back(residue(*given, *_extra(shape)))
            hold(found.dtype == kind, f"R of {kind.__name__} is {found.dtype} in {name}")
            close(found, expected, f"R of {name} is not that of numpy", atol=tolerance)


def gradients_are_finite(residue: Residue, shape: Shape = None) -> None:
    """Torch differentiates the kernel by MTT and delay without NaN, also far out.

    Raises InputError where torch is not installed.
    """
    need("torch", "a law of gradients")
    import torch

    mtt = torch.tensor([0.2, 1.0, 30.0], dtype=torch.float64, requires_grad=True)
    delay = torch.tensor([-9.0, 0.0, 15.0], dtype=torch.float64, requires_grad=True)
    lags = torch.arange(-8, 60, dtype=torch.float64)
    kernel(lags, 1.5, mtt, delay, residue, shape).square().sum().backward()
    for name, variable in (("MTT", mtt), ("the delay", delay)):
        slope = variable.grad
        hold(
            slope is not None and bool(torch.isfinite(slope).all()),
            f"the gradient by {name} is {slope}, expected finite numbers",
        )


RESIDUE_LAWS: tuple[Law, ...] = (
    is_a_value,
    starts_at_one_and_never_rises,
    area_is_the_transit_time,
    quadrature_keeps_the_area,
    time_has_no_scale,
    arguments_broadcast,
    libraries_agree,
    gradients_are_finite,
)
"""Every law, to be called with a residue and, where it has one, a shape."""


def check_residue(residue: Residue, shapes: Sequence[Shape] = (None,)) -> None:
    """Hold a residue to every law, for each of its ``shapes``; None is the residue's own.

    Raises LawError. Laws: CAPLEX Q.IC1.002.
    """
    for law in RESIDUE_LAWS:
        for shape in shapes:
            law(residue, shape)


def _call(
    residue: Residue, t: np.ndarray, mtt: np.ndarray | float, shape: Shape
) -> Float[np.ndarray, "..."]:
    found = np.asarray(residue(t, np.asarray(mtt, float), *_extra(shape)))
    expected = np.broadcast_shapes(np.shape(t), np.shape(mtt))
    hold(found.shape == expected, f"R has shape {found.shape}, expected {expected}")
    return found


def _extra(shape: Shape) -> tuple[Any, ...]:
    """The third argument of a residue that has a shape."""
    return () if shape is None else (shape,)


def _area(residue: Residue, mtt: float, shape: Shape, window: float) -> float:
    """∫R from 0 to ``window`` s, also to ∞: in x = t/(t + MTT), in pieces, by Gauss-Legendre."""
    edge = residue.edge(np.asarray(mtt))
    fine = np.concatenate([[0], np.geomspace(1e-6, 0.1, 12), np.linspace(0.12, 0.98, 60)])
    cuts = [*fine, *(1 - np.geomspace(1e-2, 1e-6, 10)), 1.0]
    last = 1.0 if np.isinf(window) else window / (window + mtt)
    inside = {min(c, last) for c in cuts}
    if edge is not None:
        inside.add(min(float(edge / (edge + mtt)), last))
    low, high = np.array(sorted(inside))[:-1, None], np.array(sorted(inside))[1:, None]
    half = (high - low) / 2
    x = (high + low) / 2 + half * _NODES
    values = _call(residue, mtt * x / (1 - x), mtt, shape) * mtt / (1 - x) ** 2
    return float((half[:, 0] * (values @ _WEIGHTS)).sum())


def _libraries() -> dict[str, tuple[Callable[..., Any], Callable[..., Any]]]:
    """Name → how to make an array of numpy's, and back."""
    found: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
        "numpy": (np.asarray, np.asarray)
    }
    if find_spec("torch") is not None:
        import torch

        found["torch"] = torch.asarray, np.asarray
    if find_spec("array_api_strict") is not None:
        import array_api_strict

        found["array-api-strict"] = (array_api_strict.asarray, np.from_dlpack)
    return found
