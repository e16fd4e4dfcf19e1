"""One physics for every array library: the same numbers, and gradients that are right."""

from dataclasses import dataclass, replace

import array_api_strict as strict
import numpy as np
import pytest
import torch
from physics_cases import NAMES, SHAPED, gamma_variate

from bolus.physics import (
    RESIDUES,
    ForwardModel,
    area,
    blood_flow,
    blood_volume,
    clip_signal,
    delta_r2star,
    kernel,
    leak_term,
    noise_gain,
    running_integral,
    signal_from_r2star,
    spoiled_gradient_echo,
    transit_time,
)

DT = 1.5
LIBRARIES = {"torch": torch.asarray, "strict": strict.asarray}
DTYPES = {"float64": (np.float64, 1e-10), "float32": (np.float32, 3e-5)}
CBF, MTT, DELAY = np.array([0.01, 0.02, 0.005]), np.array([3.0, 4.5, 9.0]), np.array([-2.1, 0, 1.7])


def to_numpy(x):
    return np.asarray(x) if isinstance(x, torch.Tensor) else np.from_dlpack(x)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NAMES)
def test_forward_model_is_the_same_everywhere(library, dtype, name):
    kind, tolerance = DTYPES[dtype]
    aif = gamma_variate(50, DT)
    make = LIBRARIES[library]
    args = [make(v.astype(kind)) for v in (aif, CBF, MTT, DELAY)]
    found = to_numpy(ForwardModel(args[0], DT, RESIDUES[name])(args[1], args[2], args[3]))
    want = ForwardModel(aif, DT, RESIDUES[name])(CBF, MTT, DELAY)
    assert found.dtype == kind
    assert found.shape == (3, 50)
    np.testing.assert_allclose(found, want, atol=tolerance * want.max())


@pytest.mark.parametrize("library", [*LIBRARIES, "numpy"])
@pytest.mark.parametrize("dt", [0.7, 1.5, 2.4])
def test_a_box_by_any_other_name_keeps_its_area(library, dt, monkeypatch):
    """Its edge is its own: no table of names to be missed in."""
    monkeypatch.setitem(RESIDUES, "plug flow", replace(RESIDUES["box"]))

    @dataclass(frozen=True)
    class Late(type(RESIDUES["box"])):
        """Another class altogether."""

    monkeypatch.setitem(RESIDUES, "another", Late())
    make = {**LIBRARIES, "numpy": np.asarray}[library]
    mtt, delay = np.array([1.1, 3.0, 4.7, 9.0]), np.array([0.0, 0.3, -1.9, 2.2])
    lags = np.arange(-4.0, 40.0)
    for name in ("box", "plug flow", "another"):
        k = kernel(make(lags), dt, make(mtt), make(delay), RESIDUES[name])
        np.testing.assert_allclose(to_numpy(k).sum(axis=1), mtt, rtol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_numpy_float32_stays_float32(name):
    args = [v.astype(np.float32) for v in (gamma_variate(50, DT), CBF, MTT, DELAY)]
    assert ForwardModel(args[0], DT, RESIDUES[name])(args[1], args[2], args[3]).dtype == np.float32


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_signal_and_areas_are_the_same_everywhere(library, dtype):
    kind, tolerance = DTYPES[dtype]
    rng = np.random.default_rng(5)
    signal, s0 = 50 + 50 * rng.random((3, 20)), np.full((3, 1), 100.0)
    make = LIBRARIES[library]
    s, z = make(signal.astype(kind)), make(s0.astype(kind))

    def every(s, z):
        change = delta_r2star(clip_signal(s, z, 0.6), z, 0.03)
        back = signal_from_r2star(change, z, 0.03)
        volume = blood_volume(change, change[0, :])
        flow = blood_flow(volume, area(change, DT))
        return change, back, volume, flow, transit_time(volume, flow)

    for found, want in zip(every(s, z), every(signal, s0), strict=True):
        assert to_numpy(found).dtype == kind
        np.testing.assert_allclose(to_numpy(found), want, rtol=100 * tolerance)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_leakage_is_the_same_everywhere(library, dtype):
    kind, tolerance = DTYPES[dtype]
    make = LIBRARIES[library]
    m, k2, r1 = gamma_variate(40, DT), np.array([0.02, -0.05]), np.array([0.5, 1.0, 3.0])

    def every(m, k2, r1):
        yield running_integral(m, DT)
        yield leak_term(k2, m, DT)
        yield spoiled_gradient_echo(r1, DT, 1.2)
        yield noise_gain(m, 0.03)

    values = [v.astype(kind) for v in (m, k2, r1)]
    for found, want in zip(every(*map(make, values)), every(m, k2, r1), strict=True):
        assert to_numpy(found).dtype == kind
        np.testing.assert_allclose(to_numpy(found), want, atol=100 * tolerance)


@pytest.mark.parametrize("name", NAMES)
def test_gradients_are_right(name):
    """Autograd against finite differences in flow, transit time, delay and shape."""
    aif = torch.asarray(gamma_variate(24, DT, arrival=4.0))
    values = [CBF[:2], MTT[:2], DELAY[:2] + 0.31]
    if name in SHAPED:
        values.append(np.array([0.6, 0.8]) if name == "biexponential" else np.array([1.6, 3.1]))
    variables = [torch.tensor(v, requires_grad=True) for v in values]

    looks = torch.asarray(np.random.default_rng(9).normal(size=(24, 3)))

    def model(cbf, mtt, delay, shape=None):
        return ForwardModel(aif, DT, RESIDUES[name])(100 * cbf, mtt, delay, shape) @ looks

    assert torch.autograd.gradcheck(model, variables, atol=2e-5, rtol=1e-3, fast_mode=True)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_gradients_are_finite_far_out(name, dtype):
    """Short and long transit times, large delays, long windows: no NaN from a 0·∞."""
    aif = torch.asarray(gamma_variate(60, DT), dtype=dtype)
    mtt = torch.tensor([0.2, 1.0, 30.0], dtype=dtype, requires_grad=True)
    delay = torch.tensor([-9.0, 0.0, 15.0], dtype=dtype, requires_grad=True)
    cbf = torch.tensor([0.01, 0.01, 0.01], dtype=dtype, requires_grad=True)
    curves = ForwardModel(aif, DT, RESIDUES[name])(cbf, mtt, delay)
    curves.sum().backward()
    assert torch.isfinite(curves).all()
    for variable in (mtt, delay, cbf):
        assert torch.isfinite(variable.grad).all()


@pytest.mark.parametrize("name", SHAPED)
def test_the_shape_has_a_finite_gradient(name):
    shape = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
    t = torch.linspace(0, 60, 121, dtype=torch.float64)
    RESIDUES[name](t, torch.tensor(4.0, dtype=torch.float64), shape).sum().backward()
    assert torch.isfinite(shape.grad)
    assert shape.grad != 0
