"""Hostile DICOM: handled or refused in one clear line, and nothing written by halves."""

import base64
import gzip
import os
import re
import shutil
import tempfile
import warnings
import zlib
from types import SimpleNamespace

import numpy as np
import pydicom
import pytest
from dicom_segments import write_segmentation
from dicom_writers import Protocol, write_classic
from pydicom.uid import EncapsulatedPDFStorage, ExplicitVRLittleEndian, generate_uid

from altered import LIGHT, MIXED
from bolus.io import read_map, read_series, write_dicom_series, write_series
from bolus.phantom import simulate_patient

pytestmark = pytest.mark.filterwarnings("error::UserWarning")  # what pydicom remarks is printed

SECRETS = ("Mustermann", "Erika", "SECRET-4711", "19570312", "ACC990017")
EVIL = "<script>alert('x')</script><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def patient(tmp_path_factory):
    """A patient of few slices and frames, for every file is read again in every test."""
    made = simulate_patient(seed=5, shape=(40, 40, 4), frames=32, snr=60)
    path = tmp_path_factory.mktemp("nifti") / "dsc.nii.gz"
    write_series(path, made.series.signal, made.series.grid, made.series.dt, made.series.te)
    return SimpleNamespace(made=made, series=made.series, path=path)


@pytest.fixture(scope="module")
def clean(patient, tmp_path_factory):
    """The patient as DICOM, in a folder of the patient's name."""
    folder = tmp_path_factory.mktemp("source") / "Mustermann_Erika"
    write_dicom_series(folder, patient.series, patient="Mustermann^Erika", patient_id="SECRET-4711")
    return folder


@pytest.fixture
def source(clean, tmp_path):
    """A copy of it to spoil."""
    return shutil.copytree(clean, tmp_path / "in" / "dicom")


@pytest.fixture
def refused(run, tmp_path):
    """Run maps into a fresh OUT and check the manner of the refusal; returns the message."""

    def call(path, *more, words):
        before = set(tmp_path.iterdir())
        code, out, err = run("maps", path, "-o", tmp_path / "out", *more)
        assert code == 2, out + err
        assert out == ""
        assert len(err.strip().splitlines()) == 1
        assert err.startswith("bolus: ")
        assert re.search(words, err), err
        assert set(tmp_path.iterdir()) == before, "something was left behind"
        said = err.replace(str(tmp_path), "")
        assert not [word for word in (*SECRETS, "OTHER-1") if word in said], err
        return err

    return call


def change(folder, edit, take=slice(None)):
    """Edit the headers of files of a folder."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for path in sorted(folder.iterdir())[take]:
            ds = pydicom.dcmread(path)
            edit(ds)
            ds.save_as(path)


def test_two_patients(refused, source):
    write_classic(
        source / "other", np.ones((8, 8, 1, 2), np.uint16), Protocol(patient="OTHER-1"), 2
    )
    refused(source, words=r"in/dicom: holds images of 2 patients \(PatientID\)")


def test_a_missing_slice(refused, source):
    sorted(source.iterdir())[100].unlink()
    refused(source, words=r"images are missing: 4 slices × 32 frames make 128, found 127")


def test_a_missing_frame(refused, source):
    for path in sorted(source.iterdir())[64:68]:
        path.unlink()
    refused(source, words="not evenly spaced in time.*Is a frame missing")


def test_mixed_echo_times(refused, source):
    change(source, lambda ds: setattr(ds, "EchoTime", 45), slice(0, 50))
    refused(source, words="one echo time is expected, found 20, 45 ms")


@pytest.mark.parametrize("keep", [200, 700, -100])
def test_a_truncated_file(refused, source, keep, tmp_path_factory, monkeypatch):
    victim = sorted(source.iterdir())[17]
    victim.write_bytes(victim.read_bytes()[:keep])
    temporary = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    said = refused(source, words=victim.name)
    assert "Error" not in said
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("value", [b"soon", b"9" * 64, b"nan", b"-20"])
def test_times_that_are_none(refused, source, value):
    """A DS of junk, as bytes, for pydicom would not write it."""
    for path in source.iterdir():
        content = path.read_bytes()
        start = content.index(b"\x18\x00\x80\x00DS") + 6
        end = start + 2 + int.from_bytes(content[start : start + 2], "little")
        junk = value + b" " * (len(value) % 2)
        path.write_bytes(content[:start] + len(junk).to_bytes(2, "little") + junk + content[end:])
    refused(source, words=r"repetition time|IM\d+\.dcm|cannot be read")


def test_two_series_with_strange_descriptions(refused, source):
    change(source, lambda ds: setattr(ds, "SeriesDescription", EVIL + "\r\n\x1b[31m" + "x" * 5000))
    again = source / "again"
    shutil.copytree(source, again, ignore=lambda *_: ["again"])
    change(again, lambda ds: setattr(ds, "SeriesInstanceUID", ds.SeriesInstanceUID + ".1"))
    said = refused(source, words="2 series could be meant.*Numbers do not tell them apart")
    assert "--series" not in said
    assert "\x1b" not in said
    assert len(said) < 1500


@pytest.mark.parametrize("name", ["StudyInstanceUID", "FrameOfReferenceUID"])
def test_no_study_to_belong_to(refused, source, name):
    change(source, lambda ds: delattr(ds, name))
    refused(source, "--dicom", words=rf"IM\d+\.dcm: DICOM output needs {name} of its source")


def test_dicom_output_of_a_nifti_file(refused, patient):
    refused(patient.path, "--dicom", words="needs a DICOM folder as input.*nifti")


def segment(made, source, path, **changes):
    """A segmentation of the patient's tumour, or of whoever else's."""
    first = pydicom.dcmread(sorted(source.iterdir())[0])
    told = {"patient": first.PatientID, "frame": first.FrameOfReferenceUID, **changes}
    mask = np.zeros(made.series.grid.shape, dtype=bool)
    mask[15:20, 17:23, 1:3] = True
    write_segmentation(path, {"tumor": mask, "rest": ~mask}, made.series.grid, **told)
    return path, mask


def test_a_segmentation_of_another_patient(refused, patient, source, tmp_path):
    path, _ = segment(patient, source, tmp_path / "seg.dcm", patient="OTHER-1")
    refused(source, "--tumor", f"{path}#1", words=r"seg\.dcm: this mask is of another patient")


def test_a_segmentation_in_another_frame(refused, patient, source, tmp_path):
    path, _ = segment(patient, source, tmp_path / "seg.dcm", frame="1.2.3")
    refused(source, "--tumor", f"{path}#1", words="another frame of reference")


def test_a_segmentation_of_several(refused, patient, source, tmp_path):
    path, _ = segment(patient, source, tmp_path / "seg.dcm")
    refused(source, "--tumor", path, words="holds 2 segments, 1 'tumor', 2 'rest'; choose one")


@pytest.mark.parametrize("option", ["--tumor", "--reference", "--mask", "--aif"])
def test_masks_that_are_none(refused, source, tmp_path, option):
    letter = tmp_path / "letter.dcm"
    letter.write_bytes(bytes(128) + b"DICM" + b"%PDF-1.4" * 40)
    refused(source, option, letter, words=r"letter\.dcm")


def encapsulated_pdf(path):
    ds = pydicom.Dataset()
    ds.file_meta = pydicom.dataset.FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = EncapsulatedPDFStorage
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    ds.SeriesInstanceUID, ds.PatientID = generate_uid(), "SECRET-4711"
    ds.EncapsulatedDocument, ds.MIMETypeOfEncapsulatedDocument = b"%PDF-1.4", "application/pdf"
    ds.save_as(path, enforce_file_format=True)


def surround(source):
    """Put beside the images what lies in real folders, and links that lead nowhere or back."""
    (source / "letter of Dr. Ö.pdf").write_bytes(b"%PDF-1.4 words")
    (source / ".DS_Store").write_bytes(b"\x00\x01")
    (source / "zero.dcm").touch()
    (source / "THUMBS.DB").write_bytes(os.urandom(4096))
    encapsulated_pdf(source / "report.dcm")
    (source / "loop").symlink_to(source.parent)
    (source / "self").symlink_to(source / "self")
    (source / "gone.dcm").symlink_to(source / "nothing")
    for n, path in enumerate(sorted(source.glob("IM*.dcm"))):
        path.rename(source / f"大脑 Größe & Co; $(rm) 'x' {n:04d}")


def private_junk(ds):
    block = ds.private_block(0x0029, "SIEMENS CSA HEADER", create=True)
    block.add_new(0x10, "OB", os.urandom(3001))
    block.add_new(0x20, "OB", b"SV10\x04\x03\x02\x01" + b"\xff" * 400)
    other = ds.private_block(0x0043, "SOMEBODY 1", create=True)
    other.add_new(0x30, "UN", b"\xff" * 77)
    other.add_new(0x31, "LT", "junk " * 2000)
    inner = pydicom.Dataset()
    inner.PatientName = "Mustermann^Erika"
    other.add_new(0x32, "SQ", [inner])


@pytest.fixture(scope="module")
def expected(clean):
    from bolus.patient import perfusion_maps

    return perfusion_maps(read_series(clean), "osvd", preparation=MIXED)


@pytest.mark.usefixtures("no_picture")
def test_what_surrounds_the_images_is_passed_over(run, source, expected, tmp_path):
    change(source, private_junk)
    surround(source)
    out = tmp_path / "o ut é"
    arguments = (*LIGHT, "--dicom")
    code, _, err = run("maps", source.parent, "-o", out, *arguments)
    assert (code, err) == (0, "")
    for name in ("cbf", "mtt"):
        found, _ = read_map(out / f"{name}.nii.gz", expected.grid)
        np.testing.assert_array_equal(found, expected.volume(name))
    written = {path.stem for path in (out / "dicom").iterdir()}
    assert written == {*expected.units, "regions"}


def strange(ds):
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.PatientName, ds.PatientID = f"{EVIL}^{EVIL * 20}", EVIL
    ds.SeriesDescription = ds.StudyDescription = ds.ProtocolName = EVIL * 20
    ds.AccessionNumber, ds.PatientBirthDate = EVIL, "<script>"
    ds.PatientComments = "x" * 20_000


def test_text_that_would_be_html(run, source, tmp_path):
    change(source, strange)
    arguments = (*LIGHT, "--no-anonymize", "--dicom")
    code, _, err = run("maps", source, "-o", tmp_path / "out", *arguments)
    assert (code, err) == (0, "")
    for path in sorted((tmp_path / "out").rglob("*")):
        if path.is_file() and path.parent.name != "dicom":
            content = path.read_bytes()
            assert b"<script>alert" not in content, path
            assert b"<img src=x" not in content, path
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert str(pydicom.dcmread(tmp_path / "out/dicom/cbf.dcm").PatientID) == EVIL


def unpacked(content):
    """A file's bytes, and whatever is packed in it."""
    yield content
    if content[:2] == b"\x1f\x8b":
        yield gzip.decompress(content)
    if content[:4] == b"\x89PNG":
        yield from (zlib.decompress(m[2]) for m in re.finditer(rb"zTXt([^\0]+)\0\0(.+)", content))
    for match in re.finditer(rb"[A-Za-z0-9+/]{64,}={0,2}", content):
        text = match[0][: len(match[0]) // 4 * 4]
        yield from unpacked(base64.b64decode(text))


def named(ds):
    ds.PatientBirthDate, ds.AccessionNumber = "19570312", "ACC990017"
    ds.OtherPatientNames, ds.PatientComments = "Mustermann^Erika", "Erika Mustermann"
    ds.StudyDescription = "Mustermann, Erika 19570312"


def test_nothing_outside_dicom_names_the_patient(run, source, tmp_path):
    change(source, named)
    folder = source.rename(source.with_name("Mustermann_Erika_SECRET-4711"))
    out = tmp_path / "out"
    code, said, err = run("maps", folder, "-o", out, *LIGHT, "--dicom")
    assert code == 0, err
    assert not [word for word in SECRETS if word in said + err]
    files = [p for p in sorted(out.rglob("*")) if p.is_file() and p.parent.name != "dicom"]
    assert {"cbf.nii.gz", "summary.json", "overview.png"} <= {path.name for path in files}
    for path in files:
        for content in unpacked(path.read_bytes()):
            found = [word for word in SECRETS if word.encode() in content]
            assert not found, f"{path.name} holds {found}"
    named_there = pydicom.dcmread(out / "dicom/cbf.dcm")
    assert (named_there.PatientID, named_there.AccessionNumber) == ("SECRET-4711", "ACC990017")


@pytest.mark.usefixtures("no_picture")
def test_dicom_masks_do_as_nifti_ones(run, patient, source, tmp_path):
    """The same regions as a segmentation and as arrays: the same maps."""
    from bolus.io import write_volume

    path, mask = segment(patient, source, tmp_path / "seg.dcm")
    grid = read_series(source).grid
    from bolus.io.resample import resample_nearest

    write_volume(tmp_path / "tumor.nii.gz", resample_nearest(mask, patient.series.grid, grid), grid)
    for name, given in (("a", f"{path}#tumor"), ("b", tmp_path / "tumor.nii.gz")):
        arguments = (*LIGHT, "--tumor", given, "--dicom", "-q")
        assert run("maps", source, "-o", tmp_path / name, *arguments) == (0, "", "")
    for name in ("cbf.nii.gz", "k2.nii.gz", "dicom/k2.dcm", "dicom/regions.dcm"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    code, said, err = run(
        "grade", tmp_path / "a", "--tumor", f"{path}#1", "--reference", f"{path}#rest"
    )
    assert code == 0, err
    assert "ratio" in said


@pytest.mark.usefixtures("no_picture")
def test_regions_written_are_masks_to_give_back(run, source, tmp_path):
    arguments = (*LIGHT, "-q")
    assert run("maps", source, "-o", tmp_path / "a", *arguments, "--dicom")[0] == 0
    regions = tmp_path / "a" / "dicom" / "regions.dcm"
    given = ("--mask", f"{regions}#brain", "--aif", f"{regions}#arterial input")
    code, _, err = run("maps", source, "-o", tmp_path / "b", *arguments, *given)
    assert code == 0, err
    for name in ("brain_mask.nii.gz", "aif_mask.nii.gz"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_simulated_patients_come_as_dicom(run, tmp_path):
    out = tmp_path / "p"
    code, said, err = run("simulate", "patient", "-o", out, "--matrix", "32,32,4", "--dicom")
    assert code == 0, err
    assert said.strip().endswith("dicom")
    one, other = read_series(out / "dicom"), read_series(out / "dsc.nii.gz")
    assert one.signal.shape == other.signal.shape
    assert (one.dt, one.te) == (other.dt, other.te)
    np.testing.assert_allclose(np.sort(one.signal, axis=None), np.sort(other.signal, axis=None),
                               atol=other.signal.max() / 32767)  # fmt: skip
