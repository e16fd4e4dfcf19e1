"""The laws hold for the package's own, and each of them can fail."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest
from estimator_cases import method
from physics_cases import CASES

from bolus.data import Description, LeakageEstimate, Perfusion
from bolus.estimators import METHODS, Capabilities
from bolus.estimators.spectral.methods import CSVD, SVD
from bolus.patient.leakage import MODELS as LEAKAGE_MODELS
from bolus.patient.leakage import Boxerman
from bolus.physics import RESIDUES
from bolus.physics.residue import Box, Exponential
from bolus.testing import (
    ESTIMATOR_LAWS,
    LEAKAGE_LAWS,
    RESIDUE_LAWS,
    LawError,
    check_estimator,
    check_leakage_model,
    check_residue,
)


def ids(law):
    return law.__name__


@pytest.mark.parametrize("law", RESIDUE_LAWS, ids=ids)
@pytest.mark.parametrize(("name", "shape"), CASES)
def test_residues(law, name, shape):
    law(RESIDUES[name], shape)


@pytest.mark.parametrize("law", ESTIMATOR_LAWS, ids=ids)
@pytest.mark.parametrize("name", METHODS)
def test_methods(law, name):
    law(method(name))


@pytest.mark.parametrize("law", LEAKAGE_LAWS, ids=ids)
@pytest.mark.parametrize("name", LEAKAGE_MODELS)
def test_leakage_models(law, name):
    law(LEAKAGE_MODELS[name])


def broken(laws, objects, check):
    """Every object breaks the law that it stands under, and is told so by the check of all."""
    known = {law.__name__: law for law in laws}
    for name, thing in objects.items():
        with pytest.raises(LawError):
            known[name](thing)
        with pytest.raises(LawError):
            check(thing)


class NoEdge(Box):
    def edge(self, mtt):
        return None


class WrongEdge(Box):
    def edge(self, mtt):
        return 0.9 * mtt


class Rising(Exponential):
    def __call__(self, t, mtt):
        return super().__call__(t, mtt) * (1 + 0.2 * t / mtt)


class Late(Exponential):
    def __call__(self, t, mtt):
        return 0.9 * super().__call__(t, mtt)


class Twice(Exponential):
    def __call__(self, t, mtt):
        return super().__call__(t, 2 * mtt)


class InSeconds(Exponential):
    def __call__(self, t, mtt):
        return super().__call__(t, 4 + 0 * mtt)


class Flat(Exponential):
    def __call__(self, t, mtt):
        return super().__call__(t, mtt).ravel()


class Numpy(Exponential):
    def __call__(self, t, mtt):
        return np.exp(-np.asarray(t, np.float64) / np.asarray(mtt, np.float64))


class Steep(Exponential):
    """The root of a time of 0 has no slope."""

    def __call__(self, t, mtt):
        return super().__call__(t, mtt) + 0 * t**0.5


class Mutable:
    """Not equal to itself from another process."""

    def __call__(self, t, mtt):
        return Exponential()(t, mtt)

    def edge(self, mtt):
        return None


def test_every_law_of_a_residue_can_fail():
    broken(
        RESIDUE_LAWS,
        {
            "is_a_value": Mutable(),
            "quadrature_keeps_the_area": NoEdge(),
            "starts_at_one_and_never_rises": Late(),
            "area_is_the_transit_time": Twice(),
            "time_has_no_scale": InSeconds(),
            "arguments_broadcast": Flat(),
            "libraries_agree": Numpy(),
            "gradients_are_finite": Steep(),
        },
        check_residue,
    )
    for odd in (WrongEdge(), Rising()):
        with pytest.raises(LawError):
            check_residue(odd)


def altered(change, **claims):
    """An estimator like csvd whose answers are changed by a function (perfusion, like, curves)."""

    @dataclass(frozen=True)
    class Altered(CSVD):
        capabilities: ClassVar[Capabilities] = replace(CSVD.capabilities, **claims)

        def bind(self, aif, dt, *, like):
            bound = super().bind(aif, dt, like=like)

            @dataclass(frozen=True)
            class Bound(type(bound)):
                def __call__(self, tissue, noise_sd=None):
                    return change(super().__call__(tissue, noise_sd), tissue, aif, like)

            return Bound(bound.problem, bound.bank, bound.solve)

    return Altered()


def test_every_law_of_an_estimator_can_fail():
    calls = iter(range(10**6))
    plain = {
        "one_number_a_voxel": lambda p, *_: Perfusion(*(v.astype(float) for v in p[:6])),
        "single_precision_is_close": lambda p, t, *_: p._replace(
            cbv=p.cbv * (1 + (t.dtype == np.float32))
        ),
        "inputs_stay_as_they_are": lambda p, t, *_: (t.__setitem__(slice(1), 0), p)[1],
        "the_same_again": lambda p, *_: p._replace(cbf=p.cbf * (1 + next(calls))),
        "voxels_are_independent": lambda p, *_: p._replace(tmax=p.tmax - p.tmax.sum()),
        "concentration_has_no_unit": lambda p, t, a, _: p._replace(cbf=p.cbf * a.max()),
        "volume_is_flow_times_transit_time": lambda p, *_: p._replace(mtt=1.1 * p.mtt),
        "flow_and_volume_follow_the_truth": lambda p, *_: p._replace(cbv=1.3 * p.cbv),
        "claims_a_delay": lambda p, *_: p._replace(delay=p.tmax),
        "claims_to_be_positive": lambda p, *_: p._replace(cbv=np.abs(p.cbv)),
        "claims_a_response": lambda p, *_: p._replace(residual=2 * p.residual),
        "claims_a_subject_scale": lambda p, t, a, like: p._replace(
            cbf=p.cbf * np.array(like.peak / a.max(), p.cbf.dtype)
        ),
    }
    broken(ESTIMATOR_LAWS, {k: altered(v) for k, v in plain.items()}, check_estimator)

    @dataclass(frozen=True)
    class Miscited(CSVD):
        description: ClassVar[Description] = Description(sentence="after [nobody]")

    same = lambda p, *_: p  # noqa: E731
    claims = {
        "claims_a_posterior": altered(same, posterior=True),
        "claims_to_censor": altered(same, censoring=True),
        "claims_to_be_linear": altered(
            lambda p, *_: p._replace(cbv=p.cbv + p.cbf**2 * 30), linear=True
        ),
        "claims_to_take_areas": altered(
            lambda p, *_: p._replace(cbv=p.cbv * 1.01, cbf=p.cbf * 1.01)
        ),
        "claims_to_know_no_time": altered(lambda p, *_: p._replace(mtt=0 * p.mtt + 4)),
        "is_frozen_data": CSVD,
        "says_what_it_is": Miscited(),
    }
    broken(ESTIMATOR_LAWS, claims, check_estimator)

    @dataclass(frozen=True)
    class Causal(SVD):
        capabilities: ClassVar[Capabilities] = CSVD.capabilities

    broken(ESTIMATOR_LAWS, {"claims_to_stand_delay": Causal()}, check_estimator)


def test_every_law_of_a_leakage_model_can_fail():
    def odd(change, **more):
        def fit(self, problem):
            return change(Boxerman().fit(problem), problem)

        return type("Odd", (Boxerman,), {"fit": fit, **more})()

    first = lambda f, p: f  # noqa: E731
    broken(
        LEAKAGE_LAWS,
        {
            "says_what_it_is": odd(first, sentence="by nobody's"),
            "one_rate_a_curve": odd(lambda f, p: LeakageEstimate(f.k2, f.taken[:, :-1])),
            "order_does_not_matter": odd(lambda f, p: f._replace(k2=f.k2 + f.k2[:1])),
            "concentration_has_no_unit": odd(lambda f, p: f._replace(k2=f.k2 * p.aif.max())),
            "has_the_sign_of_the_leak": odd(lambda f, p: f._replace(k2=-f.k2)),
            "leaves_the_reference_alone": odd(lambda f, p: f._replace(taken=f.taken + 0.1)),
        },
        check_leakage_model,
    )
