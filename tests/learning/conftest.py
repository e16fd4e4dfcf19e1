"""A tiny cohort on disk, laid out like BIDS, for all trainings."""

import shutil
from types import SimpleNamespace

import pytest
import torch

from bolus.io import write_series, write_volume
from bolus.phantom import simulate_patient

SUBJECTS = 3


@pytest.fixture(scope="session", autouse=True)
def _one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def made():
    """Simulated patients of one protocol."""
    return [
        simulate_patient(seed=30 + n, shape=(32, 32, 4), snr=80, frames=40) for n in range(SUBJECTS)
    ]


@pytest.fixture(scope="session")
def bids(made, tmp_path_factory):
    """Folder of a BIDS-like cohort with masks, and a broken series."""
    folder = tmp_path_factory.mktemp("cohort")
    for n, patient in enumerate(made):
        perf = folder / f"sub-{n:02d}" / "perf"
        perf.mkdir(parents=True)
        s = patient.series
        write_series(perf / f"sub-{n:02d}_dsc.nii.gz", s.signal, s.grid, s.dt, s.te)
        for label, mask in (("aif", patient.masks.aif), ("brain", patient.masks.brain)):
            write_volume(perf / f"sub-{n:02d}_label-{label}_mask.nii.gz", mask, s.grid)
    broken = folder / "sub-Secret" / "perf"
    broken.mkdir(parents=True)
    (broken / "sub-Secret_dsc.nii.gz").write_bytes(b"not an image")
    return folder


@pytest.fixture
def place(bids, tmp_path):
    """The cohort and an output file of its own."""
    return SimpleNamespace(bids=bids, out=tmp_path / "ours.safetensors", folder=tmp_path)


@pytest.fixture
def without_broken(bids, tmp_path):
    """A copy of the cohort without the broken series."""
    copy = tmp_path / "whole"
    shutil.copytree(bids, copy)
    shutil.rmtree(copy / "sub-Secret")
    return copy
