"""Where no artery is found there are no maps: they are made from voxels marked on the page."""

import json

import numpy as np
import pytest
from viewer_cases import let_in

import bolus
from altered import MIXED
from bolus.cli import main
from bolus.data import InputError, OutputError
from bolus.io import write_series
from bolus.phantom import simulate_patient
from bolus.viewer import viewer_app
from bolus.viewer.load import read_view


@pytest.fixture
def starting(patient, tmp_path):
    app = viewer_app(tmp_path / "OUT", series=patient.series, method="osvd", preparation=MIXED)
    return let_in(app), app.state.session, tmp_path / "OUT"


def test_curves_without_maps(starting, kept):
    client, session, folder = starting
    told = client.get("/api/result").json()
    assert (told["made"], told["aif"], told["method"]) == (False, None, "osvd")
    assert [volume["name"] for volume in told["volumes"]] == ["ttp", "peak", "baseline"]
    assert {volume["spread"] for volume in told["volumes"]} == {None}
    index = np.argwhere(kept.phae.mask)[40]
    voxel = client.get("/api/voxel", params=dict(zip("ijk", map(int, index), strict=True))).json()
    assert len(voxel["curve"]) == len(told["time"])
    assert "values" not in voxel
    assert client.get("/api/volume/cbf").status_code == 404
    assert client.get("/api/mask/quality").status_code == 404
    assert not np.frombuffer(client.get("/api/mask/aif").content, np.uint8).any()
    for path in ("/api/regions/save", "/api/aif/save"):
        answer = client.post(path, json={"tumor": [1], "reference": [2], "voxels": arteries(kept)})
        assert answer.status_code == 400
        assert "no result yet" in answer.json()["problem"]
    assert "no maps yet" in ratio(client)["problem"]
    assert not folder.exists()
    assert session.view.maps is None


def arteries(kept):
    return np.flatnonzero(kept.phae.aif.mask).tolist()


def ratio(client):
    return client.post("/api/regions/ratio", json={"tumor": [], "reference": []}).json()


def test_marked_voxels_make_the_folder(starting, patient, kept):
    client, session, folder = starting
    answer = client.post("/api/recompute", json={"voxels": arteries(kept)})
    assert answer.status_code == 200
    session.job.wait(60)
    assert client.get("/api/job").json()["state"] == "done"
    summary = json.loads((folder / "summary.json").read_text())
    assert (summary["method"], summary["aif"]["origin"]) == ("osvd", "mask")
    assert (folder / "aif_manual.nii.gz").exists()
    given = {"aif": kept.phae.aif.mask, "preparation": MIXED}
    known = bolus.perfusion_maps(patient.series, "osvd", **given)
    np.testing.assert_allclose(session.view.maps.cbf, known.cbf, rtol=1e-5)
    told = client.get("/api/result").json()
    assert told["made"]
    assert "before" not in told
    again = viewer_app(folder).state.session
    assert again.chosen == session.chosen
    np.testing.assert_allclose(again.view.maps.cbf, known.cbf, rtol=1e-5)


def test_an_existing_folder_is_not_begun_anew(folder, patient):
    with pytest.raises(OutputError, match="exists"):
        viewer_app(folder, series=patient.series)


@pytest.mark.parametrize("option", [("--te", 0.03), ("--method", "osvd"), ("--motion", "censor")])
def test_options_of_a_series_need_one(folder, option, capfd):
    with pytest.raises(SystemExit) as stop:
        main(["view", str(folder), *map(str, option)])
    assert stop.value.code == 2
    assert f"{option[0]} goes with --from" in capfd.readouterr().err


def test_the_command_reads_a_series(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr("bolus.preprocess.motion.register.STEPS", 8)  # found roughly is enough
    series = simulate_patient(seed=5, shape=(32, 32, 4), frames=30).series
    write_series(tmp_path / "dsc.nii.gz", series.signal, series.grid, series.dt, series.te)
    apps = []
    monkeypatch.setattr("bolus.viewer.Viewer.run", lambda self, browser: apps.append(self.app))
    out, source = str(tmp_path / "OUT"), str(tmp_path / "dsc.nii.gz")
    with pytest.raises(SystemExit) as stop:
        main(["view", out, "--from", source, "--no-browser"])
    assert stop.value.code == 0
    assert capfd.readouterr().out.startswith("http://127.0.0.1:")
    session = apps[0].state.session
    assert session.method == "joint"
    assert session.view.result is None
    assert session.view.series.motion is not None
    with pytest.raises(SystemExit) as stop:
        main(["view", str(tmp_path), "--from", source])
    assert stop.value.code == 2
    assert "choose another OUT" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("where", "name", "value"),
    [
        ("aif", "origin", 3),
        ("aif", "quality", "high"),
        ("aif", "notes", "mean of 3 voxels"),
        ("aif", "slice_time_s", [0.5]),
        ("aif", "criteria", [{"name": 1, "value": "x", "sentence": None, "concern": True}]),
        (None, "motion", [1.0]),
        (None, "units", ["cbf"]),
    ],
)
def test_a_summary_of_other_kinds_is_refused_by_name(folder, where, name, value):
    path = folder / "summary.json"
    told = json.loads(path.read_text())
    (told if where is None else told[where])[name] = value
    path.write_text(json.dumps(told))
    with pytest.raises(InputError, match=r"summary\.json"):
        read_view(folder)
