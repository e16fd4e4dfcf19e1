"""A slice of one frame that is spoilt changes no map, with motion corrected."""

from dataclasses import replace

import numpy as np
import pytest

import bolus
from altered import MIXED
from bolus.data import Preparation, Unmixing
from bolus.phantom import simulate_patient
from bolus.report import summary


@pytest.fixture(scope="module")
def made():
    return simulate_patient(seed=3, shape=(32, 32, 5), frames=34, snr=50)


@pytest.fixture(scope="module")
def clean(made):
    return bolus.perfusion_maps(made.series, "osvd", aif=made.masks.aif, preparation=MIXED)


def test_flow_is_that_without_the_spike(made, clean, monkeypatch):
    """Motion is found roughly."""
    monkeypatch.setattr("bolus.preprocess.motion.register.STEPS", 8)
    signal = made.series.signal.copy()
    signal[:, :, 3, 15:17] *= 0.5
    maps = bolus.perfusion_maps(
        replace(made.series, signal=signal),
        "osvd",
        aif=made.masks.aif,
        preparation=Preparation(unmixing=Unmixing(use=False)),
    )
    both = clean.mask & maps.mask & (clean.volumes["cbf"] > 0)
    ratio = maps.volumes["cbf"] / np.where(both, clean.volumes["cbf"], np.nan)
    assert np.nanmedian(ratio[:, :, 3]) == pytest.approx(1, abs=0.03)
    others = np.delete(ratio, 3, axis=2)
    assert np.nanmedian(others) == pytest.approx(1, abs=0.01)
    facts = summary(maps)
    assert (facts["spikes"]["slices"], facts["spikes"]["frames"]) == ([3], [15, 16])
    said = {check["name"]: check["word"] for check in facts["verdicts"]}
    assert said["Spikes and dropouts"] == "doubtful"


def test_a_clean_series_has_none(clean):
    assert summary(clean)["spikes"]["count"] == 0
    assert clean.series.measured.all()
