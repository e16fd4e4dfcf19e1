"""Leakage correction from the shell and from Python."""

import json
from dataclasses import replace
from types import SimpleNamespace

import nibabel as nib
import numpy as np
import pytest

import bolus
from altered import MIXED, leaking
from bolus.data import InputError, MaskError
from bolus.estimators import METHODS, capabilities
from bolus.io import write_series, write_volume
from bolus.patient import estimate, measure
from bolus.phantom import Leak, Realism, simulate_patient
from bolus.physics import area, cbv_scale
from recorder import Recorder

METHOD = "osvd"
FIXED = ("--motion", "off", "--no-drift", "--no-unmix")
NEW = {f"{name}.{ending}" for name in ("cbv_corrected", "k2") for ending in ("nii.gz", "json")}

pytestmark = pytest.mark.usefixtures("undrawn")


@pytest.fixture(scope="module")
def leaky(tmp_path_factory):
    """A small patient whose tumour brightens as agent leaks, on disk with its mask."""
    leak = Leak(ktrans=0.12, relaxivity=10.0, preload=0.1)
    made = simulate_patient(
        seed=4,
        snr=80,
        tumor="high",
        shape=(40, 40, 6),
        frames=50,
        realism=Realism(leak=leak),
    )
    folder = tmp_path_factory.mktemp("leaky")
    series = made.series
    write_series(folder / "dsc.nii.gz", series.signal, series.grid, series.dt, series.te)
    write_volume(folder / "tumor.nii.gz", made.masks.tumor, series.grid)
    return SimpleNamespace(
        made=made, series=series, path=folder / "dsc.nii.gz", tumor=folder / "tumor.nii.gz"
    )


@pytest.fixture(scope="module")
def maps(leaky):
    return bolus.perfusion_maps(
        leaky.series, METHOD, regions={"tumor": leaky.made.masks.tumor}, preparation=MIXED
    )


def ratio(volume, masks):
    return np.nanmean(volume[masks.tumor]) / np.nanmean(volume[masks.nawm])


def test_corrected_volume_is_near_the_truth(maps, leaky):
    masks, truth = leaky.made.masks, ratio(leaky.made.truth.cbv, leaky.made.masks)
    assert ratio(maps.volumes["cbv_corrected"], masks) == pytest.approx(truth, rel=0.15)
    assert ratio(maps.cbv, masks) < 0.8 * truth
    k2 = maps.volumes["k2"]
    assert np.nanmean(k2[masks.tumor]) > 0.005
    assert abs(np.nanmean(k2[masks.nawm])) < 0.002
    assert np.isnan(k2[~maps.mask]).all()


def test_all_maps_but_cbv_come_from_corrected_curves(maps, leaky):
    plain = bolus.perfusion_maps(leaky.series, METHOD, preparation=MIXED)
    assert plain.leakage_model is None
    assert not {"cbv_corrected", "k2"} & set(plain.volumes)
    np.testing.assert_array_equal(maps.cbv, plain.cbv)
    good = np.isfinite(maps.mtt)
    product = 60 * maps.volumes["cbv_corrected"] / maps.cbf
    np.testing.assert_allclose(product[good], maps.mtt[good], rtol=1e-4)
    assert np.nanmax(np.abs(maps.cbf - plain.cbf)) > 0


def test_from_the_shell(leaky, maps, tmp_path, run):
    out = tmp_path / "out"
    code, _, err = run("maps", *FIXED, leaky.path, "-o", out, "-m", METHOD, "--tumor", leaky.tumor)
    assert code == 0, err
    assert {path.name for path in out.iterdir()} > NEW
    told = json.loads((out / "summary.json").read_text())
    assert told["leakage_model"] == "free"
    assert (told["units"]["k2"], told["units"]["cbv_corrected"]) == ("1/s", "mL/100g")
    sidecar = json.loads((out / "k2.json").read_text())
    assert (sidecar["Units"], sidecar["LeakageModel"]) == ("1/s", "free")
    assert json.loads((out / "cbv_corrected.json").read_text())["KappaOverRho"] > 0.7
    for name in ("cbv_corrected", "k2"):
        volume = np.asarray(nib.load(out / f"{name}.nii.gz").dataobj)
        np.testing.assert_array_equal(volume, maps.volumes[name])


def test_published_model_and_none_from_the_shell(leaky, tmp_path, run):
    base = ("maps", *FIXED, leaky.path, "-m", METHOD, "-q", "--tumor", leaky.tumor)
    assert run(*base, "-o", tmp_path / "bsw", "--leakage", "bsw")[0] == 0
    told = json.loads((tmp_path / "bsw" / "summary.json").read_text())
    assert told["leakage_model"] == "bsw"
    assert run(*base, "-o", tmp_path / "none", "--leakage", "off")[0] == 0
    assert not NEW & {path.name for path in (tmp_path / "none").iterdir()}
    assert json.loads((tmp_path / "none" / "summary.json").read_text())["leakage_model"] is None


def test_leakage_without_tumour_mask_and_without_echo_time(leaky, tmp_path, run):
    series = leaky.series
    path = tmp_path / "relative.nii.gz"
    write_series(path, series.signal, series.grid, series.dt, None)
    code, out, err = run(
        "maps", *FIXED, path, "-o", tmp_path / "out", "-m", METHOD, "--leakage", "free"
    )
    assert code == 0, err
    assert "relative" in out
    units = json.loads((tmp_path / "out" / "summary.json").read_text())["units"]
    assert (units["cbv_corrected"], units["k2"]) == ("relative", "1/s")
    k2 = np.asarray(nib.load(tmp_path / "out" / "k2.nii.gz").dataobj)
    assert np.nanmean(k2[leaky.made.masks.tumor]) > 0.005


def test_refused_from_the_shell(leaky, tmp_path, run):
    everywhere = tmp_path / "all.nii.gz"
    write_volume(everywhere, np.ones(leaky.series.grid.shape, bool), leaky.series.grid)
    for options, words in (
        (("--tumor", everywhere), "reference"),
        (("--tumor", tmp_path / "missing.nii.gz"), "missing.nii.gz"),
        (("--leakage", "nosuch"), "free, bsw"),
    ):
        code, _, err = run(
            "maps", *FIXED, leaky.path, "-o", tmp_path / "out", "-m", METHOD, *options
        )
        assert code == 2
        assert words in err
        assert err.count("\n") == 1
        assert not (tmp_path / "out").exists()


def test_refused_from_python(leaky):
    with pytest.raises(MaskError, match="reference"):
        measure(
            leaky.series,
            regions={"tumor": np.ones(leaky.series.grid.shape, bool)},
            preparation=MIXED,
        )
    with pytest.raises(MaskError, match="tumor marks no voxel"):
        measure(leaky.series, regions={"tumor": np.zeros(leaky.series.grid.shape, bool)})
    with pytest.raises(InputError, match="boolean"):
        measure(leaky.series, regions={"tumor": np.ones(leaky.series.grid.shape)})
    with pytest.raises(InputError, match="frames"):
        measure(leaky.series, aif=np.ones(12), preparation=MIXED)


def test_what_is_wrong_with_the_options_is_said_before_anything_takes_time(leaky, tmp_path):
    """Looking for spikes is the first step that is announced, motion correction the next."""
    lines = ["time_s\taif", *(f"{1.5 * k}\t1" for k in range(15))]
    (tmp_path / "short.tsv").write_text("\n".join(lines))
    for wrong in (
        {"preparation": leaking(model="nosuch")},
        {"aif": np.zeros(leaky.series.grid.shape, bool)},
        {"aif": tmp_path / "missing.nii.gz"},
        {"aif": tmp_path / "missing.tsv"},
        {"aif": tmp_path / "short.tsv"},
        {"regions": {"tumor": np.zeros(leaky.series.grid.shape, bool)}},
        {"regions": {"nodule": leaky.made.masks.tumor}},
    ):
        steps = Recorder()
        with pytest.raises(InputError):
            measure(leaky.series, reporter=steps, **wrong)
        assert steps.steps == []


def test_one_measurement_serves_many_methods(leaky, maps):
    steps = Recorder()
    measured = measure(
        leaky.series,
        regions={"tumor": leaky.made.masks.tumor},
        preparation=MIXED,
        reporter=steps,
    )
    assert steps.steps[-1] == "correcting leakage"
    found = estimate(measured, METHOD)
    np.testing.assert_array_equal(found.cbf, maps.cbf)
    np.testing.assert_array_equal(found.volumes["k2"], maps.volumes["k2"])
    assert found.method == METHOD
    other = estimate(measured, "phae")
    np.testing.assert_array_equal(other.volumes["k2"], maps.volumes["k2"])
    assert np.isfinite(other.sd["cbv_corrected"][other.mask]).mean() > 0.99
    assert set(other.units) >= {"cbv_corrected_sd", "cbv_sd", "k2"}
    assert {"correcting leakage", "volume without correction"} <= set(other.seconds)


@pytest.fixture(scope="module")
def measured(leaky):
    masks = leaky.made.masks
    part = masks.brain & (np.arange(6) == masks.tumor.sum(axis=(0, 1)).argmax())
    given = (masks.aif, part)
    return measure(leaky.series, *given, regions={"tumor": masks.tumor}, preparation=MIXED)


AREAS = [name for name in METHODS if capabilities(METHODS[name]).area]


@pytest.mark.parametrize("method", AREAS)
def test_volume_without_correction_is_that_of_uncorrected_maps(method, measured):
    """It is taken as the ratio of areas, without deconvolving once more."""
    plain = replace(measured, corrected=None, leakage=None)
    both, alone = estimate(measured, method), estimate(plain, method)
    np.testing.assert_allclose(both.cbv, alone.cbv, rtol=1e-5, atol=1e-5)
    assert (both.volumes["cbv_corrected"] != both.cbv)[both.mask].mean() > 0.05


def test_voxels_are_estimated_together_but_once(measured):
    """Their volume without correction is less by the area that the correction added."""
    both, areas = estimate(measured, "joint"), estimate(measured, "csvd")
    added = both.volumes["cbv_corrected"] - both.cbv
    expected = areas.volumes["cbv_corrected"] - areas.cbv
    np.testing.assert_allclose(added, expected, atol=1e-3)
    aif, known = measured.aif, both.mask & np.isfinite(both.cbv)
    leak = np.zeros(both.mask.shape)
    leak[both.mask] = cbv_scale() * measured.leakage.area_sd / area(aif.curve, aif.dt)
    own = {name: both.own_sd(name)[known] for name in ("cbv", "cbv_corrected")}
    np.testing.assert_allclose(own["cbv_corrected"], np.hypot(own["cbv"], leak[known]), rtol=1e-4)
    assert (leak[both.rois["tumor"] & known] > 0.02).mean() > 0.5
