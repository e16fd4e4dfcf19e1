"""Disturbed curves: that they are what they are called, and what is told of them."""

import math
from dataclasses import replace

import numpy as np
import pytest

from bolus.bench.disturbed import (
    DISTURBANCES,
    DT,
    TE,
    Disturbance,
    DisturbedRow,
    disturbed_rows,
    mixed,
    sampled,
    saturated,
    scaled,
)
from bolus.bench.disturbed_page import disturbed_page, run_disturbed
from bolus.estimators import estimator
from bolus.phantom import CurvePrior
from bolus.physics import RESIDUES, area

NONE = replace(DISTURBANCES[0], snr=1e5)


def middle(curve):
    return float((curve * np.arange(curve.size)).sum() / curve.sum() * DT)


def test_undisturbed_curves_have_their_volume_and_no_baseline():
    quick = CurvePrior(mtt=(2.0, 5.0), families={"exponential": (RESIDUES["exponential"], None)})
    one = sampled(replace(NONE, prior=quick), 0, 1, 60)
    np.testing.assert_allclose(area(one.tissue, 1.0) / area(one.aif, 1.0), one.cbv, rtol=0.05)
    assert np.abs(one.tissue[:, :12]).max() < 0.01
    np.testing.assert_allclose(one.noise_sd, 1e-5 / TE, rtol=0.1)


@pytest.mark.parametrize("change", [{"behind": 3.0}, {"wide": 3.0}])
def test_transport_is_on_the_side_of_the_tissue_or_of_the_input(change):
    plain, other = (sampled(replace(NONE, **c), 0, 1, 60) for c in ({}, change))
    tissue, artery = (
        middle(getattr(other, n).mean(axis=0) if n == "tissue" else other.aif)
        - middle(plain.tissue.mean(axis=0) if n == "tissue" else plain.aif)
        for n in ("tissue", "aif")
    )
    expected = (3.0, 0.0) if "behind" in change else (0.0, 3.0)
    assert (tissue, artery) == pytest.approx(expected, abs=0.6)


def test_an_input_is_changed_as_it_is_called():
    aif, tissue = np.array([0.0, 40, 100, 30]), np.array([0.0, 2, 8, 6])
    np.testing.assert_allclose(scaled(0.5)(aif, tissue), aif / 2)
    np.testing.assert_allclose(saturated(0.4)(aif, tissue), [0, 40, 40, 30])
    both = mixed(0.25)(aif, tissue)
    np.testing.assert_allclose(
        np.exp(-TE * both), 0.75 * np.exp(-TE * aif) + 0.25 * np.exp(-TE * tissue)
    )


def test_blood_and_leaks_lift_the_tissue():
    plain = sampled(NONE, 0, 1, 40).tissue
    for change in ({"blood": 0.05}, {"agent": 0.05}, {"leak": -0.02}):
        assert (
            sampled(replace(NONE, **change), 0, 1, 40).tissue.sum(axis=1) > plain.sum(axis=1)
        ).all()
    fallen = sampled(replace(NONE, drop=0.95, snr=1000.0), 0, 1, 40).tissue
    assert 1 - np.exp(-TE * fallen.max()) == pytest.approx(0.95, abs=0.01)
    whole = sampled(NONE, 0, 1, 40)
    short = sampled(replace(NONE, until=10.0), 0, 1, 40)
    assert short.aif.size == short.tissue.shape[1] == int(np.argmax(whole.aif)) + round(10 / DT)


def test_a_method_that_is_told_the_truth_is_right():
    """An input of half the size is twice the flow, and nothing else is."""
    plain, half = (
        next(
            disturbed_rows(
                Disturbance(name="x", measured=scaled(f)), {"osvd": estimator("osvd")}, 0, 40
            )
        )
        for f in (1.0, 0.5)
    )
    assert half.ratio == pytest.approx(2 * plain.ratio)
    assert math.isnan(half.held)
    assert half.misfit == pytest.approx(plain.misfit)


@pytest.mark.parametrize(
    ("held", "flagged", "silent"),
    [(0.84, 0.1, True), (0.9, 0.0, False), (0.1, 0.9, False), (math.nan, 0.0, False)],
)
def test_silence_is_a_wrong_interval_that_nothing_marks(held, flagged, silent):
    row = DisturbedRow(method="m", disturbance="d", log_cbf=0.1, ratio=1.0, held=held,
                       held_cbv=held, misfit=1.0, flagged=flagged)  # fmt: skip
    assert row.silent == silent


def test_the_page_counts_what_is_silent_and_what_is_worse():
    methods = {name: estimator(name) for name in ("phae", "osvd")}
    few = (DISTURBANCES[0], Disturbance(name="half", measured=scaled(0.5)))
    found = run_disturbed(methods, few, curves=24)
    assert [row.method for row in found.rows] == ["phae", "osvd"] * 2
    page = disturbed_page(found)
    assert "| disturbance | phae | osvd |" in page
    assert "Of 2 rows" in page
    half = found.of("phae")[1]
    assert f"| half | {half.log_cbf:.2f} / {half.ratio:.2f} / {100 * half.held:.0f} /" in page
    assert "`phae` 1 and 1." in page
