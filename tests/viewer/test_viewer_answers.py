"""What the page is told is what Python has."""

import json
import math

import numpy as np
import pytest
from viewer_cases import JUMPS

from bolus.base.about import NOTICE
from bolus.data import InputError, MaskError, MethodError, Quality, SeriesError, WeightsError
from bolus.estimators import METHODS, deconvolve
from bolus.physics import cbf_scale
from bolus.viewer import viewer_app
from bolus.viewer.facts import concerns, flagged, space
from bolus.viewer.load import read_view
from bolus.viewer.voxel import voxel


def get(reading, path):
    answer = reading.client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


class TestFacts:
    def test_the_page_knows_what_it_shows(self, reading, kept):
        told = get(reading, "/api/result")
        assert told["notice"] == NOTICE
        assert (told["method"], told["title"], told["made"]) == ("phae", "phae", True)
        assert told["voxels"] == int(kept.phae.mask.sum())
        assert told["regions"] == {name: int(m.sum()) for name, m in kept.phae.rois.items()}
        names = [volume["name"] for volume in told["volumes"]]
        maps = ["cbf", "cbv", "mtt", "delay", "tmax", "ttp", "nrcbv", "srcbv", "psr", "misfit"]
        assert names == [*maps, "peak", "baseline"]
        units = {volume["name"]: volume["unit"] for volume in told["volumes"]}
        assert units["cbf"] == "mL/100 g/min"
        assert units["mtt"] == "s"
        chosen = {palette["name"] for palette in told["palettes"]}
        own = {volume["colours"] for volume in told["volumes"]}
        assert {"gray", "jet"} <= chosen
        assert set(told["ramps"]) == own | chosen
        assert all(len(colours) == 256 * 6 for colours in told["ramps"].values())

    def test_the_arterial_input_is_that_of_the_maps(self, reading, kept):
        aif = get(reading, "/api/result")["aif"]
        np.testing.assert_allclose(aif["curve"], kept.phae.aif.curve)
        assert aif["origin"] == "automatic"
        assert aif["quality"] == pytest.approx(kept.phae.aif.quality, rel=1e-5)
        assert aif["voxels"] == int(kept.phae.aif.mask.sum())

    def test_no_patient_and_no_path(self, reading, kept):
        assert str(kept.root) not in json.dumps(get(reading, "/api/result"))

    def test_a_number_leads_to_its_voxel(self, patient):
        """The page's arithmetic, on an oblique grid."""
        grid, brain = patient.series.grid, patient.masks.brain
        told = space(grid, brain)
        numbers = np.arange(brain.size).reshape(grid.shape)
        turned = grid.to_ras(numbers)
        at = np.indices(turned.shape)
        steps = np.array(told["steps"])[:, None, None, None]
        np.testing.assert_array_equal(told["origin"] + (steps * at).sum(axis=0), turned)
        inside = np.argwhere(grid.to_ras(brain))
        np.testing.assert_array_equal(np.array(told["box"]).T, [inside.min(0), inside.max(0)])


class TestVolumes:
    @pytest.mark.parametrize("name", ["cbf", "cbf_sd", "delay", "misfit", "ttp"])
    def test_maps_are_the_files(self, reading, kept, name):
        body = reading.client.get(f"/api/volume/{name}").content
        volume = np.frombuffer(body, "<f4").reshape(kept.phae.grid.shape)
        np.testing.assert_array_equal(volume, kept.phae.volume(name).astype(np.float32))

    def test_baseline_and_peak(self, reading, kept):
        shape, mask = kept.phae.grid.shape, kept.phae.mask
        found = {
            name: np.frombuffer(reading.client.get(f"/api/volume/{name}").content, "<f4").reshape(
                shape
            )
            for name in ("baseline", "peak")
        }
        used = kept.phae.series.signal[..., kept.phae.series.frames.baseline].mean(axis=3)
        np.testing.assert_allclose(found["baseline"], used, rtol=1e-5)
        assert np.isnan(found["peak"][~mask]).all()
        assert found["peak"][kept.phae.aif.mask].mean() > 3 * np.nanmedian(found["peak"])

    @pytest.mark.parametrize("name", ["brain", "aif", "tumor", "reference", "quality"])
    def test_masks(self, reading, kept, name):
        maps = kept.phae
        known = {"brain": maps.mask, "aif": maps.aif.mask, "quality": maps.quality, **maps.rois}
        body = reading.client.get(f"/api/mask/{name}").content
        found = np.frombuffer(body, np.uint8).reshape(maps.grid.shape)
        np.testing.assert_array_equal(found, known[name])

    @pytest.mark.parametrize(
        "path", ["volume/aif", "volume/signal", "volume/__class__", "mask/cbf", "volume/cbf?before"]
    )
    def test_what_is_not_there(self, reading, path):
        answer = reading.client.get(f"/api/{path}")
        assert answer.status_code == 404
        assert "no" in answer.json()["problem"]


class TestVoxel:
    def at(self, reading, index):
        i, j, k = (int(n) for n in index)
        return get(reading, f"/api/voxel?i={i}&j={j}&k={k}")

    def test_curve_values_and_posterior_are_python_s(self, reading, kept):
        maps = kept.phae
        index = tuple(np.argwhere(maps.rois["tumor"])[20])
        told = self.at(reading, index)
        curves = reading.session.view.curves
        row = int(reading.session.view.rows[index])
        np.testing.assert_allclose(told["curve"], curves.curves[row], rtol=1e-6)
        found = deconvolve(
            curves.curves[row : row + 1],
            maps.aif.curve,
            maps.series.dt,
            "phae",
            float(curves.noise_sd[row]),
        )
        left = np.array(told["curve"]) - told["reconstruction"]
        assert np.sqrt(np.mean(left**2)) == pytest.approx(float(found.residual[0]), rel=1e-3)
        rows = {value["name"]: value for value in told["values"]}
        assert list(rows) == [
            "cbf", "cbv", "mtt", "delay", "tmax", "ttp", "nrcbv", "srcbv", "psr", "misfit"
        ]  # fmt: skip
        for name, value in rows.items():
            assert value["value"] == pytest.approx(float(maps.volume(name)[index]), rel=1e-5)
        levels = get(reading, "/api/result")["levels"]
        low, high = found.interval("cbf", 0.9)
        told_interval = [rows["cbf"]["quantiles"][levels.index(q)] for q in (0.05, 0.95)]
        middle, scale = rows["cbf"]["quantiles"][levels.index(0.5)], 1.645 * maps.aif.scale_sd
        logs = [
            math.hypot(math.log(cbf_scale() * float(q[0]) / middle), scale) for q in (low, high)
        ]
        expected = [middle * math.exp(-logs[0]), middle * math.exp(logs[1])]
        np.testing.assert_allclose(told_interval, expected, rtol=1e-3)
        assert max(told["response"]["value"]) == pytest.approx(rows["cbf"]["value"], rel=1e-3)
        assert told["response"]["unit"] == "mL/100 g/min"

    def test_quality_in_words(self, reading, kept):
        view, _ = read_view(kept.root / "phae")
        index = tuple(int(n) for n in np.argwhere(view.maps.quality == 0)[7])
        assert voxel(view, index)["quality"] == []
        view.maps.quality[index] = Quality.POOR_FIT | Quality.CLIPPED
        clipped, poor = voxel(view, index)["quality"]
        assert "1 % of its baseline" in clipped
        assert "poor fit" in poor

    def test_outside_the_brain_there_is_no_curve(self, reading):
        told = self.at(reading, (0, 0, 0))
        assert "Outside the brain" in told["problem"]
        assert "curve" not in told

    def test_a_voxel_without_signal_says_so(self, kept, tmp_path):
        view, _ = read_view(kept.root / "phae")
        index = tuple(int(n) for n in np.argwhere(view.brain)[5])
        view.curves.curves[5] = np.nan
        told = voxel(view, index)
        assert told["curve"] is None
        assert "no usable signal" in told["problem"]

    @pytest.mark.parametrize(
        "query", ["", "i=1&j=1", "i=1&j=1&k=x", "i=1.5&j=1&k=1", "i=48&j=1&k=1", "i=-1&j=0&k=0"]
    )
    def test_no_voxel(self, reading, query):
        answer = reading.client.get(f"/api/voxel?{query}")
        assert answer.status_code == 400
        assert "voxel" in answer.json()["problem"]

    def test_with_leakage_the_corrected_curve_is_explained(self, kept):
        view, chosen = read_view(kept.root / "leak")
        assert chosen == METHODS["osvd"]()
        index = tuple(int(n) for n in np.argwhere(kept.leak.rois["tumor"])[20])
        told = voxel(view, index)
        assert not np.allclose(told["corrected"], told["curve"])
        rows = {value["name"]: value for value in told["values"]}
        assert {"cbv_corrected", "k2"} <= set(rows)
        assert all(value["quantiles"] is None for value in rows.values())
        height = max(told["response"]["value"])
        assert height == pytest.approx(float(kept.leak.cbf[index]), rel=1e-3)
        assert min(told["response"]["time"]) < 0

    def test_flagged_frames_are_told(self, reading, kept):
        assert reading.client.get("/api/result").json()["flagged"] == {"times": [], "words": ""}
        view, _ = read_view(kept.root / "jumping")
        told = flagged(view)
        first = view.series.frames.first
        np.testing.assert_allclose(told["times"], view.series.dt * (np.array(JUMPS) - first))
        assert "more than 1 mm (interpolated in time)" in told["words"]

    def test_a_method_that_does_not_explain_has_its_values(self, kept):
        class Plain:
            def bind(self, aif, dt, *, like):
                raise AssertionError

        view, _ = read_view(kept.root / "phae", method=Plain())
        index = tuple(int(n) for n in np.argwhere(view.maps.quality == 0)[7])
        told = voxel(view, index)
        assert "reconstruction" not in told
        assert told["values"][0]["value"] == pytest.approx(float(kept.phae.cbf[index]))
        assert told["values"][0]["quantiles"] is None


class TestBadRequests:
    @pytest.mark.parametrize(
        ("body", "words"),
        [
            (b"", "JSON"),
            (b"{", "JSON"),
            (b"[1]", "object"),
            (b"{}", "voxel numbers"),
            (b'{"voxels": 3}', "voxel numbers"),
            (b'{"voxels": [1.5]}', "voxel numbers"),
            (b'{"voxels": [true]}', "voxel numbers"),
            (b'{"voxels": [-1]}', "voxel numbers"),
            (b'{"voxels": [99999999]}', "voxel numbers"),
            (b'{"voxels": [' + b"[" * 50000 + b"]}", "JSON"),
        ],
    )
    def test_bodies_that_are_no_voxels(self, reading, body, words):
        for path in ("/api/aif/preview", "/api/recompute", "/api/aif/save"):
            answer = reading.client.post(path, content=body)
            assert answer.status_code == 400, path
            assert words in answer.json()["problem"]

    def test_a_body_too_large(self, reading, monkeypatch):
        monkeypatch.setattr("bolus.viewer.web.LARGEST", 1000)
        answer = reading.client.post("/api/aif/preview", json={"voxels": [1] * 1000})
        assert answer.status_code == 413

    @pytest.mark.parametrize("path", ["/api/recompute", "/api/aif/save", "/api/regions/save"])
    def test_a_visit_changes_nothing(self, reading, path):
        assert reading.client.get(path).status_code == 405


class TestFolders:
    def test_no_folder_and_no_result(self, tmp_path):
        with pytest.raises(InputError, match="none of this name"):
            viewer_app(tmp_path / "nothing")
        with pytest.raises(InputError, match=r"no summary\.json"):
            viewer_app(tmp_path)

    def test_a_result_without_its_series(self, folder):
        (folder / "series.safetensors").unlink()
        with pytest.raises(SeriesError, match=r"series\.safetensors"):
            viewer_app(folder)

    @pytest.mark.parametrize("name", ["method", "parameters", "units", "aif", "leakage_model"])
    def test_a_summary_of_something_else(self, folder, name):
        self.change(folder, {name: None}, drop=name == "leakage_model")
        with pytest.raises(InputError, match=name):
            viewer_app(folder)

    def test_a_map_on_another_grid(self, folder, patient):
        from bolus.io import write_volume

        small = patient.series.grid.__class__(shape=(4, 4, 4), affine=np.eye(4))
        write_volume(folder / "cbf.nii.gz", np.zeros((4, 4, 4), np.float32), small)
        with pytest.raises(InputError, match="another grid"):
            viewer_app(folder)

    def test_weights_of_one_s_own_must_be_given(self, folder, tmp_path):
        from bolus.estimators.phae import Weights, shipped_weights, write_weights

        own = shipped_weights("phae")
        tensors = {k: v * 1.001 for k, v in own.tensors.items()}
        mine = Weights("phae", tensors, own.config, own.provenance)
        write_weights(tmp_path / "mine.safetensors", mine)
        parameters = {"weights": "phae", "checksum": mine.checksum, "config": dict(own.config)}
        self.change(folder, {"parameters": parameters})
        with pytest.raises(WeightsError, match="--weights"):
            viewer_app(folder)
        app = viewer_app(folder, weights=tmp_path / "mine.safetensors")
        assert app.state.session.chosen.weights.checksum == mine.checksum

    def test_a_method_that_nobody_knows(self, folder):
        self.change(folder, {"method": "mine"})
        with pytest.raises(MethodError, match="'mine'"):
            viewer_app(folder)
        app = viewer_app(folder, method=METHODS["osvd"]())
        assert app.state.session.method == "mine"

    def test_an_empty_region_is_refused_with_its_name(self, folder):
        from bolus.io import read_map, write_volume

        volume, grid = read_map(folder / "roi_tumor.nii.gz")
        write_volume(folder / "roi_tumor.nii.gz", np.zeros_like(volume), grid)
        with pytest.raises(MaskError, match="roi_tumor"):
            viewer_app(folder)

    @staticmethod
    def change(folder, what, drop=False):
        path = folder / "summary.json"
        told = {**json.loads(path.read_text()), **what}
        if drop:
            told = {k: v for k, v in told.items() if k not in what}
        path.write_text(json.dumps(told))


def test_a_weak_arterial_input_says_why(reading, kept):
    """White matter as an artery is low, late and broad."""
    white = kept.phae.rois["reference"]
    numbers = np.flatnonzero(white)[:30].tolist()
    told = reading.client.post("/api/aif/preview", json={"voxels": numbers}).json()
    assert told["problem"] is None
    assert told["quality"] == 0
    words = " ".join(told["concerns"])
    assert "partial volume" in words
    assert "late" in words
    assert not any(note.startswith("weak") for note in told["notes"])
    assert concerns(kept.phae.aif.score) == []
