"""One small digital patient, mapped once, and ways to change the maps."""

from dataclasses import replace

import numpy as np
import pytest

from altered import STILL
from bolus.data import Motion
from bolus.patient import perfusion_maps
from bolus.phantom import simulate_patient


@pytest.fixture(scope="session")
def mapped():
    """Maps by ``phae`` of a patient with a tumour, with both regions and leakage correction."""
    made = simulate_patient(seed=3, tumor="high", shape=(48, 48, 8), frames=44)
    regions = {"tumor": made.masks.tumor, "reference": made.masks.nawm}
    return perfusion_maps(made.series, "phae", preparation=STILL, regions=regions)


@pytest.fixture(scope="session")
def plain(mapped):
    """The same maps without regions."""
    return replace(mapped, rois={})


@pytest.fixture(scope="session")
def moving(mapped):
    """Make the head move: frames that moved, by how many mm, and how far off half of all are."""

    def moved(frames, by=1.0, away=0.0):
        count = mapped.series.n_frames
        displacement, flagged = np.full(count, 0.1), np.zeros(count, dtype=bool)
        displacement[list(frames)], flagged[list(frames)] = by, True
        pose = np.zeros((count, 6))
        pose[count // 2 :, 0] = away
        motion = Motion(pose=pose, displacement=displacement, flagged=flagged, limit=0.5)
        return replace(mapped, series=replace(mapped.series, motion=motion))

    return moved
