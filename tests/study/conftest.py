"""One tiny cohort on disk for all studies."""

import shutil

import pytest
from matplotlib.image import imsave
from numpy import zeros

from bolus.phantom import simulate_cohort

LOW, HIGH = 3, 4


@pytest.fixture(scope="session")
def cohort(tmp_path_factory):
    """Folder of a simulated cohort; four of its seven patients are marked for testing."""
    folder = tmp_path_factory.mktemp("study") / "tiny"
    simulate_cohort(folder, low=LOW, high=HIGH, seed=3, train=3, size=(28, 28, 4, 36), jobs=1)
    return folder


@pytest.fixture
def unrendered(monkeypatch):
    """Figures are made, but a dot is saved: that takes longest, and one test looks at them."""

    def dot(figure, path):
        imsave(path, zeros((1, 1, 3)))
        path.with_suffix(".svg").write_text("<svg/>")

    monkeypatch.setattr("bolus.study.output.save_figure", dot)


@pytest.fixture
def copied(cohort, tmp_path):
    """A copy of the cohort that a test may spoil."""
    return shutil.copytree(cohort, tmp_path / "copy")
