"""The main job from the shell and from Python."""

import json
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from types import SimpleNamespace

import dicom_writers
import nibabel as nib
import numpy as np
import pytest
from dicom_writers import Protocol, write_classic

import bolus
from altered import LIGHT, MIXED, STILL
from bolus.data import PARAMETERS, Grid, TissueCurves
from bolus.estimators import METHODS, capabilities
from bolus.estimators.joint.posterior import RESIDUE_SD
from bolus.estimators.phae import shipped_weights, write_weights
from bolus.io import write_series, write_volume
from bolus.patient import estimate, measure
from bolus.patient.quantify import misfits
from bolus.phantom import simulate_patient
from bolus.physics import plasma_ratio
from bolus.preprocess import prepare, tissue_curves
from browser import colours

MAPS = ("cbf", "cbv", "mtt", "tmax", "delay", "ttp")
SDS = tuple(f"{name}_sd" for name in PARAMETERS)
FILES = {
    *(
        f"{n}.{e}"
        for n in (
            *MAPS,
            *SDS,
            "psr",
            "misfit",
            "cbv_alone",
            "mtt_alone",
            "quality",
            "aif_mask",
            "vein_mask",
            "brain_mask",
        )
        for e in ("nii.gz", "json")
    ),
    "aif.tsv",
    "bolus.toml",
    "overview.png",
    "report.html",
    "series.safetensors",
    "summary.json",
}


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A head so small that its motion is soon found, of whole numbers that DICOM can hold."""
    made = simulate_patient(seed=5, shape=(32, 32, 5), frames=30, snr=60)
    signal = made.series.signal
    series = replace(made.series, signal=np.round(signal * (3000 / signal.max())))
    path = tmp_path_factory.mktemp("small") / "dsc.nii.gz"
    write_series(path, series.signal.astype(np.float32), series.grid, series.dt, series.te)
    return SimpleNamespace(masks=made.masks, truth=made.truth, series=series, path=path)


@pytest.fixture(scope="module")
def result(small, tmp_path_factory):
    """One run of the command line with nothing set."""
    out = tmp_path_factory.mktemp("run") / "maps"
    code = [sys.executable, "-X", "importtime", "-m", "bolus", "maps", small.path, "-o", out]
    done = subprocess.run(list(map(str, code)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = done.stderr.splitlines()
    imported = {line.split("|")[-1].strip() for line in lines if line.startswith("import time:")}
    assert [line for line in lines if not line.startswith("import time:")] == []
    assert "SimpleITK" in imported
    assert "torch" not in imported
    assert "not a medical device" in done.stdout
    return out


def values(folder, name):
    return np.asarray(nib.load(folder / f"{name}.nii.gz").dataobj)


def test_every_file_and_nothing_else(result):
    assert {p.name for p in result.iterdir()} == FILES
    assert [p.name for p in result.parent.iterdir()] == ["maps"]


def test_maps_are_near_the_truth(result, small):
    masks, truth = small.masks, small.truth
    cbf = values(result, "cbf")
    contrast = np.nanmedian(cbf[masks.grey]) / np.nanmedian(cbf[masks.white])
    true = np.median(truth.cbf[masks.grey]) / np.median(truth.cbf[masks.white])
    assert contrast == pytest.approx(true, rel=0.2)
    ratio = np.nanmedian(cbf[masks.grey] / truth.cbf[masks.grey])
    assert 0.5 < ratio < 1.6
    cbv = values(result, "cbv")
    assert 0.7 < np.nanmedian(cbv[masks.grey] / truth.cbv[masks.grey]) < 1.6


def test_central_volume_in_clinical_units(result):
    cbf, cbv, mtt = (values(result, n) for n in ("cbf", "cbv", "mtt"))
    good = np.isfinite(mtt)
    assert good.sum() > 1000
    np.testing.assert_allclose(60 * cbv[good] / cbf[good], mtt[good], rtol=1e-4)


def test_outside_the_brain_is_nan_and_flagged(result):
    mask, quality = values(result, "brain_mask") > 0, values(result, "quality")
    assert np.isnan(values(result, "cbf")[~mask]).all()
    assert (quality[~mask] == 1).all()
    assert (quality[mask] & 1 == 0).all()
    assert np.isfinite(values(result, "cbf")[mask & (quality == 0)]).all()


def test_sidecars_and_summary(result):
    cbf = json.loads((result / "cbf.json").read_text())
    assert cbf["Units"] == "mL/100g/min"
    assert cbf["KappaOverRho"] == pytest.approx(0.705, abs=1e-3)
    assert (cbf["Hematocrit"], cbf["HematocritAssumed"]) == (0.45, True)
    assert (cbf["EchoTime"], cbf["RepetitionTime"]) == (0.02, 1.5)
    assert cbf["Method"] == "joint"
    assert cbf["MethodParameters"] == {"population": True, "spatial": True}
    assert cbf["SoftwareVersion"] == bolus.__version__
    assert len(cbf["InputChecksum"]) == 64
    assert json.loads((result / "mtt.json").read_text())["Units"] == "s"
    summary = json.loads((result / "summary.json").read_text())
    assert summary["relative"] is False
    assert summary["frames"]["dropped_before_steady_state"] >= 1
    assert summary["aif"]["origin"] == "automatic"
    assert 20 < summary["baseline_snr"] < 120
    assert summary["input"]["sha256"] == cbf["InputChecksum"]


def test_how_sure_the_common_scale_is_stands_in_every_output(result):
    summary = json.loads((result / "summary.json").read_text())
    sd = summary["aif"]["scale_sd"]
    assert 0.1 < sd < 0.4
    common = {"cbf": np.hypot(sd, RESIDUE_SD), "cbv": sd, "mtt": RESIDUE_SD}
    assert summary["common_sd"] == pytest.approx(common)
    for name, known in common.items():
        side = json.loads((result / f"{name}.json").read_text())
        assert side["CommonScaleSD"] == pytest.approx(known)
        value, spread = values(result, name), values(result, f"{name}_sd")
        assert (spread[value > 0] > 0.999 * known * value[value > 0]).all()
    assert "CommonScaleSD" not in json.loads((result / "delay.json").read_text())
    percent = f"{100 * sd:.0f} %"
    page = (result / "report.html").read_text()
    assert f"is known to ±{percent} (SD)" in page
    assert f"the common scale of CBF and CBV is known to {percent} (SD)" in page
    assert (
        "CommonScaleSD) is in it" in json.loads((result / "cbf_sd.json").read_text())["Description"]
    )
    assert max(summary["aif"]["mixed"]) > 0
    assert summary["preparation"]["arterial_unmixing"] == {"use": True}


def test_automatic_arteries_are_arteries(result, small):
    chosen = values(result, "aif_mask") > 0
    assert chosen.sum() >= 3
    assert (small.masks.vessels & chosen).sum() >= 0.8 * chosen.sum()


def test_picture_is_not_blank(result):
    from matplotlib.image import imread

    picture = imread(result / "overview.png")
    assert picture.shape[1] > 1500
    assert colours(picture[..., :3] * 255) > 200


@pytest.mark.parametrize("codes", [(1, 1), (2, 0), (0, 1)])
@pytest.mark.usefixtures("no_picture")
def test_geometry_is_kept_exactly(patient, tmp_path, run, codes):
    turn = np.array(
        [[-2.9, 0.3, 0.1, 80.5], [0.28, 3.0, -0.6, -90.25], [0.13, 0.5, 6.1, -20], [0, 0, 0, 1]]
    )
    image = nib.Nifti1Image(patient.series.signal, None)
    image.header.set_zooms((3, 3, 6, 1.5))
    image.header.set_xyzt_units("mm", "sec")
    if codes[1]:
        image.header.set_qform(turn, codes[1], strip_shears=True)
    image.header.set_sform(turn if codes[0] else None, codes[0])
    nib.save(image, tmp_path / "turned.nii")
    out = tmp_path / "out"
    code, _, err = run("maps", *LIGHT, tmp_path / "turned.nii", "-o", out, "--te", "0.03")
    assert code == 0, err
    source, made = nib.load(tmp_path / "turned.nii"), nib.load(out / "cbf.nii.gz")
    np.testing.assert_array_equal(source.affine, made.affine)
    for form in ("sform", "qform"):
        before = getattr(source.header, f"get_{form}")(coded=True)
        after = getattr(made.header, f"get_{form}")(coded=True)
        assert before[1] == after[1]
        if before[1]:
            np.testing.assert_allclose(before[0], after[0], atol=1e-5)


@pytest.mark.usefixtures("no_picture")
def test_the_patients_haematocrit_scales_absolute_maps(write, tmp_path, run):
    """CBF and CBV by κ; times stay, and the sidecars say which haematocrit it was."""
    path, found = write(), {}
    for name, options in (("usual", ()), ("own", ("--hematocrit", "0.3"))):
        assert run("maps", *LIGHT, path, "-o", tmp_path / name, *options)[0] == 0
        found[name] = {
            q: nib.load(tmp_path / name / f"{q}.nii.gz").get_fdata() for q in ("cbf", "cbv", "mtt")
        }
    for q, factor in (("cbf", plasma_ratio(0.3) / plasma_ratio()), ("mtt", 1)):
        np.testing.assert_allclose(found["own"][q], factor * found["usual"][q], rtol=1e-5)
    side = json.loads((tmp_path / "own" / "cbv.json").read_text())
    assert (side["Hematocrit"], side["HematocritAssumed"]) == (0.3, False)
    assert side["KappaOverRho"] == pytest.approx(plasma_ratio(0.3) / 1.04)
    code, _, err = run("maps", *LIGHT, path, "-o", tmp_path / "no", "--hematocrit", "38")
    assert (code, (tmp_path / "no").exists()) == (2, False)
    assert "in percent" in err


def test_unknown_echo_time_is_said_everywhere(write, tmp_path, run):
    path = write(te=None)
    code, out, _ = run("maps", *LIGHT, path, "-o", tmp_path / "out")
    assert code == 0
    assert "relative" in out
    for name in ("cbf", "cbv"):
        side = json.loads((tmp_path / "out" / f"{name}.json").read_text())
        assert side["Units"] == "relative"
        assert side["RelativeValues"] is True
        assert "KappaOverRho" not in side
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["relative"] is True
    assert "te_delta_r2star" in (tmp_path / "out" / "aif.tsv").read_text().splitlines()[0]


def test_relative_and_absolute_maps_differ_by_a_constant(patient, write):
    given = {"method": "osvd", "preparation": STILL}
    absolute = bolus.perfusion_maps(bolus.read_series(patient.path), **given)
    relative = bolus.perfusion_maps(bolus.read_series(write(te=None)), **given)
    ratio = absolute.cbf / relative.cbf
    np.testing.assert_allclose(ratio[np.isfinite(ratio)], 6000 * (0.55 / 0.75) / 1.04, rtol=1e-3)
    np.testing.assert_allclose(absolute.mtt, relative.mtt, rtol=1e-3)


def test_python_and_shell_agree_to_the_byte(result, small, tmp_path):
    """One in a process of its own, one in this: and so the same input gives the same bytes."""
    maps = bolus.perfusion_maps(bolus.read_series(small.path))
    assert maps.save(tmp_path / "out") == tmp_path / "out"
    for file in FILES - {"summary.json"}:
        assert (tmp_path / "out" / file).read_bytes() == (result / file).read_bytes(), file
    one, two = (json.loads((f / "summary.json").read_text()) for f in (tmp_path / "out", result))
    one.pop("seconds"), two.pop("seconds")
    assert one == two


@pytest.mark.usefixtures("no_picture")
def test_arterial_input_from_mask_and_from_its_own_table(patient, tmp_path, run):
    mask = patient.folder / "aif.nii.gz"
    assert run("maps", *LIGHT, patient.path, "-o", tmp_path / "m", "--aif", mask)[0] == 0
    table = tmp_path / "m" / "aif.tsv"
    assert run("maps", *LIGHT, patient.path, "-o", tmp_path / "t", "--aif", table)[0] == 0
    for name in ("cbf", "mtt"):
        np.testing.assert_array_equal(values(tmp_path / "m", name), values(tmp_path / "t", name))
    np.testing.assert_array_equal(values(tmp_path / "m", "aif_mask"), patient.made.masks.aif)
    assert not values(tmp_path / "t", "aif_mask").any()


def test_arterial_input_as_curve_array_and_object(patient):
    series, masks = bolus.read_series(patient.path), patient.made.masks
    by_mask = bolus.perfusion_maps(series, "osvd", masks.aif, masks.brain, preparation=MIXED)
    for given in (by_mask.aif, by_mask.aif.curve):
        again = bolus.perfusion_maps(series, "osvd", given, masks.brain, preparation=MIXED)
        np.testing.assert_array_equal(again.cbf, by_mask.cbf)


@pytest.mark.usefixtures("no_picture")
def test_mask_is_used(patient, tmp_path, run):
    brain = patient.folder / "brain.nii.gz"
    assert run("maps", *LIGHT, patient.path, "-o", tmp_path / "out", "--mask", brain)[0] == 0
    np.testing.assert_array_equal(values(tmp_path / "out", "brain_mask"), patient.made.masks.brain)


@pytest.mark.usefixtures("no_picture")
@pytest.mark.parametrize("method", [m for m in METHODS if m not in ("phae", "tikhonov", "svd-pws")])
def test_every_method_makes_maps(patient, tmp_path, run, method):
    part = patient.made.masks.brain & (np.arange(6) == 3)
    write_volume(tmp_path / "part.nii.gz", part, patient.series.grid)
    given = ("--mask", tmp_path / "part.nii.gz", "--aif", patient.folder / "aif.nii.gz")
    options = ("--motion", "off", "--no-drift", "--no-unmix", "-m", method, "-q")
    assert run("maps", patient.path, "-o", tmp_path / "out", *given, *options) == (0, "", "")
    assert np.isfinite(values(tmp_path / "out", "cbf")).sum() > 0.9 * part.sum() > 500
    able = capabilities(METHODS[method])
    assert np.isfinite(values(tmp_path / "out", "delay")).any() == able.delay
    assert (tmp_path / "out" / "cbf_sd.nii.gz").exists() == able.posterior


class TestUncertainty:
    def test_sd_is_half_the_central_interval(self, patient):
        maps = bolus.perfusion_maps(patient.series, "phae", preparation=STILL)
        series = prepare(patient.series)
        curves = tissue_curves(series)
        found = bolus.deconvolve(curves.curves, maps.aif.curve, series.dt, noise_sd=curves.noise_sd)
        low, high = found.interval("cbf", 0.6827)
        own, flow = 4231.0 * (high - low) / 2, maps.cbf[maps.mask]
        np.testing.assert_allclose(maps.own_sd("cbf")[maps.mask], own, rtol=1e-3)
        both = np.hypot(own, maps.aif.scale_sd * flow)
        np.testing.assert_allclose(maps.sd["cbf"][maps.mask], both, rtol=1e-3)
        assert maps.own_sd("mtt") is maps.sd["mtt"]
        assert maps.common == {"cbf": maps.aif.scale_sd, "cbv": maps.aif.scale_sd}
        assert set(maps.sd) == {"cbf", "cbv", "mtt", "tmax", "delay"}
        assert maps.units["mtt_sd"] == "s"
        assert maps.units["cbf_sd"] == "mL/100g/min"

    def test_misfit_is_near_one_in_tissue_and_large_in_vessels(self, result, small):
        masks, misfit = small.masks, values(result, "misfit")
        tissue = (masks.grey | masks.white) & np.isfinite(misfit)
        assert np.nanmedian(misfit[tissue]) == pytest.approx(1.0, abs=0.12)
        assert np.nanpercentile(misfit[masks.vessels], 90) > np.nanpercentile(misfit[tissue], 99)

    def test_misfit_by_hand(self):
        residual, noise = np.array([0.2, 0.3]), np.array([0.1, 0.1])
        flat, deep = np.zeros(40), np.r_[np.zeros(20), np.full(20, np.log(2.0) / 0.03)]
        curves = TissueCurves(
            curves=np.stack([flat, deep]),
            noise_sd=noise,
            time=np.arange(40.0),
            quality=np.zeros(2, np.uint8),
            ttp=np.zeros(2),
        )
        found = misfits(curves, residual, 0.03)
        np.testing.assert_allclose(found, [2.0, 3.0 / np.sqrt((1 + 4) / 2)])

    def test_nan_where_the_map_is(self, result):
        for name in ("cbf", "mtt", "delay"):
            gone = np.isnan(values(result, name))
            np.testing.assert_array_equal(np.isnan(values(result, f"{name}_sd")), gone)

    def test_summary_says_it(self, result):
        told = json.loads((result / "summary.json").read_text())
        assert 0.05 < told["median_relative_sd"]["cbf"] < 1.5
        assert told["median"]["misfit"] == pytest.approx(1.0, abs=0.15)


class TestWeights:
    @pytest.mark.usefixtures("no_picture")
    def test_a_file_says_its_method(self, patient, tmp_path, run):
        write_weights(tmp_path / "w.safetensors", shipped_weights("phae-paper"))
        out, weights = tmp_path / "out", tmp_path / "w.safetensors"
        code, _, err = run("maps", "--motion", "off", patient.path, "-o", out, "--weights", weights)
        assert code == 0, err
        told = json.loads((out / "summary.json").read_text())
        assert told["method"] == "phae-paper"
        assert told["parameters"]["checksum"] == shipped_weights("phae-paper").checksum
        sidecar = json.loads((out / "cbf.json").read_text())
        for found in (told["parameters"], sidecar["MethodParameters"]):
            assert found["weights_file"] == "w.safetensors"
            assert found["weights_file_sha256"] == sha256(weights.read_bytes()).hexdigest()

    @pytest.mark.parametrize("content", [b"", b"not weights", b"\x00" * 64])
    def test_refused(self, patient, tmp_path, run, content):
        (tmp_path / "w.safetensors").write_bytes(content)
        out, weights = tmp_path / "out", tmp_path / "w.safetensors"
        code, _, err = run("maps", "--motion", "off", patient.path, "-o", out, "--weights", weights)
        assert code == 2
        assert err.count("\n") == 1
        assert "w.safetensors" in err
        assert not out.exists()

    def test_of_another_method(self, patient, tmp_path, run):
        write_weights(tmp_path / "w.safetensors", shipped_weights("phae-paper"))
        weights = ("--weights", tmp_path / "w.safetensors", "--method", "phae")
        code, _, err = run("maps", patient.path, "-o", tmp_path / "out", *weights)
        assert code == 2
        assert "phae-paper" in err


@pytest.mark.usefixtures("no_picture")
def test_configured_estimator_is_on_record(patient, tmp_path):
    maps = bolus.perfusion_maps(
        bolus.read_series(patient.path), METHODS["osvd"](oi=0.035), preparation=MIXED
    )
    maps.save(tmp_path / "out")
    assert json.loads((tmp_path / "out/cbf.json").read_text())["MethodParameters"]["oi"] == 0.035


def test_dicom_folder_gives_the_maps_of_the_nifti(result, small, tmp_path, run, monkeypatch):
    """Stored in another order of axes, so that other voxels are drawn to look for motion."""
    series, folder, made = small.series, tmp_path / "dicom", tmp_path / "from_dicom"
    monkeypatch.setattr(dicom_writers, "SPACING", series.grid.voxel_size)
    folder.mkdir()
    protocol = Protocol(tr=series.dt, te=series.te, patient="SECRET-ID-77", name="Verysecret^Name")
    write_classic(folder, series.signal.astype(np.int16), protocol)
    code, out, err = run("maps", folder, "-o", made)
    assert code == 0, err
    one, two = values(made, "cbf"), values(result, "cbf")
    for way in (made, result):
        told = json.loads((way / "summary.json").read_text())["motion"]
        assert told["corrected"] is True
        assert 0 < told["max_fd_mm"] < 1
    assert np.nanmedian(one) == pytest.approx(np.nanmedian(two), rel=0.02)
    assert np.isfinite(one).sum() == pytest.approx(np.isfinite(two).sum(), rel=0.02)
    for file in made.iterdir():
        for secret in (b"SECRET", b"Verysecret", str(folder).encode()):
            assert secret.lower() not in file.read_bytes().lower()
    assert "SECRET" not in out + err


@pytest.mark.usefixtures("no_picture")
def test_saving_twice_needs_overwrite(patient, tmp_path):
    maps = bolus.perfusion_maps(bolus.read_series(patient.path), "osvd", preparation=MIXED)
    maps.save(tmp_path / "out")
    with pytest.raises(bolus.BolusError, match="exists"):
        maps.save(tmp_path / "out")
    maps.save(tmp_path / "out", overwrite=True)


@pytest.fixture(scope="module")
def real(shared_data):
    """A real slice, and what it holds."""
    path = shared_data / "ntuh-convexity" / "dsc.nii.gz"
    return path, measure(bolus.read_series(path), preparation=STILL)


@pytest.mark.usefixtures("no_picture")
def test_real_slice(real, tmp_path, run):
    path, measured = real
    code, out, err = run("maps", *LIGHT, path, "-o", tmp_path / "out")
    assert code == 0, err
    assert "relative" in out
    maps = estimate(measured)
    time = maps.series.dt * np.arange(maps.tissue.size)

    def half_rise(curve):
        return np.interp(0.5 * curve.max(), curve[: curve.argmax() + 1], time[: curve.argmax() + 1])

    def width(curve):
        return (curve > curve.max() / 2).sum() * maps.series.dt

    assert half_rise(maps.aif.curve) < half_rise(maps.tissue) - 1
    assert width(maps.aif.curve) < width(maps.tissue)
    assert maps.series.frames.first == 1
    # cortex lies at the rim, white matter in the middle: flow must differ two- to fourfold
    flow = np.sort(maps.cbf[np.isfinite(maps.cbf)])
    upper, lower = np.percentile(flow, 70), np.percentile(flow, 20)
    assert 1.5 < upper / lower < 5
    assert 3 < np.nanmedian(maps.mtt) < 5.5


def test_real_slice_under_a_shifted_arterial_input(real):
    """Two seconds, one frame, early or late: flow moves little, the delay takes it up."""
    _, measured = real
    plain = estimate(measured, "phae")
    assert 2 < np.nanmedian(plain.mtt) < 8
    for shift in (-1, 1):
        curve = np.roll(measured.aif.curve, shift)
        curve[slice(0, 1) if shift > 0 else slice(-1, None)] = 0 if shift > 0 else curve[-2]
        moved = estimate(replace(measured, aif=replace(measured.aif, curve=curve)), "phae")
        assert abs(np.nanmedian(moved.cbf / plain.cbf) - 1) < 0.1
        assert np.nanmean(np.abs(np.log(moved.cbf / plain.cbf))) < 0.1
        late = np.nanmedian(moved.delay - plain.delay)
        assert late == pytest.approx(-shift * measured.series.dt, abs=0.3)


def test_ras_view_is_the_same_for_any_storage_order():
    volume = np.zeros((4, 5, 6))
    volume[3, 4, 5] = 1  # right, anterior, superior end
    plain = Grid(shape=(4, 5, 6), affine=np.diag([2.0, 3.0, 4.0, 1.0]))
    swapped = Grid(
        shape=(6, 4, 5),
        affine=np.array([[0, -2.0, 0, 6], [0, 0, 3, 0], [4, 0, 0, 0], [0, 0, 0, 1]]),
    )
    stored = np.transpose(volume, (2, 0, 1))[:, ::-1, :]
    np.testing.assert_array_equal(plain.to_ras(volume), volume)
    np.testing.assert_array_equal(swapped.to_ras(stored), volume)
