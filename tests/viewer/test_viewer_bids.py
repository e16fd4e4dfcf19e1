"""A result in a BIDS dataset is opened and graded like a folder, and left as it is."""

from hashlib import sha256

import numpy as np
import pytest
from viewer_cases import let_in

from bolus.data import InputError
from bolus.grading import grade_maps
from bolus.viewer import viewer_app


@pytest.fixture(scope="module")
def dataset(kept, tmp_path_factory):
    root = tmp_path_factory.mktemp("bids") / "derivatives"
    kept.phae.save_bids(root, subject="01", session="pre")
    return root


def state(folder):
    return {path: sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*.*")}


def test_a_dataset_with_one_run_is_opened_and_left_as_it_is(dataset, kept):
    before = state(dataset)
    app = viewer_app(dataset)
    view = app.state.session.view
    np.testing.assert_array_equal(view.maps.cbf, np.float32(kept.phae.cbf))
    np.testing.assert_array_equal(view.regions["tumor"], kept.phae.rois["tumor"])
    client = let_in(app)
    assert client.get("/api/result").json()["locked"] is True
    voxels = np.flatnonzero(kept.phae.aif.mask).tolist()
    for what, told in (
        ("regions/save", {"tumor": voxels, "reference": []}),
        ("aif/save", {"voxels": voxels}),
        ("recompute", {"voxels": voxels}),
        ("label", {"label": "mine"}),
    ):
        answer = client.post(f"/api/{what}", json=told)
        assert answer.status_code == 400, what
        assert "part of a BIDS dataset" in answer.json()["problem"]
    assert client.post("/api/regions/file", json={"voxels": voxels}).status_code == 200
    assert state(dataset) == before


def test_a_run_is_graded_as_its_folder_is(dataset, kept, folder):
    tumor = kept.phae.rois["tumor"]
    known = grade_maps(folder, tumor, cutoff="qin-cbf")
    summary = next(dataset.rglob("*_summary.json"))
    page = next(dataset.glob("*_report.html"))
    for path in (dataset, summary, page):
        assert grade_maps(path, tumor, cutoff="qin-cbf") == known


def test_of_several_runs_one_is_to_be_named(kept, tmp_path):
    kept.phae.save_bids(tmp_path / "d", subject="01")
    kept.leak.save_bids(tmp_path / "d", subject="01")
    with pytest.raises(InputError, match="found 2 runs") as told:
        viewer_app(tmp_path / "d")
    assert "sub-01_desc-osvd_summary.json" in str(told.value)
    run = tmp_path / "d" / "sub-01" / "perf" / "sub-01_desc-osvd_summary.json"
    assert viewer_app(run).state.session.view.maps.method == "osvd"


def test_what_is_missing_is_named_as_the_user_named_it(kept, tmp_path):
    kept.phae.save_bids(tmp_path / "d", subject="01")
    next(tmp_path.rglob("*_series.safetensors")).unlink()
    with pytest.raises(InputError, match="sub-01_desc-phae_summary") as told:
        viewer_app(tmp_path / "d")
    assert "bolus-bids-" not in str(told.value)
