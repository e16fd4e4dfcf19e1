"""An arterial input by hand: preview, keep, make the maps anew, go back."""

import json
import shutil
import threading

import nibabel as nib
import numpy as np
import pytest
from viewer_cases import let_in

import bolus
from altered import MIXED, STILL
from bolus.aif import aif_from_mask
from bolus.io import read_aif, read_mask
from bolus.patient import measure
from bolus.viewer import viewer_app
from bolus.viewer.background import BusyError, Job


@pytest.fixture
def marks(patient, kept):
    """Six voxels of vessels that are high, but not those that were found."""
    others = patient.masks.vessels & kept.phae.mask & ~kept.phae.aif.mask
    numbers = np.flatnonzero(others)
    highest = np.argsort(kept.phae.cbv.ravel()[numbers])[::-1]
    return sorted(numbers[highest[:6]].tolist())


def post(client, path, status=200, **body):
    answer = client.post(path, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def mask_of(numbers, shape):
    mask = np.zeros(np.prod(shape), dtype=bool)
    mask[numbers] = True
    return mask.reshape(shape)


def finish(client):
    for _ in range(600):
        told = client.get("/api/job").json()
        if told["state"] != "running":
            return told
        threading.Event().wait(0.05)
    raise AssertionError("the computation did not end")


class TestPreview:
    def test_the_mean_curve_of_the_marked_voxels(self, reading, marks, kept):
        told = post(reading.client, "/api/aif/preview", voxels=marks)
        view = reading.session.view
        known = aif_from_mask(view.curves, view.series, mask_of(marks, view.brain.shape))
        np.testing.assert_allclose(told["curve"], known.curve)
        assert told["quality"] == pytest.approx(known.quality)
        assert (told["voxels"], told["outside"], told["problem"]) == (6, 0, None)

    def test_voxels_outside_the_brain_are_counted_and_left_out(self, reading, marks):
        told = post(reading.client, "/api/aif/preview", voxels=[0, 1, *marks])
        assert (told["marked"], told["outside"], told["voxels"]) == (8, 2, 6)

    @pytest.mark.parametrize("voxels", [[], [0, 1]])
    def test_nothing_marked_is_a_sentence(self, reading, voxels):
        told = post(reading.client, "/api/aif/preview", voxels=voxels)
        assert "no voxel of the brain" in told["problem"]


class TestSave:
    def test_voxels_and_curve_are_files(self, writing, marks):
        told = post(writing.client, "/api/aif/save", voxels=marks)
        assert told["files"] == ["aif_manual.nii.gz", "aif_manual.tsv"]
        view = writing.session.view
        found = read_mask(writing.folder / "aif_manual.nii.gz", view.series.grid)
        np.testing.assert_array_equal(np.flatnonzero(found), sorted(marks))
        curve = read_aif(writing.folder / "aif_manual.tsv", view.curves.time.size, view.series.dt)
        known = aif_from_mask(view.curves, view.series, found)
        np.testing.assert_array_equal(curve.curve, known.curve)
        sidecar = json.loads((writing.folder / "aif_manual.json").read_text())
        assert "by hand" in sidecar["Description"]

    def test_the_command_line_takes_them(self, writing, marks, patient):
        post(writing.client, "/api/aif/save", voxels=marks)
        path = writing.folder / "aif_manual.nii.gz"
        maps = bolus.perfusion_maps(patient.series, "osvd", aif=path, preparation=MIXED)
        assert maps.aif.origin == "mask"
        np.testing.assert_array_equal(np.flatnonzero(maps.aif.mask), sorted(marks))

    def test_nothing_marked_is_refused(self, writing):
        assert "no voxel" in post(writing.client, "/api/aif/save", status=400, voxels=[])["problem"]
        assert not (writing.folder / "aif_manual.tsv").exists()


class TestVein:
    @pytest.fixture
    def vein(self, patient, kept):
        """Voxels of vessels that peak last."""
        numbers = np.flatnonzero(patient.masks.vessels & kept.phae.mask & ~kept.phae.aif.mask)
        late = np.argsort(kept.phae.volume("ttp").ravel()[numbers])[::-1]
        return sorted(numbers[late[:4]].tolist())

    def test_its_curve_is_told_beside_the_arteries(self, reading, marks, vein):
        told = post(reading.client, "/api/aif/preview", voxels=marks, vein=vein)
        alone = post(reading.client, "/api/aif/preview", voxels=[], vein=vein)
        assert told["vein"]["words"] == "marked by hand, 4 voxels"
        assert np.argmax(told["vein"]["curve"]) > np.argmax(told["curve"])
        assert "curve" not in alone
        assert alone["vein"]["words"] == told["vein"]["words"]

    def test_maps_anew_with_it_are_those_of_bolus_maps(self, writing, vein, patient, kept):
        """The arteries stay those of the maps."""
        post(writing.client, "/api/recompute", voxels=[], vein=vein)
        assert finish(writing.client)["state"] == "done"
        told = json.loads((writing.folder / "summary.json").read_text())["aif"]
        assert told["vein"]["by_hand"]
        assert told["vein"]["voxels"] == 4
        view = writing.session.view
        assert view.mask("vein").sum() == 4
        saved = writing.folder / "vein_manual.nii.gz"
        np.testing.assert_array_equal(
            np.flatnonzero(read_mask(saved, view.series.grid)), sorted(vein)
        )
        assert not (writing.folder / "aif_manual.nii.gz").exists()
        known = measure(
            patient.series,
            kept.phae.aif.mask,
            kept.phae.mask,
            regions={"vein": saved},
            preparation=STILL,
        )
        curve = read_aif(writing.folder / "aif.tsv", view.curves.time.size, view.series.dt)
        np.testing.assert_allclose(curve.curve, known.aif.curve, rtol=1e-4)
        again = viewer_app(writing.folder).state.session.view.result.aif.vein
        assert again.by_hand
        np.testing.assert_allclose(again.curve, known.aif.vein.curve, rtol=1e-6)


class TestRecompute:
    def test_the_maps_are_those_of_bolus_maps(self, writing, marks, patient, kept):
        (writing.folder / "notes.txt").write_text("mine")
        (writing.folder / "dicom").mkdir()
        (writing.folder / "dicom" / "cbf.dcm").write_text("of the old maps")
        told = post(writing.client, "/api/recompute", voxels=marks)
        assert told["state"] == "running"
        told = finish(writing.client)
        assert (told["state"], told["version"]) == ("done", 1)
        names = [step["name"] for step in told["steps"]]
        assert names[-1] == "writing"
        assert "deconvolving" in names
        assert all(step["done"] and step["seconds"] >= 0 for step in told["steps"])
        known = bolus.perfusion_maps(
            patient.series,
            "phae",
            aif=mask_of(marks, kept.phae.grid.shape),
            mask=kept.phae.mask,
            preparation=STILL,
        )
        for name in ("cbf", "mtt", "delay", "cbf_sd"):
            found = np.asarray(nib.load(writing.folder / f"{name}.nii.gz").dataobj)
            np.testing.assert_allclose(found, known.volume(name), rtol=1e-4, err_msg=name)
        assert not np.allclose(known.cbf, kept.phae.cbf, equal_nan=True, rtol=0.01)

    def test_the_folder_is_whole_and_says_so(self, writing, marks, kept):
        before = {path.name for path in writing.folder.iterdir()}
        (writing.folder / "notes.txt").write_text("mine")
        (writing.folder / "dicom").mkdir()
        post(writing.client, "/api/recompute", voxels=marks)
        finish(writing.client)
        after = {path.name for path in writing.folder.iterdir()}
        manual = {"aif_manual.nii.gz", "aif_manual.json", "aif_manual.tsv"}
        assert after == before | manual | {"notes.txt"}
        summary = json.loads((writing.folder / "summary.json").read_text())
        assert summary["aif"]["origin"] == "mask"
        assert summary["aif"]["voxels"] == len(marks)
        assert summary["method"] == "phae"
        assert list(writing.folder.parent.iterdir()) == [writing.folder]
        again = viewer_app(writing.folder).state.session.view
        for name, mask in kept.phae.rois.items():
            np.testing.assert_array_equal(again.regions[name], mask)
        np.testing.assert_array_equal(again.brain, kept.phae.mask)

    def test_the_page_is_told_of_before_and_now(self, writing, marks, kept):
        old = writing.client.get("/api/volume/cbf").content
        post(writing.client, "/api/recompute", voxels=marks)
        finish(writing.client)
        told = writing.client.get("/api/result").json()
        assert told["version"] == 1
        assert told["aif"]["origin"] == "mask"
        assert told["before"]["medians"]["cbf"] == pytest.approx(
            float(np.nanmedian(kept.phae.cbf)), rel=1e-5
        )
        assert writing.client.get("/api/volume/cbf?before").content == old
        assert writing.client.get("/api/volume/cbf").content != old

    def test_going_back_gives_the_same_maps(self, writing, marks, kept):
        answer = writing.client.post("/api/recompute", json={"back": True})
        assert answer.status_code == 400
        post(writing.client, "/api/recompute", voxels=marks)
        finish(writing.client)
        post(writing.client, "/api/recompute", back=True)
        assert finish(writing.client)["state"] == "done"
        found = np.asarray(nib.load(writing.folder / "cbf.nii.gz").dataobj)
        np.testing.assert_allclose(found, kept.phae.cbf, rtol=1e-4)
        summary = json.loads((writing.folder / "summary.json").read_text())
        assert summary["aif"]["origin"] == "automatic"
        assert (writing.folder / "aif_manual.tsv").exists()

    def test_leakage_stays_corrected(self, kept, tmp_path, marks):
        shutil.copytree(kept.root / "leak", tmp_path / "OUT")
        client = let_in(viewer_app(tmp_path / "OUT"))
        post(client, "/api/recompute", voxels=marks)
        assert finish(client)["state"] == "done"
        summary = json.loads((tmp_path / "OUT" / "summary.json").read_text())
        assert summary["leakage_model"] == "bsw"
        assert summary["method"] == "osvd"

    def test_a_failure_leaves_the_folder_as_it_was(self, writing, marks, monkeypatch):
        from bolus.data import OutputError

        def full(*arguments, **options):
            raise OutputError("the disk is full")

        monkeypatch.setattr("bolus.patient.result.PatientMaps.save", full)
        before = (writing.folder / "cbf.nii.gz").read_bytes()
        post(writing.client, "/api/recompute", voxels=marks)
        told = finish(writing.client)
        assert (told["state"], told["problem"]) == ("failed", "the disk is full")
        assert told["version"] == 0
        assert (writing.folder / "cbf.nii.gz").read_bytes() == before
        assert not (writing.folder / "aif_manual.tsv").exists()

    def test_one_at_a_time_while_the_page_answers(self, writing, marks, monkeypatch):
        go_on = threading.Event()
        made = writing.session._make

        def slow(*arguments, **options):
            assert go_on.wait(30)
            made(*arguments, **options)

        monkeypatch.setattr(writing.session, "_make", slow)
        post(writing.client, "/api/recompute", voxels=marks)
        again = post(writing.client, "/api/recompute", status=409, voxels=marks)
        assert "running already" in again["problem"]
        assert "anew" in post(writing.client, "/api/aif/save", status=409, voxels=marks)["problem"]
        assert writing.client.get("/api/result").json()["version"] == 0
        assert writing.client.get("/api/job").json()["state"] == "running"
        go_on.set()
        assert finish(writing.client)["state"] == "done"


class TestJob:
    def test_a_bug_is_no_silence(self):
        job = Job()
        seen = []
        threading_hook, threading.excepthook = threading.excepthook, seen.append
        try:
            job.start(lambda reporter: 1 / 0)
            job.wait(5)
        finally:
            threading.excepthook = threading_hook
        assert job.state == "failed"
        assert "bug" in job.problem
        assert seen[0].exc_type is ZeroDivisionError

    def test_closing_ends_at_the_next_step(self):
        job, begun, go_on = Job(), threading.Event(), threading.Event()

        def work(reporter):
            reporter.step("one")
            begun.set()
            go_on.wait(5)
            reporter.step("two")
            raise AssertionError

        job.start(work)
        begun.wait(5)
        with pytest.raises(BusyError):
            job.start(work)
        job.close()
        go_on.set()
        job.wait(5)
        assert (job.state, job.problem) == ("failed", "broken off")

    def test_closing_waits_for_what_is_written(self):
        job, begun, done = Job(), threading.Event(), []

        def work(reporter):
            reporter.step("writing")
            begun.set()
            threading.Event().wait(0.2)
            done.append(True)

        job.start(work)
        begun.wait(5)
        job.close()
        assert done == [True]
