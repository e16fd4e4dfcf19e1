"""The figures of a row, on estimates whose errors are known."""

from dataclasses import dataclass

import numpy as np
import pytest

from bolus.bench import Design
from bolus.bench.score import FLOOR, errors, joined, rows_where
from bolus.bench.statistics import bootstrap, row
from bolus.data import Perfusion

BATCH = next(Design(curves_per_cell=60, dts=(1.5,), snrs=(20.0,)).batches())
N = BATCH.cbf.size


def perfusion(**changes):
    nan = np.full(N, np.nan)
    exact = Perfusion(BATCH.cbv, BATCH.cbf, BATCH.mtt, BATCH.delay, BATCH.delay, nan)
    return exact._replace(**changes)


def figures(found, seed=0):
    group = np.stack([np.full(N, 1.5), np.arange(N) % 3], axis=1)
    e = errors(found, BATCH)
    reference = errors(perfusion(cbf=1.1 * BATCH.cbf), BATCH)
    return row("m", 20.0, None, e, reference, group, seed)


@dataclass(frozen=True)
class Band:
    """A posterior whose interval is the truth times 1 ± ``width``, off for every fourth curve."""

    width: float = 0.1
    quantities: tuple[str, ...] = ("cbf",)

    def quantile(self, name, q):
        true = getattr(BATCH, name) * np.where(np.arange(N) % 4 == 0, 2.0, 1.0)
        return true * (1 + np.sign(q - 0.5) * self.width)


def test_the_truth_scores_perfectly():
    r = figures(perfusion())
    assert (r.log_cbf, r.log_mtt, r.log_cbv, r.mtt_error, r.delay_error) == (0, 0, 0, 0, 0)
    assert (r.cbf_bias, r.cbf_spread, r.failed) == (1, 0, 0)
    assert r.correlation == pytest.approx(1)
    assert r.delay_from == "delay"
    assert r.coverage is None


def test_a_factor_of_two_is_a_bias_of_two_and_an_error_of_log_two():
    r = figures(perfusion(cbf=2 * BATCH.cbf, mtt=BATCH.mtt / 2, cbv=2 * BATCH.cbv))
    assert r.log_cbf == pytest.approx(np.log(2))
    assert r.log_mtt == pytest.approx(np.log(2))
    assert r.log_cbv == pytest.approx(np.log(2))
    assert r.mtt_error == pytest.approx(BATCH.mtt.mean() / 2)
    assert r.cbf_bias == pytest.approx(2)
    assert r.to_limit == pytest.approx(np.log(2) / np.log(1.1))


def test_missing_and_negative_flow_count_as_one_percent_and_are_reported():
    cbf = BATCH.cbf.copy()
    cbf[:10], cbf[10:15] = np.nan, -1.0
    r = figures(perfusion(cbf=cbf))
    assert r.failed == pytest.approx(15 / N)
    assert r.log_cbf == pytest.approx(-np.log(FLOOR) * 15 / N)
    assert np.isfinite(r.log_cbf_ci).all()


def test_a_method_without_delay_is_judged_by_its_tmax():
    r = figures(perfusion(delay=np.full(N, np.nan), tmax=BATCH.delay + 3))
    assert r.delay_from == "tmax"
    assert r.delay_error == pytest.approx(3)


def test_coverage_counts_the_intervals_that_hold_the_truth():
    r = figures(perfusion(posterior=Band()))
    assert r.coverage is not None
    assert r.coverage["cbf"] == pytest.approx(np.mean(np.arange(N) % 4 != 0))
    assert np.isnan(r.coverage["mtt"])


def test_correlation_sees_an_upside_down_map():
    assert figures(perfusion(cbf=BATCH.cbf.min() ** 2 / BATCH.cbf)).correlation < 0
    assert np.isnan(figures(perfusion(cbf=np.ones(N))).correlation)


def test_bootstrap_resamples_arterial_inputs_not_curves():
    rng = np.random.default_rng(0)
    place = np.repeat(np.arange(10), 50)
    values = rng.standard_normal(10)[place] + 0.1 * rng.standard_normal(500)
    low, high = bootstrap(values, np.stack([0.0 * place, place], axis=1), 0)
    alone = bootstrap(values, np.stack([0.0 * place, np.arange(500.0)], axis=1), 0)
    assert low < values.mean() < high
    assert high - low > 3 * (alone[1] - alone[0])
    assert (low, high) == bootstrap(values, np.stack([0.0 * place, place], axis=1), 0)


def test_bootstrap_keeps_the_share_of_every_repetition_time():
    group = np.repeat([[1.0, 0], [1.0, 1], [2.0, 2], [2.0, 3]], 5, axis=0)
    values = np.where(group[:, 0] == 1, 1.0, 3.0)
    assert bootstrap(values, group, 0) == (2.0, 2.0)


def test_errors_can_be_joined_and_picked():
    e = errors(perfusion(cbf=2 * BATCH.cbf), BATCH)
    twice = joined([e, e])
    assert twice.log_cbf.size == 2 * N
    assert rows_where(twice, np.arange(2 * N) < 7).covered.shape == (7, 4)
