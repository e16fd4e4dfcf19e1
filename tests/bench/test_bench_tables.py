"""The further tables of the benchmark: hand-made cases, and one small run of them all."""

import json
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from bolus.bench import CurveBatch, Design, limit_prior, page, protocols, run_benchmark
from bolus.bench.ablation import Ablation, AblationRun
from bolus.bench.ablation_page import ablation_page
from bolus.bench.arterial import changes, wrong_input
from bolus.bench.bias import EDGES, bias_rows
from bolus.bench.run import PARTS
from bolus.bench.score import errors
from bolus.bench.trial import Trial
from bolus.data import Perfusion
from bolus.report.text.layout import Layout, as_markdown

METHODS = ["phae", "osvd", "tikhonov"]


@pytest.fixture(scope="module")
def small():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(protocols, "DTS", (2.0, 3.0))
        patch.setattr(protocols, "DURATIONS", (40.0, 60.0))
        coarse = partial(
            limit_prior, mtt_steps=12, delay_steps=9
        )  # how near the limit is, no matter
        patch.setattr("bolus.bench.trial.limit_prior", coarse)
        return run_benchmark(methods=METHODS, curves_per_cell=2, timing=None)


def trial_of(ratio, delay, dt):
    """Curves of a method that reads CBF ``ratio`` times too high, each with its own input."""
    n = ratio.size
    place = np.arange(n)
    one, curve = np.ones(n), np.zeros((n, 3))
    batch = CurveBatch(1.5, curve[0], curve, curve, one, 50 * one, one, one, one, delay, 0 * place)
    found = Perfusion(one, ratio, one, one, np.nan * one, one)
    return Trial({"mine": errors(found, batch)}, dt, place, 50 * one, delay, 0 * place)


def test_bias_is_the_median_inside_each_bin():
    delay = np.array([-1.0, -0.5, 0.0, 0.5, 3.5, 4.0, 4.0])
    ratio = np.array([0.8, 0.9, 1.1, 1.3, 2.0, 2.2, 2.4])
    dt = np.array([1.0, 1.0, 1.25, 1.25, 1.5, 2.0, 2.0])
    rows = {(r.by, r.low): r for r in bias_rows(trial_of(ratio, delay, dt), "in-family", seed=0)}
    assert rows["delay", -1.0].median == pytest.approx(0.85)
    assert rows["delay", 0.0].median == pytest.approx(1.2)
    assert rows["delay", 3.0].median == pytest.approx(2.2)
    assert rows["delay", 3.0].n == 3
    assert np.isnan(rows["delay", 1.0].median)
    assert rows["dt", 1.25].median == pytest.approx(1.2)
    assert sum(r.n for key, r in rows.items() if key[0] == "delay") == 7
    low, high = rows["delay", 3.0].ci
    assert 2.0 <= low <= 2.2 <= high <= 2.4
    assert len(rows) == len(EDGES) - 1 + 4


def test_a_wrong_input_is_compared_with_the_right_one():
    found = changes(np.array([1.0, 2.0]), np.array([2.0, 4.0]), np.array([1.0, 2.0]))
    assert found["change"] == pytest.approx(2)
    assert found["spread"] == pytest.approx(np.log(2))
    assert found["log_cbf"] == pytest.approx(np.log(2))
    assert found["log_cbf_true_aif"] == pytest.approx(0)


def test_the_wrong_inputs_are_what_they_are_called():
    design = Design(dts=(1.0,))
    true = design.arterial_input(0, 3)
    np.testing.assert_allclose(wrong_input(design, 3, "scale"), 0.7 * true)
    np.testing.assert_allclose(wrong_input(design, 3, "later")[2:], true[:-2], atol=1e-6)
    np.testing.assert_allclose(wrong_input(design, 3, "earlier")[:-2], true[2:], atol=1e-6)
    noise = wrong_input(design, 3, "noise") - true
    assert noise.std() == pytest.approx(true.max() / 50, rel=0.3)
    assert np.array_equal(wrong_input(design, 3, "noise") - true, noise)


def test_scans_under_twenty_frames_are_not_benched():
    scans = {(d.dts[0], d.duration) for d in protocols.protocol_designs(Design())}
    assert (3.0, 40.0) not in scans
    assert (2.0, 40.0) in scans
    assert (0.5, 150.0) in scans


def test_every_table_is_measured_and_written(small):
    figures = json.loads(json.dumps(small.as_json(), allow_nan=False))
    assert {"held_out", "home_ground", "bias", "arterial", "protocols"} <= set(figures)
    text = page(small)
    for words in ("Residues never trained on", "Lorentzian tissue", "Other scans", "SNR 50"):
        assert words in text
    assert "phae" in text
    assert f"{small.row('phae', 20.0).log_cbf:.3f}" in text
    assert {r.residue for r in small.further["held_out"]} == {"all", "gamma 1.7", "gamma 6"}
    assert len(small.further["home_ground"]) == 3 * len(METHODS)
    assert small.further["sgemm"] == ()
    assert set(small.further) == set(PARTS)


def test_a_held_out_row_of_all_is_the_mean_of_its_residues(small):
    rows = [r for r in small.further["held_out"] if (r.method, r.snr) == ("osvd", 50.0)]
    whole, *parts = rows
    mean = sum(r.n * r.log_cbf for r in parts) / sum(r.n for r in parts)
    assert whole.n == sum(r.n for r in parts)
    assert whole.log_cbf == pytest.approx(mean)


def test_rates_of_matrix_products_are_measured(monkeypatch):
    for name, size in (("SIDE", 256), ("VOXELS", 512), ("REPEATS", 2)):
        monkeypatch.setattr(f"bolus.bench.sgemm.{name}", size)
    design = Design(curves_per_cell=1)
    from bolus.base.progress import Steps
    from bolus.bench import bench_methods

    work = PARTS["sgemm"](design, bench_methods(["phae-paper"]))
    (row,) = work.rows(Steps(work.steps))
    assert row.ratio == pytest.approx(row.network / row.product)
    assert min(row.product, row.network, row.voxels_per_second) > 0


def test_markdown_keeps_bars_and_lines_inside_their_cells():
    one = Layout(
        name="x", title="X", note="n", columns=("a", "|b|\nc"), sections=(("", (("1", "2\n3"),)),)
    )
    assert as_markdown(one).splitlines()[2:5] == ["| a | \\|b\\| c |", "|---|---|", "| 1 | 2 3 |"]


def test_the_ablation_page_has_mean_and_spread_over_seeds():
    run = AblationRun(
        step="paper", seed=0, curves=10, seconds=2.0, log_cbf=(0.5,), log_mtt=(0.25,),
        mtt_error=(1.0,), bias=(0.9, 0.7),
    )  # fmt: skip
    other = replace(run, seed=1, log_cbf=(0.7,))
    whole = Ablation(runs=(run, other), snrs=(50.0,), delays=(0.0, 3.0), test_curves=5, settings={})
    assert whole.spread("paper", "log_cbf") == [pytest.approx((0.6, np.sqrt(0.02)))]
    text = ablation_page(whole)
    assert "| paper | 0.600 ± 0.141 | 0.250 ± 0.000 | 0.90 ± 0.00 | 0.70 ± 0.00 | 2 |" in text
    with pytest.raises(KeyError):
        whole.spread("nosuch", "log_cbf")
