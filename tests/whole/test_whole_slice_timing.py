"""Slices acquired one after the other, against the same patient acquired at once."""

from dataclasses import replace

import numpy as np
import pytest

import bolus
from bolus.data import Preparation, Unmixing
from bolus.phantom import Realism, simulate_patient
from bolus.report import summary
from bolus.report.facts import facts_of

TIMES = (0.0, 0.75, 0.25, 1.25)
MIXED = Preparation(motion=None, unmixing=Unmixing(use=False))


def patient(times):
    realism = Realism(slice_times=times)
    return simulate_patient(
        seed=4, shape=(32, 32, 4), frames=44, snr=float("inf"), tr=1.5, realism=realism
    )


@pytest.fixture(scope="module")
def at_once():
    return patient(None)


@pytest.fixture(scope="module")
def timed():
    return patient(TIMES)


def mapped(made, method, known=True, aif=None):
    series = made.series if known else replace(made.series, slice_times=None)
    artery = made.masks.aif if aif is None else aif
    return bolus.perfusion_maps(
        series, method, aif=artery, mask=made.masks.brain, preparation=MIXED
    )


def by_slice(maps, made, name, truth=None):
    where = (made.masks.grey | made.masks.white) & np.isfinite(maps.volume(name))
    values = maps.volume(name) - (0 if truth is None else truth)
    return np.array([np.median(values[:, :, k][where[:, :, k]]) for k in range(len(TIMES))])


@pytest.mark.parametrize(
    ("method", "name", "within"), [("phae", "delay", 0.05), ("osvd", "tmax", 0.2)]
)
def test_delay_is_that_of_slices_acquired_at_once(at_once, timed, method, name, within):
    expected = by_slice(mapped(at_once, method), at_once, name, at_once.truth.delay)
    found = mapped(timed, method)
    off = by_slice(found, timed, name, timed.truth.delay) - expected
    assert np.abs(off).max() < within
    ignored = by_slice(mapped(timed, method, known=False), timed, name, timed.truth.delay)
    assert np.ptp(ignored - expected) > 0.7


def test_flow_of_a_causal_method_does_not_depend_on_the_slice(at_once, timed):
    expected = by_slice(mapped(at_once, "svd"), at_once, "cbf")
    np.testing.assert_allclose(by_slice(mapped(timed, "svd"), timed, "cbf"), expected, rtol=0.02)
    ignored = by_slice(mapped(timed, "svd", known=False), timed, "cbf")
    assert np.ptp(ignored / expected) > 0.05


def test_time_to_peak_counts_from_the_start_of_the_frame(at_once, timed):
    expected = by_slice(mapped(at_once, "osvd"), at_once, "ttp")
    np.testing.assert_allclose(by_slice(mapped(timed, "osvd"), timed, "ttp"), expected, atol=0.1)


def test_an_input_from_several_slices_is_aligned(timed):
    several = timed.masks.aif
    assert (several.any(axis=(0, 1))).sum() > 1
    found = mapped(timed, "osvd", aif=several).aif
    most = int(np.argmax(several.sum(axis=(0, 1))))
    assert found.slice_time == TIMES[most]
    blurred = mapped(timed, "osvd", known=False, aif=several).aif
    truth = timed.arterial(1.5 * np.arange(44) + TIMES[most])[-found.curve.size :]

    def off(curve):
        return np.abs(curve / curve.sum() - truth / truth.sum()).sum()

    assert off(found.curve) < 0.01
    assert off(blurred.curve) > 5 * off(found.curve)


def test_the_verdict_says_what_is_known(timed):
    for known, word, figure in ((True, "good", "over 1.25 s"), (False, "doubtful", "unknown")):
        maps = mapped(timed, "osvd", known)
        said = {check.name: check for check in facts_of(maps).checks}["Slice timing"]
        assert said.word == word
        assert figure in said.figure
        assert summary(maps)["slice_times_s"] == (list(TIMES) if known else None)
