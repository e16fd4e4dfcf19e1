"""A small digital patient with a high-grade tumour, mapped by a method with and one without SDs."""

from types import SimpleNamespace

import pytest

import bolus
from altered import STILL
from bolus.base.json import write_json
from bolus.io import write_volume
from bolus.phantom import simulate_patient


@pytest.fixture(scope="session")
def mapped(tmp_path_factory):
    made = simulate_patient(seed=5, shape=(48, 48, 6), snr=60, tumor="high")
    folder = tmp_path_factory.mktemp("graded")
    for name in ("tumor", "nawm", "grey"):
        write_volume(folder / f"{name}.nii.gz", getattr(made.masks, name), made.series.grid)
    for method in ("phae", "osvd"):
        bolus.perfusion_maps(made.series, method, preparation=STILL).save(folder / method)
    return SimpleNamespace(
        made=made,
        folder=folder,
        phae=folder / "phae",
        osvd=folder / "osvd",
        tumor=folder / "tumor.nii.gz",
        nawm=folder / "nawm.nii.gz",
        grey=folder / "grey.nii.gz",
    )


@pytest.fixture
def results(tmp_path):
    """A study's results.json, written by the given rows."""

    def write(*rows, **changes):
        facts = {"software": "bolus 0.1.0", "cohort": "ours", "table": list(rows), **changes}
        write_json(tmp_path / "results.json", facts)
        return tmp_path / "results.json"

    return write
