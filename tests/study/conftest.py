"""One tiny cohort on disk for all studies."""

import shutil

import pytest

from bolus.phantom import simulate_cohort

LOW, HIGH = 3, 4


@pytest.fixture(scope="session")
def cohort(tmp_path_factory):
    """Folder of a simulated cohort; four of its seven patients are marked for testing."""
    folder = tmp_path_factory.mktemp("study") / "tiny"
    simulate_cohort(folder, low=LOW, high=HIGH, seed=3, train=3, size=(32, 32, 5, 40), jobs=1)
    return folder


@pytest.fixture
def copied(cohort, tmp_path):
    """A copy of the cohort that a test may spoil."""
    return shutil.copytree(cohort, tmp_path / "copy")
