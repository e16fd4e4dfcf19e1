"""A patient's maps to a verdict, from Python and from the shell."""

import json
import shutil
import subprocess
import sys

import nibabel as nib
import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from bolus.cli.grade import grade
from bolus.data import BolusError, InputError, MaskError
from bolus.data.scale import without_common
from bolus.grading import CUTOFFS, Shared, Voxels, grade_maps, roi_ratio


def command():
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(grade)
    return app


def run(*arguments):
    return CliRunner().invoke(command(), [str(a) for a in arguments])


def values(path):
    return np.asarray(nib.load(path).dataobj)


def test_ratio_of_a_patient_is_that_of_the_maps(mapped):
    masks = mapped.made.masks
    found = grade_maps(mapped.phae, mapped.tumor, mapped.nawm)
    cbf, sd = values(mapped.phae / "cbf.nii.gz"), values(mapped.phae / "cbf_sd.nii.gz")
    scale = json.loads((mapped.phae / "cbf_sd.json").read_text())["CommonScaleSD"]
    assert scale > 0.05
    assert found.ratio == roi_ratio(
        Voxels(cbf, without_common(sd, cbf, scale)), masks.tumor, masks.nawm
    )
    wide = roi_ratio(Voxels(cbf, sd, shared=Shared(1.0)), masks.tumor, masks.nawm)
    assert found.ratio.log_sd < 0.7 * wide.log_sd
    assert (found.map, found.method, found.unit) == ("cbf", "phae", "mL/100g/min")
    assert found.verdict is None
    low, high = found.ratio.interval
    assert low < found.ratio.mean < high


def test_a_scale_that_is_no_number_is_refused(mapped, tmp_path):
    shutil.copytree(mapped.phae, tmp_path / "maps")
    told = json.loads((tmp_path / "maps" / "cbf.json").read_text())
    (tmp_path / "maps" / "cbf.json").write_text(json.dumps({**told, "CommonScaleSD": "wide"}))
    with pytest.raises(InputError, match=r"cbf\.json: CommonScaleSD is a number .* found 'wide'"):
        grade_maps(tmp_path / "maps", mapped.tumor, mapped.nawm)


def test_tumour_of_high_grade_is_above(mapped):
    truth, masks = mapped.made.truth.cbf, mapped.made.masks
    true = roi_ratio(Voxels(truth), masks.tumor, masks.nawm).mean
    found = grade_maps(mapped.phae, mapped.tumor, mapped.nawm, cutoff="qin-cbf")
    assert found.ratio.mean == pytest.approx(true, rel=0.35)
    assert found.verdict.above
    assert found.verdict.probability > 0.5


def test_arrays_do_as_well_as_files(mapped):
    masks = mapped.made.masks
    assert grade_maps(mapped.osvd, masks.tumor, masks.nawm) == grade_maps(
        mapped.osvd, mapped.tumor, str(mapped.nawm)
    )


def test_a_method_without_sds_has_no_interval(mapped):
    found = grade_maps(mapped.osvd, mapped.tumor, mapped.nawm, cutoff=CUTOFFS["paper-osvd"])
    assert found.method == "osvd"
    assert found.ratio.interval is None
    assert found.verdict.probability is None
    assert found.verdict.warnings == ()


def test_volume_is_graded_by_cutoffs_of_volume(mapped):
    found = grade_maps(mapped.phae, mapped.tumor, mapped.nawm, map="cbv", cutoff="qin-cbv")
    assert (found.unit, found.verdict.cutoff.map) == ("mL/100g", "cbv")
    with pytest.raises(InputError, match="of CBF says nothing of CBV"):
        grade_maps(mapped.phae, mapped.tumor, mapped.nawm, map="cbv", cutoff="qin-cbf")


def test_the_cutoff_of_a_study_is_of_the_maps_method(mapped, results):
    row = {"snr": "none", "map": "cbf", "sensitivity": 0.8, "specificity": 0.9}
    path = results({**row, "method": "osvd", "cutoff": 1.2}, {**row, "method": "phae", "cutoff": 9})
    found = grade_maps(mapped.phae, mapped.tumor, mapped.nawm, cutoff=path)
    assert found.verdict.cutoff.value == 9
    assert not found.verdict.above
    assert found.verdict.warnings == ()


def test_json_is_the_grade_and_names_no_file(mapped):
    found = grade_maps(mapped.phae, mapped.tumor, mapped.nawm, cutoff="paper-phae")
    text = json.dumps(found.as_json(), allow_nan=False)
    back = json.loads(text)
    assert back["software"].startswith("bolus ")
    assert back["notice"] == "Research software, not a medical device."
    assert back["ratio"]["mean"] == found.ratio.mean
    assert back["verdict"]["cutoff"]["value"] == 1.18
    assert str(mapped.folder) not in text


def test_what_is_no_folder_of_maps_is_refused(mapped, tmp_path):
    masks = (mapped.tumor, mapped.nawm)
    with pytest.raises(InputError, match="a folder that bolus maps wrote is expected"):
        grade_maps(mapped.phae / "cbf.nii.gz", *masks)
    with pytest.raises(InputError, match=r"summary.json: no such file"):
        grade_maps(mapped.folder, *masks)
    other = tmp_path / "other"
    shutil.copytree(mapped.osvd, other)
    summary = json.loads((other / "summary.json").read_text())
    (other / "summary.json").write_text(json.dumps({**summary, "software": "other 1.0"}))
    with pytest.raises(InputError, match="bolus did not write this file"):
        grade_maps(other, *masks)
    (other / "summary.json").write_text(json.dumps({"software": "bolus 0.1.0"}))
    with pytest.raises(InputError, match="names a method"):
        grade_maps(other, *masks)


def test_what_is_no_map_is_refused(mapped, tmp_path):
    masks = (mapped.tumor, mapped.nawm)
    with pytest.raises(InputError, match="one of cbf, cbv, cbv_corrected, found 'mtt'"):
        grade_maps(mapped.phae, *masks, map="mtt")
    other = tmp_path / "other"
    shutil.copytree(mapped.osvd, other)
    (other / "cbf.nii.gz").unlink()
    with pytest.raises(InputError, match=r"no map cbf.nii.gz; there are cbv"):
        grade_maps(other, *masks)


def test_sds_on_another_grid_are_refused(mapped, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(mapped.phae, other)
    image = nib.load(mapped.phae / "cbf_sd.nii.gz")
    moved = image.affine + np.array([[0, 0, 0, 5.0], *[[0] * 4] * 3])
    nib.Nifti1Image(values(mapped.phae / "cbf_sd.nii.gz"), moved).to_filename(
        other / "cbf_sd.nii.gz"
    )
    with pytest.raises(InputError, match=r"cbf_sd.*another grid"):
        grade_maps(other, mapped.tumor, mapped.nawm)


def test_masks_that_do_not_fit_are_refused(mapped, tmp_path):
    masks, grid = mapped.made.masks, mapped.made.series.grid
    with pytest.raises(MaskError, match="overlap in"):
        grade_maps(mapped.phae, mapped.tumor, mapped.tumor)
    with pytest.raises(MaskError, match="reference: a mask as an array is boolean, found uint8"):
        grade_maps(mapped.phae, mapped.tumor, masks.nawm.astype(np.uint8))
    with pytest.raises(MaskError, match="tumour: a mask of shape"):
        grade_maps(mapped.phae, masks.tumor[1:], mapped.nawm)
    with pytest.raises(MaskError, match="tumour: at least 5 voxels"):
        grade_maps(mapped.phae, np.zeros(grid.shape, dtype=bool), mapped.nawm)
    outside = np.isnan(values(mapped.phae / "cbf.nii.gz")) & ~masks.tumor
    with pytest.raises(MaskError, match=r"reference: .* found 0 of the mask's"):
        grade_maps(mapped.phae, masks.tumor, outside)
    moved = nib.Nifti1Image(masks.tumor.astype(np.uint8), grid.affine @ np.diag([1, 1, 2, 1]))
    moved.to_filename(tmp_path / "moved.nii.gz")
    with pytest.raises(MaskError, match="another grid"):
        grade_maps(mapped.phae, tmp_path / "moved.nii.gz", mapped.nawm)


def test_the_command_says_ratio_verdict_and_notice(mapped, tmp_path):
    out = tmp_path / "grade.json"
    done = run(mapped.phae, "--tumor", mapped.tumor, "--reference", mapped.nawm,
               "--cutoff", "paper-osvd", "--json", out)  # fmt: skip
    assert done.exit_code == 0, done.output
    found = grade_maps(mapped.phae, mapped.tumor, mapped.nawm, cutoff="paper-osvd")
    assert f"{found.ratio.mean:.2f} (90 %: {found.ratio.interval[0]:.2f} to" in done.stdout
    assert f"{found.ratio.hotspot:.2f}" in done.stdout
    for sentence in found.verdict.sentences:
        assert sentence in done.stdout
    assert "cut-offs do not transfer between methods" in done.stdout
    assert done.stdout.endswith("Research software, not a medical device.\n")
    assert json.loads(out.read_text()) == json.loads(json.dumps(found.as_json()))


def test_the_command_without_a_cutoff_gives_no_verdict(mapped):
    done = run(mapped.osvd, "--tumor", mapped.tumor, "--reference", mapped.nawm, "--map", "cbv")
    assert done.exit_code == 0, done.output
    assert "No cut-off was given" in done.stdout
    assert "grade side" not in done.stdout
    assert "CBV by osvd, mL/100g" in done.stdout
    assert "90 %" not in done.stdout


def test_a_quiet_command_only_writes(mapped, tmp_path):
    out = tmp_path / "grade.json"
    done = run(mapped.osvd, "--tumor", mapped.tumor, "--reference", mapped.nawm, "--quiet",
               "--json", out)  # fmt: skip
    assert (done.exit_code, done.output) == (0, "")
    assert json.loads(out.read_text())["verdict"] is None


def test_the_command_fails_by_a_named_error(mapped):
    done = run(mapped.folder, "--tumor", mapped.tumor, "--reference", mapped.nawm)
    assert isinstance(done.exception, BolusError)


def test_the_help_names_every_cutoff():
    helped = " ".join(run("--help").stdout.replace("│", " ").split())
    for name in CUTOFFS:
        assert name in helped


def test_the_command_is_known_without_numpy():
    code = "import sys, bolus.cli.grade; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(("name", "factor"), [("cbf", 1.5), ("cbv", 1.2)])
def test_what_voxels_have_alone_is_read_beside_the_maps(mapped, tmp_path, name, factor):
    folder = tmp_path / "maps"
    shutil.copytree(mapped.phae, folder)
    assert grade_maps(folder, mapped.tumor, mapped.nawm, map=name).ratio.tumor.factor == 1
    for drawn, alone in (("cbv", 1.2), ("mtt", 0.8)):
        image = nib.load(folder / f"{drawn}.nii.gz")
        other = nib.Nifti1Image(alone * np.asarray(image.dataobj), image.affine)
        nib.save(other, folder / f"{drawn}_alone.nii.gz")
    found = grade_maps(folder, mapped.tumor, mapped.nawm, map=name).ratio
    assert found.tumor.factor == pytest.approx(factor, rel=0.05)
    assert found.reference.factor == pytest.approx(factor, rel=0.05)
