"""``bolus app``: from a folder to the viewer of its maps, and what is refused on the way."""

import json
import re
from types import SimpleNamespace

import numpy as np
import pytest
from viewer_cases import client_of, let_in, served
from viewer_pages import WAIT

import bolus
from bolus.data import ArterialInputError, InputError
from bolus.io import write_series
from bolus.phantom import simulate_patient
from bolus.viewer import desk_app, open_desk
from bolus.viewer.start import Order


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with one series of DSC-MRI, and one image that is none."""
    root = tmp_path_factory.mktemp("patient")
    series = simulate_patient(seed=5, shape=(32, 32, 4), frames=40, snr=80).series
    write_series(root / "dsc.nii.gz", series.signal, series.grid, series.dt, series.te)
    short = series.signal[..., :6]
    write_series(root / "few.nii.gz", short, series.grid, series.dt, series.te)
    return root


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr("bolus.preprocess.motion.register.STEPS", 8)  # found roughly is enough


@pytest.fixture
def desk():
    app = desk_app()
    return SimpleNamespace(client=let_in(app), desk=app.state.desk, app=app)


def ask(desk, what, **told):
    answer = desk.client.post(f"/api/start/{what}", json=told)
    return answer.status_code, answer.json()


def test_only_who_has_the_token_comes_in():
    app = desk_app()
    assert client_of(app).post("/api/start/browse", json={"path": "/"}).status_code == 403
    client = let_in(app)
    assert client.get("/api/start/about").json()["notice"] == bolus.base.about.NOTICE
    assert "perfusion maps" in client.get("/").text
    foreign = client.post("/api/start/browse", json={}, headers={"Origin": "http://else.where"})
    assert foreign.status_code == 403


def test_series_are_found_and_told_apart(desk, folder):
    status, told = ask(desk, "find", path=f" file://{folder} ")
    assert status == 200
    first, other = told["series"]
    assert (first["problem"], first["source"]) == (None, str(folder / "dsc.nii.gz"))
    assert "40 frames of 32 × 32 × 4 voxels" in first["title"]
    assert other["problem"] == "fewer than 20 frames"
    assert told["out"] == f"{folder}-maps"
    assert ask(desk, "find", path=str(folder / "dsc.nii.gz"))[1]["series"] == [first]
    seen = ask(desk, "browse", path=str(folder))[1]
    assert (seen["files"], seen["parent"]) == (["dsc.nii.gz", "few.nii.gz"], str(folder.parent))


@pytest.mark.parametrize(
    "summary", ['{"software": "bolus 0", "simulated_patient": {}}', '{"software": "other"}', "{"]
)
def test_a_summary_alone_makes_no_maps(desk, folder, summary):
    """A simulated patient has one."""
    (folder / "summary.json").write_text(summary)
    try:
        told = ask(desk, "find", path=str(folder))[1]
        assert not ask(desk, "browse", path=str(folder))[1]["result"]
    finally:
        (folder / "summary.json").unlink()
    assert not told["result"]
    assert len(told["series"]) == 2


def test_what_is_wrong_is_said_before_anything_runs(desk, folder, tmp_path):
    (tmp_path / "note.txt").write_text("no image")
    (tmp_path / "there").mkdir()
    source = str(folder / "dsc.nii.gz")
    order = {"source": source, "out": str(tmp_path / "maps")}
    for what, told, words in (
        ("find", {"path": ""}, "a path is expected"),
        ("find", {"path": str(tmp_path / "no")}, "no such file"),
        ("find", {"path": str(tmp_path)}, "no DICOM series and no NIfTI"),
        ("browse", {"path": str(tmp_path / "no")}, "cannot be read"),
        ("make", order | {"out": str(tmp_path / "there")}, "exists"),
        ("make", order | {"out": str(folder)}, "lies in it"),
        ("make", order | {"method": "magic"}, "the methods are"),
        ("make", order | {"te": "long"}, "echo time"),
        ("make", order | {"number": "3"}, "whole number"),
    ):
        status, found = ask(desk, what, **told)
        assert (status >= 400, words in found["problem"]) == (True, True), (what, told, found)
    assert desk.desk.job.state == "idle"
    assert desk.client.get("/api/result").status_code == 409


def test_maps_are_those_of_the_command(desk, folder, tmp_path, quick):
    out = tmp_path / "maps"
    source = folder / "dsc.nii.gz"
    status, _ = ask(desk, "make", source=str(source), out=str(out), method="osvd")
    assert status == 200
    desk.desk.job.wait(60)
    told = desk.client.get("/api/start/job").json()
    assert told["state"] == "done", told
    known = bolus.perfusion_maps(bolus.read_series(source), "osvd")
    assert json.loads((out / "summary.json").read_text())["method"] == "osvd"
    np.testing.assert_allclose(desk.desk.session.view.maps.cbf, known.cbf, rtol=1e-5)
    assert desk.client.get("/api/result").json()["title"] == "maps"
    assert "bolus view" in desk.client.get("/").text


def test_a_failure_is_said_and_leaves_nothing(desk, folder, tmp_path, quick):
    ask(desk, "make", source=str(folder / "few.nii.gz"), out=str(tmp_path / "maps"))
    desk.desk.job.wait(60)
    told = desk.client.get("/api/start/job").json()
    assert told["state"] == "failed"
    assert "frames" in told["problem"]
    assert list(tmp_path.iterdir()) == []


def test_where_no_artery_is_found_they_are_marked_by_hand(
    desk, folder, tmp_path, quick, monkeypatch
):
    why = "no voxel looks arterial"

    def none(*_given, **_told):
        raise ArterialInputError(why)

    monkeypatch.setattr("bolus.options.MapOptions.run_on", none)
    order = {"source": str(folder / "dsc.nii.gz"), "out": str(tmp_path / "maps"), "method": "osvd"}
    ask(desk, "make", **order)
    desk.desk.job.wait(60)
    told = desk.client.get("/api/result").json()
    assert (told["made"], told["reason"], told["method"]) == (False, why, "osvd")
    assert list(tmp_path.iterdir()) == []
    ask(desk, "make", **order, tumor=str(folder / "few.nii.gz"))  # a region is not dropped
    desk.desk.job.wait(60)
    assert desk.client.get("/api/start/job").json()["problem"] == why


def test_dropped_files_keep_their_names_and_go_when_it_ends(desk, folder):
    content = (folder / "dsc.nii.gz").read_bytes()
    answer = desk.client.post(
        "/api/start/upload", params={"name": "p12/dsc.nii.gz"}, content=content
    )
    held = desk.desk.dropped.folder
    assert answer.json()["path"] == str(held)
    assert (held / "p12" / "dsc.nii.gz").read_bytes() == content
    told = ask(desk, "find", path=str(held))[1]
    assert len(told["series"]) == 1
    assert not told["out"].startswith(str(held))
    for name in ("../x", "/etc/x", "", "a\\..\\x", "p/../../x"):
        assert desk.client.post("/api/start/upload", params={"name": name}).status_code == 400
    assert ask(desk, "clear")[0] == 200
    assert not held.exists()


def test_an_order_needs_paths():
    with pytest.raises(InputError, match="source: a path is expected"):
        Order.of({"out": "maps"})


def test_from_a_folder_to_the_viewer_on_the_page(chromium_page, folder, tmp_path, quick):
    with served(open_desk()) as (_app, address):
        visit = chromium_page(address, width=1366, height=650)
        page = visit.page
        page.wait_for_selector("body[data-ready]", timeout=WAIT)
        assert page.get_by_text("not a medical device").count() == 1
        page.locator("#path").fill(str(folder))
        page.locator("#path").press("Enter")
        page.wait_for_selector('body[data-found="2"]', timeout=WAIT)
        assert page.get_by_role("radio").nth(0).is_checked()
        assert page.get_by_role("radio").nth(1).is_disabled()
        page.locator("#out").fill(str(tmp_path / "maps"))
        page.locator("#method").select_option("osvd")
        page.get_by_role("button", name="Make the maps").click()
        page.wait_for_selector("body[data-voxel][data-map=cbf]", timeout=4 * WAIT)
        assert page.locator("#title").inner_text() == "view · maps"
        assert re.search(r"osvd · [\d,]+ voxels", page.locator("#about").inner_text())
        assert visit.errors == []
        assert visit.foreign(address.split("?")[0]) == []


def test_maps_that_were_made_before_are_opened(desk, kept, tmp_path):
    path = str(kept.root / "phae")
    assert ask(desk, "find", path=path)[1]["result"] is True
    ask(desk, "open", path=path)
    desk.desk.job.wait(60)
    told = desk.client.get("/api/result").json()
    assert (told["title"], told["desk"], told["locked"]) == ("phae", True, False)
    ask(desk, "open", path=str(tmp_path))
    desk.desk.job.wait(60)
    assert "no summary.json" in desk.client.get("/api/start/job").json()["problem"]
    assert desk.client.get("/api/result").json()["title"] == "phae"  # what was open stays
