"""Broken input: refused with exit 2 and one clear line, and nothing is left behind."""

import gzip
import os
import re
import subprocess
import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from dicom_writers import write_classic

from altered import LIGHT
from bolus.data import Quality
from bolus.io import write_volume


@pytest.fixture
def refused(run, tmp_path):
    """Run maps into a fresh OUT and check the manner of the refusal; returns the message."""

    def call(path, *more, words=""):
        before = set(tmp_path.iterdir())
        code, out, err = run("maps", path, "-o", tmp_path / "out", *more)
        assert code == 2, out + err
        assert out == ""
        assert len(err.strip().splitlines()) == 1
        assert err.startswith("bolus: ")
        assert re.search(words, err), err
        assert set(tmp_path.iterdir()) == before, "something was left behind"
        return err

    return call


def test_missing_file(refused, tmp_path):
    refused(tmp_path / "nowhere.nii.gz", words="nowhere.nii.gz.*no such file")


def test_truncated_gzip(refused, patient, tmp_path):
    whole = patient.path.read_bytes()
    (tmp_path / "cut.nii.gz").write_bytes(whole[: len(whole) // 2])
    refused(tmp_path / "cut.nii.gz", "--tr", "1.5", words="cut.nii.gz")


def test_three_dimensions(refused, patient, tmp_path):
    write_volume(tmp_path / "flat.nii.gz", patient.series.signal[..., 0], patient.series.grid)
    refused(tmp_path / "flat.nii.gz", "--tr", "1.5", words="3D|3 dimensions|three|\\(48, 48, 6\\)")


def test_five_frames(refused, write):
    refused(write(lambda s: s[..., :5]), words="found 5")


def test_no_repetition_time(refused, patient, tmp_path):
    image = nib.Nifti1Image(patient.series.signal, patient.series.grid.affine)
    image.header.set_zooms((3, 3, 6, 0))
    nib.save(image, tmp_path / "timeless.nii.gz")
    refused(tmp_path / "timeless.nii.gz", words="--tr")


def test_echo_time_in_milliseconds(refused, patient):
    refused(patient.path, "--te", "30", words="second")


@pytest.mark.parametrize("value", [0.0, 7.0, np.nan, np.inf, -3.0])
def test_constant_signal(refused, write, value):
    refused(write(lambda s: np.full_like(s, value)))


def test_no_bolus_at_all(refused, write):
    rng = np.random.default_rng(0)

    def flat(signal):
        still = signal[..., 4:9].mean(axis=3, keepdims=True)
        return (still + rng.normal(0, 10, signal.shape)).astype(np.float32)

    refused(write(flat), "--motion", "off", words="bolus")


def test_not_a_nifti(refused, tmp_path):
    (tmp_path / "text.nii").write_text("hello")
    refused(tmp_path / "text.nii", words="text.nii")


def test_unreadable_dicom(refused, patient, tmp_path):
    folder = tmp_path / "dicom"
    folder.mkdir()
    write_classic(folder, patient.series.signal[:16, :16, :3, :22].astype(np.int16))
    victim = sorted(folder.iterdir())[0]
    victim.write_bytes(victim.read_bytes()[:200])
    refused(folder, words=re.escape(victim.name))


def test_folder_without_dicom(refused, tmp_path):
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", words="empty")


@pytest.mark.parametrize("option", ["--aif", "--mask"])
def test_empty_mask(refused, patient, tmp_path, option):
    empty = np.zeros(patient.series.grid.shape, np.uint8)
    write_volume(tmp_path / "none.nii.gz", empty, patient.series.grid)
    refused(patient.path, option, tmp_path / "none.nii.gz", words="none.nii.gz.*(empty|no voxel)")


@pytest.mark.parametrize("option", ["--aif", "--mask"])
def test_mask_on_another_grid(refused, patient, tmp_path, option):
    image = nib.Nifti1Image(np.ones((10, 10, 3), np.uint8), np.eye(4))
    nib.save(image, tmp_path / "other.nii.gz")
    refused(patient.path, option, tmp_path / "other.nii.gz", words="other.nii.gz")


@pytest.mark.parametrize("option", ["--aif", "--mask"])
def test_mask_with_a_wrong_affine(refused, patient, tmp_path, option):
    moved = patient.series.grid.affine.copy()
    moved[0, 3] += 12
    image = nib.Nifti1Image(patient.made.masks.aif.astype(np.uint8), moved)
    nib.save(image, tmp_path / "moved.nii.gz")
    refused(patient.path, option, tmp_path / "moved.nii.gz", words="mm")


def test_singular_affine(refused, patient, tmp_path):
    image = nib.load(patient.path)
    header = image.header.copy()
    header["sform_code"], header["qform_code"], header["srow_z"] = 1, 0, 0
    raw = header.binaryblock + bytes(4) + np.asarray(image.dataobj).tobytes(order="F")
    (tmp_path / "singular.nii.gz").write_bytes(gzip.compress(raw, 1))
    refused(tmp_path / "singular.nii.gz", "--tr", "1.5", words="affine|singular")


def test_arterial_input_outside_the_bolus(refused, patient, tmp_path):
    corner = np.zeros(patient.series.grid.shape, np.uint8)
    corner[:2, :2, 0] = 1
    write_volume(tmp_path / "corner.nii.gz", corner, patient.series.grid)
    refused(patient.path, "--motion", "off", "--aif", tmp_path / "corner.nii.gz")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("time_s\taif\n0\t1\n", "lines"),
        ("time_s\taif\n" + "\n".join(f"{1.5 * k}\t0" for k in range(70)), "positive"),
        ("time_s\taif\n" + "\n".join(f"{1.5 * k}\tx" for k in range(70)), "number"),
        ("time_s\taif\n" + "\n".join(f"{1.5 * k}\t1" for k in range(15)), "covers"),
    ],
)
def test_bad_arterial_table(refused, patient, tmp_path, text, words):
    (tmp_path / "aif.tsv").write_text(text)
    refused(patient.path, "--aif", tmp_path / "aif.tsv", words=words)


def test_unknown_method(refused, patient):
    refused(patient.path, "--method", "magic", words="magic.*osvd")


def test_unwritable_output(run, patient, tmp_path):
    (tmp_path / "file").write_text("in the way")
    code, _, err = run("maps", patient.path, "-o", tmp_path / "file" / "out")
    assert code == 2
    assert len(err.strip().splitlines()) == 1
    assert (tmp_path / "file").read_text() == "in the way"


@pytest.mark.usefixtures("no_picture")
def test_existing_output_is_kept(run, patient, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "precious.txt").write_text("mine")
    assert run("maps", patient.path, "-o", out)[0] == 2
    code, _, err = run("maps", *LIGHT, patient.path, "-o", out, "--overwrite")
    assert code == 2, "a folder that is not a result must not be replaced"
    assert "precious" in "".join(p.name for p in out.iterdir())
    assert len(err.strip().splitlines()) == 1


@pytest.mark.usefixtures("no_picture")
def test_overwrite_replaces_a_result(run, patient, tmp_path):
    out = tmp_path / "out"
    assert run("maps", *LIGHT, patient.path, "-o", out, "-q")[0] == 0
    assert run("maps", *LIGHT, patient.path, "-o", out, "-q")[0] == 2
    (out / "stale.txt").write_text("left from before")
    assert run("maps", *LIGHT, patient.path, "-o", out, "-q", "--overwrite")[0] == 0
    assert not (out / "stale.txt").exists()


@pytest.mark.usefixtures("no_picture")
def test_failed_overwrite_keeps_the_old_result(run, patient, write, tmp_path):
    out = tmp_path / "out"
    assert run("maps", *LIGHT, patient.path, "-o", out, "-q")[0] == 0
    before = {p.name: p.read_bytes() for p in out.iterdir()}
    bad = write(np.zeros_like)
    assert run("maps", *LIGHT, bad, "-o", out, "-q", "--overwrite")[0] == 2
    assert {p.name: p.read_bytes() for p in out.iterdir()} == before


@pytest.mark.usefixtures("no_picture")
def test_input_inside_output_is_refused(run, patient, tmp_path):
    out = tmp_path / "out"
    assert run("maps", *LIGHT, patient.path, "-o", out, "-q")[0] == 0
    inside = out / "dsc.nii.gz"
    inside.write_bytes(patient.path.read_bytes())
    code, _, err = run("maps", *LIGHT, inside, "-o", out, "--overwrite", "--tr", "1.5")
    assert code == 2
    assert "lies in it" in err
    assert inside.exists()


@pytest.mark.usefixtures("no_picture")
def test_some_bad_voxels_do_not_stop_the_rest(run, patient, write, tmp_path):
    brain = np.argwhere(patient.made.masks.white)
    picked = {
        name: tuple(brain[i])
        for name, i in zip(("nan", "inf", "low", "still"), (5, 60, 120, 180), strict=True)
    }

    def spoil(signal):
        signal[picked["nan"]][20] = np.nan
        signal[picked["inf"]][25] = np.inf
        signal[picked["low"]][20:24] = -5
        signal[picked["still"]][:] = 800
        return signal

    path = write(spoil)
    code, _, err = run(
        "maps",
        "--motion",
        "off",
        "--no-unmix",
        path,
        "-o",
        tmp_path / "out",
        "--mask",
        patient.folder / "brain.nii.gz",
    )
    assert code == 0, err
    quality = np.asarray(nib.load(tmp_path / "out/quality.nii.gz").dataobj)
    cbf = np.asarray(nib.load(tmp_path / "out/cbf.nii.gz").dataobj)
    for name in ("nan", "inf"):
        assert quality[picked[name]] & Quality.NON_FINITE
        assert np.isnan(cbf[picked[name]])
    assert quality[picked["low"]] & Quality.CLIPPED
    assert quality[picked["still"]] & Quality.NO_BOLUS
    good = patient.made.masks.white & (quality == 0)
    assert good.sum() > 0.9 * patient.made.masks.white.sum()
    assert np.isfinite(cbf[good]).all()


def test_usage_errors_exit_with_two(run):
    for arguments in (["maps"], ["maps", "x.nii", "-o"], ["maps", "--te", "soon"]):
        assert run(*arguments)[:2] == (2, "")
    code = [sys.executable, "-m", "bolus", "nonsense"]
    done = subprocess.run(code, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (2, b"")


def test_a_bug_exits_with_one(patient, tmp_path):
    code = (
        "import sys, bolus.patient, bolus.cli as c\n"
        "def broken(*a, **k): raise ZeroDivisionError('a bug')\n"
        "sys.modules['bolus.patient.estimate'].quantify = broken\n"
        f"c.main(['maps', *{LIGHT!r}, {str(patient.path)!r}, '-o', {str(tmp_path / 'out')!r}])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 1
    assert b"a bug" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_corrupt_gzip_crc(refused, patient, tmp_path):
    raw = bytearray(patient.path.read_bytes())
    raw[-6] ^= 0xFF
    (tmp_path / "crc.nii.gz").write_bytes(raw)
    with pytest.raises(gzip.BadGzipFile), gzip.open(tmp_path / "crc.nii.gz") as file:
        file.read()
    refused(tmp_path / "crc.nii.gz", "--tr", "1.5", words="crc.nii.gz")


def test_paths_with_spaces_and_other_letters(run, patient, tmp_path):
    folder = tmp_path / "größe 脑"
    folder.mkdir()
    os.link(patient.path, folder / "dsc é.nii.gz")
    source = Path(folder / "dsc é.nii.gz")
    code, _, err = run("maps", *LIGHT, source, "-o", folder / "o ut", "--te", "0.03")
    assert code == 0, err
