"""A wrong input or series raises an alarm with its figure; a clean one raises none."""

from dataclasses import replace

import numpy as np
import pytest

from altered import MIXED, STILL, altered
from bolus.data import ArterialScore, Criterion
from bolus.patient import estimate, measure, perfusion_maps
from bolus.phantom import simulate_patient
from bolus.report.alarms import alarms
from bolus.report.facts import facts_of
from bolus.report.verdict import Word, lead

SMALL = {"shape": (32, 32, 4)}


@pytest.fixture(scope="module")
def made():
    return simulate_patient(seed=1, **SMALL)


@pytest.fixture(scope="module")
def clean(made):
    """What is measured of it with the input that is found."""
    return measure(made.series, preparation=STILL)


def with_input(clean, curve, method="osvd"):
    """Maps with another arterial input, as a curve from outside."""
    aif = replace(clean.aif, curve=curve, mask=None, score=None, origin="given")
    return estimate(replace(clean, aif=aif), method)


def raised(maps):
    return {check.name: check for check in alarms(maps) if check.word is Word.DOUBTFUL}


@pytest.mark.parametrize("method", ["phae", "osvd", "phae-paper", "tikhonov"])
def test_a_clean_patient_raises_none(clean, method):
    maps = estimate(clean, method)
    assert raised(maps) == {}
    assert {check.word for check in alarms(maps)} == {Word.GOOD}
    assert next(c for c in facts_of(maps).checks if c.name == "Arterial input").word is Word.GOOD


def test_a_bolus_that_is_cut_at_the_end_of_the_series(made, clean):
    peak = clean.series.frames.first + int(np.argmax(clean.curves.mean))
    stop = peak + round(10 / made.series.dt)
    short = replace(made.series, signal=made.series.signal[..., :stop])
    curve = clean.aif.curve[: stop - clean.series.frames.first]
    found = raised(perfusion_maps(short, "osvd", curve, preparation=MIXED))["End of the bolus"]
    assert "9 s after the peak" in found.figure
    assert "cut at the end" in found.meaning
    longer = replace(made.series, signal=made.series.signal[..., : stop + round(20 / 1.5)])
    assert "End of the bolus" not in raised(perfusion_maps(longer, "osvd", preparation=MIXED))


def test_an_input_as_wide_as_tissue(clean):
    found = raised(with_input(clean, clean.curves.mean))["Width of the arterial input"]
    assert "(ratio 1.00)" in found.figure
    assert "MTT too short" in found.meaning


def test_an_input_that_does_not_come_down(clean):
    curve = np.maximum.accumulate(clean.aif.curve)
    assert "never falls" in raised(with_input(clean, curve))["Width of the arterial input"].figure


def test_a_brain_full_of_blood(clean):
    assert "Blood volume" not in raised(with_input(clean, 0.5 * clean.aif.curve))
    found = raised(with_input(clean, 0.4 * clean.aif.curve))
    assert set(found) == {"Blood volume"}
    assert found["Blood volume"].figure == "median of the brain 8.3 mL/100 g"


def test_transit_times_piled_up_at_either_end(clean):
    wide = raised(with_input(clean, clean.curves.mean, "phae"))
    assert "Many short ones" in wide["Transit times"].meaning
    narrow = np.where(np.arange(clean.aif.curve.size) == clean.aif.curve.argmax(), 300.0, 0.0)
    long = raised(with_input(clean, narrow))
    assert "Many long ones" in long["Transit times"].meaning


def test_saturated_arterial_voxels_with_a_high_score():
    noisy = measure(simulate_patient(seed=5, tumor="low", snr=20, shape=(48, 48, 8)).series,
                    preparation=STILL)  # fmt: skip
    assert noisy.aif.quality > 0.5
    found = next(c for c in facts_of(estimate(noisy, "osvd")).checks if c.name == "Arterial input")
    assert found.word is Word.DOUBTFUL
    assert "% of voxels saturated" in found.figure


@pytest.mark.parametrize(("count", "word"), [(3, "good"), (4, "doubtful")])
def test_a_quarter_of_the_voxels_may_be_saturated(clean, count, word):
    maps = estimate(clean, "osvd")
    saturated = Criterion("saturated", 0.9, "saturated", concern=True, voxels=count)
    aif = replace(maps.aif, score=ArterialScore(value=0.9, criteria=(saturated,)))
    twelve = np.zeros_like(maps.mask)
    twelve[tuple(np.argwhere(maps.mask)[:12].T)] = True
    found = facts_of(replace(maps, aif=replace(aif, mask=twelve))).checks
    assert next(c for c in found if c.name == "Arterial input").word == word


def test_no_alarm_is_silent_in_the_sentence_over_the_maps(clean):
    for curve in (clean.curves.mean, 0.3 * clean.aif.curve):
        assert "Maps can be read:" not in lead(facts_of(with_input(clean, curve)).checks)


def test_without_absolute_values_blood_volume_is_not_judged(clean):
    maps = estimate(clean, "osvd")
    relative = replace(maps, series=altered(maps.series, te=None))
    words = {check.name: check.word for check in alarms(relative)}
    assert words["Blood volume"] is Word.NONE
