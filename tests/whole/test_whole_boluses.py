"""Digital patients with several boluses in a series, against the same with one."""

from functools import lru_cache

import numpy as np
import pytest

import bolus
from altered import MIXED
from bolus.phantom import Realism, simulate_patient
from bolus.report import summary


@lru_cache(maxsize=1)
def patient(doses):
    realism = Realism(doses=doses)
    return simulate_patient(seed=4, shape=(32, 32, 3), frames=110, snr=100, realism=realism)


def mapped(doses, method):
    made = patient(doses)
    maps = bolus.perfusion_maps(
        made.series, method, aif=made.masks.aif, mask=made.masks.brain, preparation=MIXED
    )
    where = made.masks.grey | made.masks.white
    ratios = [
        np.nanmedian(getattr(maps, name)[where] / getattr(made.truth, name)[where])
        for name in ("cbf", "cbv")
    ]
    return maps, np.array(ratios)


@pytest.fixture(scope="module")
def single():
    return {method: mapped(((0, 1),), method)[1] for method in ("phae", "osvd")}


@pytest.mark.parametrize(
    ("doses", "number"),
    [
        (((0, 1), (75, 1)), 1),
        (((0, 0.5), (75, 1)), 2),
        (((0, 0.25), (60, 1)), 2),
        (((0, 1), (50, 1), (100, 1)), 1),
    ],
)
def test_flow_and_volume_are_those_of_one_bolus(single, doses, number):
    for method, expected in single.items():
        maps, ratios = mapped(doses, method)
        flow, volume = np.abs(np.log(ratios / expected))
        assert flow < 0.1
        assert volume < 0.05
    facts = summary(maps)
    assert (facts["frames"]["bolus_used"], facts["frames"]["boluses"]) == (number, len(doses))
    said = {check["name"]: check for check in facts["verdicts"]}["Boluses"]
    assert said["word"] == "doubtful"
    assert f"{len(doses)} pass, number {number} is used" in said["figure"]
    assert ("is -" in said["meaning"]) == (number > 1), "agent given before darkens the baseline"
