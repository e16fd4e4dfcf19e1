"""What every map is made of: the list of maps says it, and it is so."""

from dataclasses import dataclass

import numpy as np
import pytest

from altered import BARE, leaking
from bolus.data import QUANTITIES, Perfusion
from bolus.patient import estimate, measure
from bolus.phantom import simulate_patient
from bolus.report.text.summary import sidecar

FURTHER = ("cbv_alone", "mtt_alone", "cth", "priorshare", "oefmax")


@dataclass(frozen=True)
class Scaled:
    """A method whose every answer is the area of the curve times a factor."""

    factor: float = 1.0

    def bind(self, aif, dt, *, like):
        return self

    def __call__(self, tissue, noise_sd=None):
        answer = self.factor * np.abs(tissue).sum(axis=1)
        return Perfusion(*6 * [answer], further=dict.fromkeys(FURTHER, answer))


@pytest.fixture(scope="module")
def results():
    """By the same method without and with leakage correction, and by another with it."""
    made = simulate_patient(seed=1, shape=(24, 24, 3), frames=44, tumor="high")
    given = (made.series, made.masks.aif, made.masks.brain)
    plain = measure(*given, preparation=BARE)
    corrected = measure(*given, preparation=leaking(model="bsw", unmix=False))
    return estimate(plain, Scaled()), estimate(corrected, Scaled()), estimate(corrected, Scaled(2))


GIVEN = "adc"
MADE = {name: one for name, one in QUANTITIES.items() if not one.regional and name != GIVEN}


@pytest.mark.parametrize("quantity", MADE.values(), ids=MADE)
def test_a_map_is_made_with_what_its_entry_says(results, quantity):
    plain, corrected, other = (maps.volumes.get(quantity.name, np.zeros(3)) for maps in results)
    moved = corrected.shape != plain.shape or not np.array_equal(corrected, plain, equal_nan=True)
    assert moved == quantity.corrected
    assert quantity.estimated != np.array_equal(corrected, other, equal_nan=True)
    told = sidecar(results[1], quantity.name)
    assert ("LeakageModel" in told) == quantity.corrected
    assert ("Method" in told) == ("MethodParameters" in told) == quantity.estimated
