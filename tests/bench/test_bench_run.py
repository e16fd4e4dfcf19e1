"""Whole benchmarks: no method beats the limit, and the limit knows how sure it may be."""

import json
from dataclasses import dataclass
from io import StringIO
from typing import ClassVar

import numpy as np
import pytest
from rich.console import Console

from bolus.bench import (
    Benchmark,
    Limit,
    TimingSettings,
    bench_methods,
    limit_prior,
    run_benchmark,
    tables,
)
from bolus.data import Description, InputError, MethodError, Perfusion
from bolus.estimators import METHODS, Capabilities, Prior, capabilities, deconvolve
from bolus.estimators.bayes.estimator import Bayes
from bolus.phantom import CurvePrior, arterial_input
from bolus.physics import RESIDUES
from recorder import Recorder

ONE_FAMILY = CurvePrior(families={"exponential": (RESIDUES["exponential"], None)})
SNRS = (50.0, 20.0, 10.0)


@dataclass(frozen=True)
class Constant:
    """Says the same of every voxel."""

    cbf: float = 0.01

    capabilities: ClassVar = Capabilities()
    description: ClassVar = Description(sentence="the same of every voxel{chosen}", citations={})

    def bind(self, aif, dt, *, like):
        return self

    def __call__(self, tissue, noise_sd=None):
        same = np.ones(len(tissue))
        return Perfusion(0.05 * same, self.cbf * same, 5 * same, same, np.nan * same, 0 * same)


@pytest.fixture(scope="module")
def whole() -> Benchmark:
    return run_benchmark(curves_per_cell=48, timing=None, parts=())


@pytest.fixture(scope="module")
def tiny() -> Benchmark:
    small = TimingSettings(voxels=300, frames=40, repeats=2)
    chosen = {"csvd": "csvd", "constant": Constant()}
    return run_benchmark(
        methods=chosen, curves_per_cell=8, prior=ONE_FAMILY, timing=small, parts=()
    )


def test_all_methods_are_benched_and_both_oscillation_indices(whole):
    assert set(whole.methods) == {*METHODS, "osvd oi=0.035"}
    assert len(whole.accuracy) == 4 * 3 * (len(METHODS) + 2)
    assert {r.n for r in whole.pooled} == {3 * 48}


@pytest.mark.parametrize("snr", SNRS)
def test_no_method_beats_the_limit(whole, snr):
    best = whole.row("limit", snr).log_cbf
    for name in whole.methods:
        assert best <= 1.02 * whole.row(name, snr).log_cbf, name
        assert whole.row(name, snr).to_limit == pytest.approx(
            whole.row(name, snr).log_cbf / best
        ), name


def test_intervals_of_the_limit_hold_the_truth_as_often_as_they_say(whole):
    for name in ("cbf", "mtt", "delay", "cbv"):
        share = np.mean([whole.row("limit", snr).coverage[name] for snr in SNRS])
        assert 0.86 < share < 0.94, name


def test_figures_are_plausible(whole):
    assert 0.2 < whole.row("limit", 50.0).log_cbf < 0.33
    assert 0.35 < whole.row("osvd", 50.0).log_cbf < 0.65
    assert 0.45 < whole.row("tikhonov", 50.0).log_cbf < 0.8
    assert whole.row("osvd oi=0.035", 50.0).cbf_bias < whole.row("osvd", 50.0).cbf_bias < 1
    assert whole.row("limit", 50.0).delay_error < 1 < whole.row("osvd", 50.0).delay_error


def test_noise_makes_everything_but_luck_worse(whole):
    for name in ("limit", "bayes", "osvd", "tikhonov"):
        errors = [whole.row(name, snr).log_cbf for snr in SNRS]
        assert errors == sorted(errors), name


def test_pooled_rows_are_the_mean_of_those_of_each_repetition_time(whole):
    parts = [whole.row("osvd", 20.0, dt).log_cbf for dt in whole.design.dts]
    assert whole.row("osvd", 20.0).log_cbf == pytest.approx(np.mean(parts))
    low, high = whole.row("osvd", 20.0).log_cbf_ci
    assert low < np.mean(parts) < high


def test_only_methods_with_a_posterior_have_coverage(whole):
    best = Capabilities(posterior=True, delay=True)
    able = {"limit": best} | {n: capabilities(made) for n, made in bench_methods().items()}
    for r in whole.accuracy:
        assert (r.coverage is not None) == able[r.method].posterior
        assert r.delay_from == ("delay" if able[r.method].delay else "tmax")


def test_the_same_seed_gives_the_same_rows(tiny):
    chosen = {"csvd": "csvd", "constant": Constant()}
    keep = {"methods": chosen, "curves_per_cell": 8, "prior": ONE_FAMILY, "timing": None}
    keep["parts"] = ()
    rows = tiny.as_json()["accuracy"]
    assert run_benchmark(**keep).as_json()["accuracy"] == rows
    assert run_benchmark(seed=1, **keep).as_json()["accuracy"] != rows


def test_a_method_of_ones_own_can_be_benched(tiny):
    r = tiny.row("constant", 50.0)
    assert r.log_cbf > tiny.row("csvd", 50.0).log_cbf
    assert np.isnan(r.correlation)


def test_the_result_is_plain_json_without_nan(tiny):
    text = json.dumps(tiny.as_json(), allow_nan=False)
    back = json.loads(text)
    assert back["seed"] == 0
    assert set(back["versions"]) == {"bolus", "numpy", "scipy", "python"}
    assert back["settings"]["curves_per_cell"] == 8
    assert back["settings"]["families"] == {
        "exponential": {"residue": "exponential", "shape": None}
    }
    constant = [r for r in back["accuracy"] if r["method"] == "constant"]
    assert {r["correlation"] for r in constant} == {None}
    assert [r["method"] for r in back["speed"]["rows"]] == ["csvd", "constant"]


def test_tables_show_every_method_and_fit_a_hundred_columns(tiny):
    out = StringIO()
    shown = tables(tiny)
    for table in shown:
        Console(file=out, width=100).print(table)
    text = out.getvalue()
    assert len(shown) == 2
    for word in ("limit", "csvd", "constant", "SNR 50", "SNR 20", "SNR 10", "FFT floor"):
        assert word in text
    assert f"{tiny.row('csvd', 20.0).log_cbf:.3f}" in text
    assert "…" not in text


def test_the_table_of_all_methods_fits_too(whole):
    out = StringIO()
    (table,) = tables(whole)
    Console(file=out, width=100).print(table)
    assert "…" not in out.getvalue()


def test_progress_reaches_its_total():
    told = Recorder()
    small = TimingSettings(voxels=60, frames=40, repeats=1)
    run_benchmark(
        methods=["csvd"],
        curves_per_cell=1,
        prior=ONE_FAMILY,
        timing=small,
        parts=["home_ground", "arterial"],
        reporter=told,
    )
    calls = told.advances
    done = [c[0] for c in calls]
    assert done == list(range(len(calls)))
    assert {c[1] for c in calls} == {done[-1]}
    assert "csvd" in calls[1][2]


def test_phae_is_near_the_limit_and_sure_of_what_it_knows(whole):
    for snr in SNRS:
        own = whole.row("phae", snr)
        assert own.to_limit < 1.2
        assert own.to_rival < 1
        for name in ("cbf", "mtt", "delay"):
            assert 0.82 < own.coverage[name] < 0.97


def test_rivals_are_the_better_of_two(whole):
    for snr in SNRS:
        better = min(whole.row(name, snr).log_cbf for name in ("osvd", "tikhonov"))
        for name in ("bayes", "limit", "osvd"):
            r = whole.row(name, snr)
            assert r.to_rival == pytest.approx(r.log_cbf / better)


def test_wrong_methods_are_refused():
    with pytest.raises(InputError, match="nosuch"):
        run_benchmark(parts=["nosuch"])
    with pytest.raises(MethodError, match="nosuch"):
        bench_methods(["nosuch"])
    with pytest.raises(InputError, match="limit"):
        bench_methods({"limit": "osvd"})
    with pytest.raises(InputError, match="string"):
        bench_methods("osvd")


def test_the_limit_believes_what_the_curves_are_drawn_from():
    held = CurvePrior(
        mtt=(2.0, 9.0), cbv=(1.0, 7.05), families={"gamma 6": (RESIDUES["gamma"], 6.0)}
    )
    prior = limit_prior(held)
    assert prior.families == (("gamma", 6.0),)
    assert (prior.mtt, prior.delay) == ((2.0, 9.0), (-1.0, 4.0))
    assert prior.cbv == pytest.approx((1 / 70.5, 0.1), rel=1e-3)


@dataclass(frozen=True)
class Hyperbolic:
    def __call__(self, t, mtt):
        return 1 / (1 + t / mtt)

    def edge(self, mtt):
        return None


def test_the_limit_needs_to_know_the_residues():
    own = CurvePrior(families={"mine": (Hyperbolic(), None)})
    with pytest.raises(InputError, match="mine"):
        limit_prior(own)


def test_the_limit_hands_out_medians():
    prior = Prior(mtt_steps=8, delay_steps=5)
    aif = arterial_input(1.5 * np.arange(60))
    tissue = np.random.default_rng(0).standard_normal((5, 60)) + 0.05 * aif
    noise = np.full(60, 1.0) * np.ones((5, 1))
    found = deconvolve(tissue, aif, 1.5, Limit(prior), noise)
    mean = deconvolve(tissue, aif, 1.5, Bayes(prior), noise)
    np.testing.assert_array_equal(found.cbf, mean.posterior.quantile("cbf", 0.5))
    assert not np.allclose(found.cbf, mean.cbf)
