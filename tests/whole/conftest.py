"""One small digital patient on disk for all whole runs."""

from types import SimpleNamespace

import numpy as np
import pytest

from altered import undraw
from bolus.cli import main
from bolus.io import write_series, write_volume
from bolus.phantom import simulate_patient

FRAMES = 42


@pytest.fixture(scope="session")
def patient(tmp_path_factory):
    """Simulated series with masks; the affine is oblique and has both transforms."""
    made = simulate_patient(seed=5, shape=(40, 40, 6), frames=FRAMES, snr=60)
    folder = tmp_path_factory.mktemp("patient")
    series = made.series
    write_series(folder / "dsc.nii.gz", series.signal, series.grid, series.dt, series.te)
    write_volume(folder / "aif.nii.gz", made.masks.aif, series.grid)
    write_volume(folder / "brain.nii.gz", made.masks.brain, series.grid)
    return SimpleNamespace(made=made, folder=folder, path=folder / "dsc.nii.gz", series=series)


@pytest.fixture
def no_picture(monkeypatch):
    """The overview is not drawn, in a test that is not about it."""
    undraw(monkeypatch)


@pytest.fixture
def run(capfd):
    """Run the command line in this process: (exit code, stdout, stderr)."""

    def call(*arguments):
        code = 0
        try:
            main([str(a) for a in arguments])
        except SystemExit as stop:
            code = stop.code or 0
        out, err = capfd.readouterr()
        return code, out, err

    return call


@pytest.fixture
def write(patient, tmp_path):
    """Write a changed copy of the patient's series; returns its path."""

    def save(change=lambda s: s, te=0.03, tr=None, name="changed.nii.gz"):
        signal = change(np.array(patient.series.signal))
        write_series(tmp_path / name, signal, patient.series.grid, tr or patient.series.dt, te)
        return tmp_path / name

    return save
