"""The laws of a leakage model."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from bolus.data import InputError, LeakageEstimate, LeakageModel, LeakageProblem
from bolus.patient.leakage import find_leakage_model
from bolus.physics import RESIDUES, ForwardModel, leak_term
from bolus.testing.cases import DT, gamma_variate
from bolus.testing.law import LawError, close, hold

Law = Callable[[LeakageModel], None]
TE = 0.03
K2 = np.array([0.05, -0.05, 0.0])
"""Leaks in 1/s of the curves that are tried."""
NOISE = 0.3
"""SD in 1/s of the noise that comes with them; white matter peaks near 3."""


def says_what_it_is(model: LeakageModel) -> None:
    """Name, sentence, citations and code are there, and any output can give them."""
    try:
        find_leakage_model(model)
    except InputError as error:
        raise LawError(str(error)) from error


def one_rate_a_curve(model: LeakageModel) -> None:
    """K2 (n,) and what leakage took (n, t), finite, also for one curve and for none.

    The SD of what was taken, where it is known, is (n,) and not negative.
    """
    problem = _problem()
    for rows in (3, 1, 0):
        k2, taken, off = _fit(
            model, problem._replace(tissue=problem.tissue[:rows], noise_sd=problem.noise_sd[:rows])
        )
        frames = problem.reference.size
        hold(
            k2.shape == (rows,) and taken.shape == (rows, frames),
            f"{rows} curves give K2 of {k2.shape} and traces of {taken.shape}",
        )
        hold(np.isfinite(k2).all() and np.isfinite(taken).all(), "K2 or a trace is not finite")
        if off is not None:
            hold(off.shape == (rows,), f"{rows} curves give SDs of the area of {off.shape}")
            hold(bool((off >= 0).all()), "an SD of the area is negative or not a number")


def order_does_not_matter(model: LeakageModel) -> None:
    """The same curves in another order have the same answers, in that order."""
    problem, order = _problem(), np.array([2, 0, 1])
    whole = _fit(model, problem)
    turned = _fit(
        model, problem._replace(tissue=problem.tissue[order], noise_sd=problem.noise_sd[order])
    )
    close(turned.k2, whole.k2[order], "K2 depends on the order", rtol=1e-6, atol=1e-9)
    close(turned.taken, whole.taken[order], "a trace depends on the order", atol=1e-6)


def concentration_has_no_unit(model: LeakageModel) -> None:
    """Curves of TE·ΔR2*, where the echo time is unknown, give the same K2."""
    problem = _problem()
    one, two = _fit(model, problem), _fit(model, _unknown_echo_time(problem))
    close(two.k2, one.k2, "K2 without the echo time", rtol=1e-6, atol=1e-9)
    close(two.taken, TE * one.taken, "traces without the echo time", rtol=1e-6, atol=1e-9)
    if one.area_sd is not None and two.area_sd is not None:
        off = TE * one.area_sd
        close(two.area_sd, off, "SDs of areas without the echo time", rtol=1e-6, atol=1e-9)


def has_the_sign_of_the_leak(model: LeakageModel) -> None:
    """K2 > 0, and something taken off, where T1 shortens; the reverse where T2* does."""
    k2, taken, _ = _fit(model, _problem())
    for known, found, trace in zip(K2[:2], k2[:2], taken[:2].sum(axis=1), strict=True):
        hold(
            np.sign(found) == np.sign(known) == np.sign(trace),
            f"a leak of {known:g} 1/s gives K2 {found:.3g} 1/s and takes {trace:.3g} off",
        )


def leaves_the_reference_alone(model: LeakageModel) -> None:
    """Of tissue that is the reference itself, nothing is taken: under 2 % of its area."""
    problem = _problem()
    share = float(_fit(model, problem).taken[2].sum() / problem.reference.sum())
    hold(abs(share) < 0.02, f"{100 * share:.1f} % of the area are taken off where nothing leaks")


LEAKAGE_LAWS: tuple[Law, ...] = (
    says_what_it_is,
    one_rate_a_curve,
    order_does_not_matter,
    concentration_has_no_unit,
    has_the_sign_of_the_leak,
    leaves_the_reference_alone,
)
"""Every law, to be called with a leakage model."""


def check_leakage_model(model: LeakageModel) -> None:
    """Hold a leakage model to every law. Raises LawError."""
    for law in LEAKAGE_LAWS:
        law(model)


def _problem() -> LeakageProblem:
    """Brain that leaks by K2, of an MTT of 4.8 s, under a given arterial input."""
    aif = 300 * gamma_variate()
    mtt = np.array([4.8])
    m = ForwardModel(aif, DT, RESIDUES["exponential"])(0.03 / mtt, mtt, np.array([0.5]))[0]
    tissue: Float[np.ndarray, "3 t"] = m - leak_term(K2, m, DT)
    for array in (tissue, m, aif):
        array.setflags(write=False)
    return LeakageProblem(tissue, np.full(3, NOISE), m, aif, DT, TE)


def _unknown_echo_time(problem: LeakageProblem) -> LeakageProblem:
    return LeakageProblem(
        TE * problem.tissue,
        TE * problem.noise_sd,
        TE * problem.reference,
        TE * problem.aif,
        problem.dt,
        1.0,
    )


def _fit(model: LeakageModel, problem: LeakageProblem) -> LeakageEstimate:
    """The model's answer; inputs are read-only."""
    try:
        return LeakageEstimate(*model.fit(problem))
    except ValueError as error:
        raise LawError(f"the fit fails, or writes to what it is given: {error}") from error
