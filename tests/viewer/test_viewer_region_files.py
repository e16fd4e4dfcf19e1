"""Regions come from files and go to files; their mean curves; the user's own label."""

import json
from dataclasses import replace

import numpy as np
import pytest

from bolus.data import MaskError
from bolus.io import write_volume
from bolus.viewer import viewer_app
from bolus.viewer.region_files import mean_curves, region_file, region_from

EMPTY = {"tumor": [], "reference": []}


def test_a_region_goes_to_a_file_and_comes_back(reading, kept):
    tumor = kept.phae.rois["tumor"]
    voxels = np.flatnonzero(tumor).tolist()
    content = reading.client.post("/api/regions/file", json={"voxels": voxels}).content
    told = reading.client.post("/api/regions/load", content=content).json()
    assert told == {"voxels": voxels, "outside": 0}


def test_what_is_no_region_of_this_series_is_refused(reading, kept, tmp_path):
    view = reading.session.view
    affine = kept.phae.grid.affine.copy()
    affine[0, 3] += 50
    away = replace(kept.phae.grid, affine=affine)
    write_volume(tmp_path / "away.nii.gz", kept.phae.rois["tumor"], away)
    for content, words in (
        ((tmp_path / "away.nii.gz").read_bytes(), "grid"),
        (b"no image at all", "this file"),
        (b"", "this file"),
    ):
        answer = reading.client.post("/api/regions/load", content=content)
        assert answer.status_code == 400
        assert words in answer.json()["problem"]
        assert "bolus-" not in answer.json()["problem"]  # no path of this machine
    with pytest.raises(MaskError, match="nothing is drawn"):
        region_file(view, np.zeros(view.brain.shape, dtype=bool))


def test_a_region_may_lie_partly_outside_the_brain(reading):
    view = reading.session.view
    brain = view.brain
    mask = np.zeros_like(brain)
    mask[0, 0, 0] = True
    mask |= np.cumsum(brain).reshape(brain.shape) == 1
    found = region_from(view, region_file(view, mask))
    assert np.array_equal(found, mask)
    told = reading.client.post("/api/regions/load", content=region_file(view, mask)).json()
    assert told["outside"] == (mask & ~brain).sum() > 0


def test_mean_curves_of_regions(reading, kept):
    view = reading.session.view
    tumor = view.regions["tumor"]
    drawn = EMPTY | {"tumor": np.flatnonzero(tumor).tolist()}
    told = reading.client.post("/api/regions/ratio", json=drawn).json()["curves"]
    rows = view.rows[tumor & view.brain]
    np.testing.assert_allclose(told["tumor"]["curve"], view.curves.curves[rows].mean(0), rtol=1e-5)
    assert told["tumor"]["voxels"] == rows.size
    assert told["reference"] == {"voxels": 0, "curve": None, "explained": None}


def test_the_corrected_curves_are_those_the_maps_come_from(kept):
    view = viewer_app(kept.root / "leak").state.session.view
    told = mean_curves(view, {"tumor": view.regions["tumor"]})["tumor"]
    corrected = view.result.measured.corrected.curves[view.rows[view.regions["tumor"]]]
    np.testing.assert_allclose(told["explained"], corrected.mean(axis=0), rtol=1e-5)
    assert not np.allclose(told["explained"], told["curve"])


def test_a_label_of_the_users_own_is_on_page_and_result(writing):
    label = "Case 12 <before>"
    assert writing.client.post("/api/label", json={"label": label}).json() == {"label": label}
    assert writing.client.get("/api/result").json()["label"] == label
    page = (writing.folder / "report.html").read_text()
    assert "<title>Case 12 &lt;before&gt; · Perfusion report</title>" in page
    assert json.loads((writing.folder / "summary.json").read_text())["label"] == label
    assert viewer_app(writing.folder).state.session.view.maps.label == label
    for wrong in ("x" * 201, 3):
        assert writing.client.post("/api/label", json={"label": wrong}).status_code == 400
    assert writing.client.get("/api/result").json()["label"] == label
