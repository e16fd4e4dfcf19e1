"""The laws of an estimator: what every one must hold to, and what it declares of itself."""

import re
from collections.abc import Callable
from dataclasses import is_dataclass

import numpy as np
from jaxtyping import Float

from bolus.data import Perfusion
from bolus.data.description import CITED, LONGEST_MEANING, LONGEST_VALUE
from bolus.data.perfusion import NUMBERS
from bolus.estimators import (
    Bound,
    Capabilities,
    CurveScale,
    Estimator,
    capabilities,
    deconvolve,
    description,
    explainer,
)
from bolus.physics import blood_volume
from bolus.testing.cases import DT, gamma_variate, mixture
from bolus.testing.law import LawError, close, hold, read_only

Law = Callable[[Estimator], None]
_CASE = mixture(14, snr=20)


def is_frozen_data(estimator: Estimator) -> None:
    """A frozen dataclass with ``bind``; its capabilities are a ``Capabilities``."""
    hold(
        isinstance(estimator, Estimator) and not isinstance(estimator, type),
        f"an estimator is an object with bind(aif, dt, *, like), found {estimator!r}",
    )
    name = type(estimator).__name__
    frozen = is_dataclass(estimator) and type(estimator).__dataclass_params__.frozen
    hold(frozen, f"{name} is not a frozen dataclass")
    hold(isinstance(capabilities(estimator), Capabilities), f"{name}: no Capabilities")


def says_what_it_is(estimator: Estimator) -> None:
    """A description, if there is one, cites what it holds, by a code that DICOM can hold."""
    told = description(estimator)
    if told is None:
        return
    cited = re.findall(CITED, told.sentence)
    hold(
        set(cited) == set(told.citations),
        f"the sentence cites {cited}, and its citations are {list(told.citations)}",
    )
    if told.code is not None:
        value, meaning = told.code.value, told.code.meaning
        hold(
            0 < len(value) <= LONGEST_VALUE and 0 < len(meaning) <= LONGEST_MEANING,
            f"DICOM cannot hold the code '{value}', '{meaning}'",
        )


def one_number_a_voxel(estimator: Estimator) -> None:
    """Every number is (voxels,) in the type of the curves, also for one voxel and for none."""
    for dtype in (np.float32, np.float64):
        for rows in (14, 1, 0):
            found = _run(estimator, _CASE.tissue[:rows].astype(dtype))
            for name in NUMBERS:
                value = getattr(found, name)
                hold(
                    value.shape == (rows,) and value.dtype == dtype,
                    f"{name} of {rows} {dtype.__name__} curves is {value.shape} {value.dtype}",
                )
            for name in ("cbv", "cbf"):
                hold(np.isfinite(getattr(found, name)).all(), f"{name} is not finite everywhere")


def single_precision_is_close(estimator: Estimator) -> None:
    """float32 curves give what float64 curves give, within 0.5 %."""
    double, single = (_run(estimator, _CASE.tissue.astype(d)) for d in (np.float64, np.float32))
    for name in ("cbv", "cbf", "mtt"):
        one, two = getattr(double, name), getattr(single, name)
        close(two, one, f"{name} of float32 curves is not that of float64", rtol=5e-3)


def inputs_stay_as_they_are(estimator: Estimator) -> None:
    """Curves, arterial input and noise are not written to."""
    noise = np.full(_CASE.tissue.shape, _CASE.noise)
    tissue, aif, sd = read_only(_CASE.tissue, _CASE.aif, noise)
    try:
        deconvolve(tissue, aif, DT, estimator, noise_sd=sd)
    except ValueError as error:
        raise LawError(f"it writes to what it is given: {error}") from error


def the_same_again(estimator: Estimator) -> None:
    """Nothing depends on chance or on an earlier call."""
    one, two = _run(estimator), _run(estimator)
    for name in NUMBERS:
        close(getattr(two, name), getattr(one, name), f"{name} differs from call to call")


def voxels_are_independent(estimator: Estimator) -> None:
    """Bound to one subject, a voxel's answer depends on its own curve only, in any order."""
    bound = _bound(estimator)
    sd = np.full((len(_CASE.tissue), 1), _CASE.noise)
    whole, rtol = bound(_CASE.tissue, sd), _rounding(estimator)
    order = np.random.default_rng(4).permutation(len(_CASE.tissue))
    for rows in (order, order[:1], order[3:8]):
        found = bound(_CASE.tissue[rows], sd[rows])
        for name in NUMBERS:
            expected = getattr(whole, name)[rows]
            close(getattr(found, name), expected, f"{name} depends on the neighbours", rtol=rtol)


def concentration_has_no_unit(estimator: Estimator) -> None:
    """Curves and arterial input in another unit give the same perfusion."""
    one = _run(estimator)
    for c in (1e-6, 0.03, 4e3):
        two = _run(estimator, c * _CASE.tissue, c * _CASE.aif)
        _same(one, two, f"in a unit {c:g} of the first", rtol=1e-6, residual=c)


def volume_is_flow_times_transit_time(estimator: Estimator) -> None:
    """The central volume theorem, CBV = CBF·MTT, where there is an MTT."""
    found = _run(estimator)
    known = np.isfinite(found.mtt)
    hold(known.any(), "no voxel has an MTT")
    product = found.cbf[known] * found.mtt[known]
    close(product, found.cbv[known], "CBF·MTT is not CBV", rtol=1e-5)


def flow_and_volume_follow_the_truth(estimator: Estimator) -> None:
    """At low noise CBV lies within 15 % of the truth, and CBF rises with the true one."""
    case = mixture(42, snr=200, delay=(0.0, 0.0))
    found = deconvolve(case.tissue, case.aif, DT, estimator, noise_sd=case.noise)
    close(found.cbv, case.cbv, "CBV is not the true one", rtol=0.15)
    correlation = np.corrcoef(found.cbf, case.cbf)[0, 1]
    hold(correlation > 0.5, f"CBF has a correlation of {correlation:.2f} with the true one")


def claims_a_posterior(estimator: Estimator) -> None:
    """``posterior``: intervals of CBV, CBF and MTT around the estimate; without it, none."""
    found, claimed = _run(estimator), capabilities(estimator).posterior
    there = found.posterior is not None
    hold(there == claimed, f"posterior={claimed} is declared, found {'one' if there else 'none'}")
    for name in ("cbv", "cbf", "mtt") if claimed else ():
        (low, high), value = found.interval(name, 0.9), getattr(found, name)
        hold((low < high).all(), f"the interval of {name} is empty")
        inside = ((low <= value) & (value <= high)).mean()
        hold(inside == 1, f"{100 * inside:.0f} % of the estimates of {name} lie in their interval")


def claims_a_delay(estimator: Estimator) -> None:
    """``delay``: a delay of every voxel that follows the true one; without it, NaN."""
    case = mixture(42, snr=50, delay=(-1.0, 3.0))
    found = deconvolve(case.tissue, case.aif, DT, estimator, noise_sd=case.noise).delay
    if not capabilities(estimator).delay:
        hold(np.isnan(found).all(), "delay=False is declared, found delays; expected NaN")
        return
    hold(np.isfinite(found).all(), "delay=True is declared, found delays that are not finite")
    error = np.median(np.abs(found - case.delay))
    hold(error < 0.5, f"delay=True is declared, found a median error of {error:.2f} s")


def claims_to_stand_delay(estimator: Estimator) -> None:
    """``delay_invariant``: an artery two frames earlier or later moves no CBF by over 3 %."""
    if not capabilities(estimator).delay_invariant:
        return
    case = mixture(70, snr=50, delay=(0.0, 0.0))
    here, *moved = (
        np.asarray(
            deconvolve(
                case.tissue, gamma_variate(arrival=15.0 + s), DT, estimator, noise_sd=case.noise
            ).cbf
        )
        for s in (0.0, -2 * DT, 2 * DT)
    )
    for flow in moved:
        ratio = float(np.median(flow / here))
        hold(
            abs(ratio - 1) < 0.03,
            f"delay_invariant=True is declared, found CBF × {ratio:.3f} at another delay",
        )


def claims_to_censor(estimator: Estimator) -> None:
    """``censoring``: a sample of infinite noise does not count; without it, its row is NaN."""
    sd = np.full(_CASE.tissue.shape, _CASE.noise)
    sd[:, 21:23] = np.inf
    wild = _CASE.tissue.copy()
    wild[:, 21:23] = 5 * _CASE.aif.max()
    one, two = (deconvolve(t, _CASE.aif, DT, estimator, noise_sd=sd) for t in (_CASE.tissue, wild))
    if not capabilities(estimator).censoring:
        hold(np.isnan(one.cbf).all(), "censoring=False is declared, found CBF of censored curves")
        return
    hold(np.isfinite(one.cbf).all(), "censoring=True is declared, found no CBF")
    _same(one, two, "with another value in a censored sample", rtol=1e-6)


def claims_a_response(estimator: Estimator) -> None:
    """``response``: the curve is explained; the residual is that of the reconstruction."""
    kind = capabilities(estimator).response
    if kind is None:
        hold(not hasattr(_bound(estimator), "fit"), "response=None is declared, found fit")
        return
    ready = explainer(estimator, _CASE.tissue, _CASE.aif, DT)
    whole = deconvolve(_CASE.tissue, _CASE.aif, DT, estimator, noise_sd=_CASE.noise)
    for row in range(7):
        found = ready(_CASE.tissue[row], _CASE.noise)
        _explained(found.perfusion, whole, row)
        left = np.sqrt(np.mean((found.curve - found.reconstruction) ** 2))
        residual = float(found.perfusion.residual[0])
        hold(
            abs(left / residual - 1) < 2e-4,
            f"the reconstruction leaves {left:.4g}, the residual says {residual:.4g}",
        )
        hold((np.diff(found.response_time) >= 0).all(), "the times of the response do not rise")
        if kind == "samples":
            top, flow = found.response.max(), float(found.perfusion.cbf[0])
            hold(abs(top / flow - 1) < 1e-6, f"the response peaks at {top:.4g}, CBF is {flow:.4g}")
        else:
            area = np.trapezoid(found.response, found.response_time)
            cbv = float(found.perfusion.cbv[0])
            hold(abs(area / cbv - 1) < 0.15, f"the response's area is {area:.4g}, CBV {cbv:.4g}")


def claims_to_be_linear(estimator: Estimator) -> None:
    """``linear``: c times the tissue is c times CBV and CBF."""
    if not capabilities(estimator).linear:
        return
    one = _run(estimator)
    for c in (1e-3, 0.5, 250.0):
        two = _run(estimator, c * _CASE.tissue)
        _same(one, two, f"of {c:g} × the tissue", rtol=1e-6, cbv=c, cbf=c, residual=c)


def claims_to_be_positive(estimator: Estimator) -> None:
    """``positive``: no CBV below 0 of noise alone; without it, noise falls to both sides."""
    noise = np.random.default_rng(7).normal(size=(400, _CASE.aif.size)) * 0.01
    below = float((deconvolve(noise, _CASE.aif, DT, estimator).cbv < 0).mean())
    if capabilities(estimator).positive:
        hold(below == 0, f"positive=True is declared, found {100 * below:.0f} % of CBV below 0")
    else:
        hold(
            abs(below - 0.5) < 0.1,
            f"positive=False is declared, found {100 * below:.0f} % of CBV below 0, expected half",
        )


def claims_to_take_areas(estimator: Estimator) -> None:
    """``area``: CBV is the area of the curve over that of the arterial input."""
    if capabilities(estimator).area:
        expected = blood_volume(_CASE.tissue, _CASE.aif)
        close(_run(estimator).cbv, expected, "area=True is declared, CBV", rtol=1e-6)


def claims_to_know_no_time(estimator: Estimator) -> None:
    """``timeless``: with another frame time only the unit of CBF, MTT and times is another."""
    if not capabilities(estimator).timeless:
        return
    one = _run(estimator)
    for c in (1 / 60, 2.0):
        two = deconvolve(_CASE.tissue, _CASE.aif, c * DT, estimator, noise_sd=_CASE.noise)
        told = f"at {c:g} × the frame time"
        _same(one, two, told, rtol=1e-6, cbf=1 / c, mtt=c, tmax=c, delay=c)


def claims_a_subject_scale(estimator: Estimator) -> None:
    """``subject_scale``: only then a higher peak of the subject changes an answer."""
    usual = CurveScale.of(_CASE.tissue)
    loud = CurveScale(usual.dtype, 7 * max(usual.peak, float(_CASE.aif.max())))
    one, two = (estimator.bind(_CASE.aif, DT, like=s)(_CASE.tissue) for s in (usual, loud))
    moved = not np.array_equal(one.cbf, two.cbf, equal_nan=True)
    claimed = capabilities(estimator).subject_scale
    hold(moved == claimed, f"subject_scale={claimed} is declared, found {moved}")


ESTIMATOR_LAWS: tuple[Law, ...] = (
    is_frozen_data,
    says_what_it_is,
    one_number_a_voxel,
    single_precision_is_close,
    inputs_stay_as_they_are,
    the_same_again,
    voxels_are_independent,
    concentration_has_no_unit,
    volume_is_flow_times_transit_time,
    flow_and_volume_follow_the_truth,
    claims_a_posterior,
    claims_a_delay,
    claims_to_stand_delay,
    claims_to_censor,
    claims_a_response,
    claims_to_be_linear,
    claims_to_be_positive,
    claims_to_take_areas,
    claims_to_know_no_time,
    claims_a_subject_scale,
)
"""Every law, to be called with an estimator."""


def check_estimator(estimator: Estimator) -> None:
    """Hold an estimator to every law, those of its ``Capabilities`` included.

    A slow one may be configured to be quick. Raises LawError.
    """
    for law in ESTIMATOR_LAWS:
        law(estimator)


def _run(
    estimator: Estimator,
    tissue: Float[np.ndarray, "n t"] = _CASE.tissue,
    aif: Float[np.ndarray, " t"] = _CASE.aif,
) -> Perfusion:
    return deconvolve(tissue, aif, DT, estimator)


def _bound(estimator: Estimator) -> Bound:
    return estimator.bind(_CASE.aif, DT, like=CurveScale.of(_CASE.tissue))


def _rounding(estimator: Estimator) -> float:
    """How far two ways to the same number may lie apart."""
    return 1e-5 if capabilities(estimator).single_precision else 1e-9


def _same(one: Perfusion, two: Perfusion, what: str, rtol: float, **factors: float) -> None:
    """``two`` is ``one`` times the factors, 1 where none is named."""
    for name in NUMBERS:
        expected = factors.get(name, 1.0) * getattr(one, name)
        close(getattr(two, name), expected, f"{name} {what}", rtol=rtol, atol=rtol * 1e-3)


def _explained(found: Perfusion, whole: Perfusion, row: int) -> None:
    """The numbers of one explained curve are those of the whole list."""
    for name in NUMBERS:
        value, expected = getattr(found, name), getattr(whole, name)[row : row + 1]
        close(value, expected, f"{name} of an explained curve", rtol=1e-5)
