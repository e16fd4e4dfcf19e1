"""Regions drawn on the page are the regions of ``bolus grade``."""

import json

import numpy as np
import pytest

from bolus.grading import Shared, grade_maps, roi_ratio, voxels_of
from bolus.io import read_mask


def numbers(mask):
    return np.flatnonzero(mask).tolist()


def post(client, path, tumor, reference, status=200):
    answer = client.post(path, json={"tumor": numbers(tumor), "reference": numbers(reference)})
    assert answer.status_code == status, answer.text
    return answer.json()


def test_ratios_are_those_of_the_grading(reading, kept):
    maps = kept.phae
    tumor, white = maps.rois["tumor"], maps.rois["reference"]
    told = post(reading.client, "/api/regions/ratio", tumor, white)
    assert told["voxels"] == {"tumor": int(tumor.sum()), "reference": int(white.sum())}
    assert [row["name"] for row in told["rows"]] == ["cbf", "cbv", "mtt", "psr"]
    *rows, recovery = told["rows"]
    known = roi_ratio(voxels_of(maps, "psr"), tumor, white)
    assert recovery["mean"] == pytest.approx(np.log(known.mean))
    assert recovery["interval"] is None
    for row in rows:
        known = roi_ratio(voxels_of(maps, row["name"]), tumor, white)
        for key in ("mean", "median", "hotspot", "p95"):
            assert row[key] == pytest.approx(getattr(known, key), rel=1e-6)
        np.testing.assert_allclose(row["interval"], known.interval, rtol=1e-6)
        assert row["tumor"]["mean"] == pytest.approx(known.tumor.mean)


def test_the_interval_knows_that_voxels_err_alike(reading, kept, monkeypatch):
    masks = kept.phae.rois["tumor"], kept.phae.rois["reference"]

    def width(shared):
        monkeypatch.setattr("bolus.grading.voxels.shared_by", lambda method, name: Shared(shared))
        low, high = post(reading.client, "/api/regions/ratio", *masks)["rows"][0]["interval"]
        return np.log(high / low)

    assert width(0.5) > 2 * width(0.01)


def test_what_cannot_be_a_ratio_is_a_sentence(reading, kept):
    tumor, nothing = kept.phae.rois["tumor"], np.zeros_like(kept.phae.mask)
    for one, two, words in (
        (tumor, nothing, "reference: at least 5"),
        (nothing, tumor, "tumour: at least 5"),
        (tumor, tumor, "overlap"),
    ):
        told = post(reading.client, "/api/regions/ratio", one, two)
        assert told["rows"] == []
        assert words in told["problem"]


def test_saved_regions_are_masks_for_everything_else(writing, kept):
    tumor = kept.phae.rois["tumor"].copy()
    tumor[np.nonzero(tumor)[0][:10]] = False
    white = kept.phae.rois["reference"]
    page = (writing.folder / "report.html").read_bytes()
    told = post(writing.client, "/api/regions/save", tumor, white)
    assert told["files"] == ["roi_tumor.nii.gz", "roi_reference.nii.gz"]
    assert (writing.folder / "report.html").read_bytes() != page
    grid = kept.phae.grid
    np.testing.assert_array_equal(read_mask(writing.folder / "roi_tumor.nii.gz", grid), tumor)
    sidecar = json.loads((writing.folder / "roi_tumor.json").read_text())
    assert sidecar["Description"] == "Region given as tumor"
    known = grade_maps(
        writing.folder,
        writing.folder / "roi_tumor.nii.gz",
        writing.folder / "roi_reference.nii.gz",
        map="cbf",
    )
    row = post(writing.client, "/api/regions/ratio", tumor, white)["rows"][0]
    assert row["mean"] == pytest.approx(known.ratio.mean, rel=1e-6)
    assert writing.client.get("/api/result").json()["regions"]["tumor"] == int(tumor.sum())


def test_an_empty_region_is_no_file(writing, kept):
    nothing, white = np.zeros_like(kept.phae.mask), kept.phae.rois["reference"]
    told = post(writing.client, "/api/regions/save", nothing, white)
    assert told["files"] == ["roi_reference.nii.gz"]
    names = {path.name for path in writing.folder.iterdir()}
    assert not {"roi_tumor.nii.gz", "roi_tumor.json"} & names
    assert writing.client.get("/api/result").json()["regions"] == {"reference": int(white.sum())}


def test_recomputed_maps_keep_the_saved_regions(writing, kept, patient):
    tumor, white = kept.phae.rois["tumor"], kept.phae.rois["reference"].copy()
    white[..., 0] = False
    post(writing.client, "/api/regions/save", tumor, white)
    arteries = numbers(kept.phae.aif.mask)[:8]
    assert writing.client.post("/api/recompute", json={"voxels": arteries}).status_code == 200
    writing.session.job.wait(60)
    assert writing.session.job.state == "done"
    found = read_mask(writing.folder / "roi_reference.nii.gz", kept.phae.grid)
    np.testing.assert_array_equal(found, white)
