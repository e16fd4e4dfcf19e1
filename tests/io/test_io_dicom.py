"""Series from DICOM folders: the right one, whole, in place and in order; or a named error."""

import random
import shutil

import nibabel as nib
import numpy as np
import pydicom
import pytest
from dicom_writers import (
    ORIGIN,
    SPACING,
    Protocol,
    phantom,
    write_classic,
    write_enhanced,
    write_mosaic,
)
from pydicom.uid import RLELossless

from bolus.data import AmbiguousInputError, SeriesError
from bolus.io import checksum, read_echoes, read_series

WRITERS = pytest.mark.parametrize("write", [write_classic, write_enhanced, write_mosaic])
JUNK = [b"", bytes(1000), b"\xff" * 1000, bytes(range(256)) * 8]


def at(series, i, j, k):
    """The curve at the patient coordinate of the writer's voxel (i, j, k)."""
    lps = np.array(ORIGIN) + np.array([i, j, k]) * SPACING
    index = np.linalg.inv(series.grid.affine) @ [-lps[0], -lps[1], lps[2], 1]
    nearest = np.round(index[:3]).astype(int)
    np.testing.assert_allclose(index[:3], nearest, atol=1e-3)
    return series.signal[tuple(nearest)]


@WRITERS
def test_values_places_and_order(tmp_path, write):
    signal = phantom()
    write(tmp_path, signal, Protocol(tr=1.25, te=0.032))
    series = read_series(tmp_path)
    assert series.signal.shape == signal.shape
    assert series.signal.dtype == np.float32
    assert (series.dt, series.te) == (1.25, 0.032)
    for voxel in [(0, 0, 0), (3, 5, 1), (15, 11, 2), (15, 0, 0), (0, 11, 1)]:
        np.testing.assert_array_equal(at(series, *voxel), signal[voxel])
    np.testing.assert_allclose(series.grid.voxel_size, SPACING, rtol=1e-5)


@WRITERS
def test_source_has_a_checksum_and_no_names(tmp_path, write):
    write(tmp_path / "Doe", phantom(), Protocol(name="Doe^Jane", patient="ID-77"))
    series = read_series(tmp_path / "Doe")
    assert series.source.format == "dicom"
    assert series.source.checksum == checksum(tmp_path / "Doe")
    assert not any(word in repr(series.source) for word in ("Doe", "Jane", "ID-77"))


@WRITERS
@pytest.mark.parametrize(
    ("protocol", "dt"),
    [
        (Protocol(tr=1.5, interval=3.0), 3.0),
        (Protocol(tr=0.05, interval=1.6), 1.6),
        (Protocol(tr=1.5, interval=1.52), 1.5),
        (Protocol(tr=1.5, clock=False), 1.5),
        (Protocol(tr=1.5, interval=3.0, start=86_390.0), 3.0),
    ],
)
def test_time_between_frames(tmp_path, write, protocol, dt):
    write(tmp_path, phantom((8, 8, 2), 20), protocol)
    assert read_series(tmp_path).dt == pytest.approx(dt, abs=1e-6)


def test_trigger_times_tell_frames_apart(tmp_path):
    for n, path in enumerate(write_classic(tmp_path, phantom((8, 8, 2), 20))):
        ds = pydicom.dcmread(path)
        ds.AcquisitionTime, ds.TriggerTime = "100000", f"{n // 2 * 3000}"
        ds.save_as(path)
    assert read_series(tmp_path).dt == 3.0


def test_times_that_contradict_each_other(tmp_path):
    write_classic(tmp_path, phantom((8, 8, 2), 20), Protocol(tr=1.5, interval=0.7))
    with pytest.raises(SeriesError, match=r"1\.5 s.*0\.7 s.*--tr"):
        read_series(tmp_path)
    assert read_series(tmp_path, tr=1.5).dt == 1.5


@WRITERS
def test_given_times_go_first(tmp_path, write):
    write(tmp_path, phantom((8, 8, 2), 20), Protocol(tr=1.5, te=0.03))
    series = read_series(tmp_path, te=0.04, tr=1.7)
    assert (series.dt, series.te) == (1.7, 0.04)
    with pytest.raises(SeriesError, match="seconds"):
        read_series(tmp_path, tr=1700.0)
    with pytest.raises(SeriesError, match="seconds"):
        read_series(tmp_path, te=40.0)


@pytest.mark.parametrize("write", [write_classic, write_enhanced])
def test_unknown_echo_time_is_none(tmp_path, write):
    write(tmp_path, phantom((8, 8, 2), 20), Protocol(te=None))
    assert read_series(tmp_path).te is None


def test_the_time_series_among_others(tmp_path):
    wanted = phantom((8, 8, 2), 20)
    write_classic(tmp_path / "a", phantom((8, 8, 4), 1), Protocol(number=2, description="T1"), 1)
    write_classic(tmp_path / "b", wanted, Protocol(number=5), 2)
    write_classic(tmp_path / "c", phantom((8, 8, 2), 30), Protocol(number=6, b_value=1000), 3)
    series = read_series(tmp_path)
    assert series.signal.shape == wanted.shape
    assert series.source.checksum == checksum(tmp_path / "b")


def test_several_are_listed_and_can_be_chosen(tmp_path):
    write_mosaic(tmp_path / "a", phantom((8, 8, 2), 20), Protocol(number=3, te=0.02), 1)
    write_classic(
        tmp_path / "b", phantom((8, 8, 3), 25), Protocol(number=4, description="re\x07st"), 2
    )
    with pytest.raises(AmbiguousInputError) as caught:
        read_series(tmp_path)
    text = str(caught.value)
    assert "series 3: 'ep2d_perf DSC', 20 frames of a mosaic, TE 20 ms" in text
    assert "series 4: 'rest', 25 frames of 3 slices, TE 30 ms" in text
    assert "--series" in text
    assert "\x07" not in text
    assert str(tmp_path) in text
    assert read_series(tmp_path, series=3).n_frames == 20
    assert read_series(tmp_path, series=4).n_frames == 25
    with pytest.raises(SeriesError, match="no series of number 9"):
        read_series(tmp_path, series=9)


def test_two_series_of_one_number(tmp_path):
    write_classic(tmp_path / "a", phantom((8, 8, 2), 20), seed=1)
    write_classic(tmp_path / "b", phantom((8, 8, 2), 20), seed=2)
    with pytest.raises(AmbiguousInputError, match="folder with one"):
        read_series(tmp_path, series=7)


@WRITERS
def test_too_few_frames_lists_what_was_seen(tmp_path, write):
    write(tmp_path, phantom((8, 8, 2), 19))
    with pytest.raises(SeriesError, match=r"at least 20 frames(.|\n)*19 frames"):
        read_series(tmp_path)


def test_two_patients(tmp_path):
    write_classic(tmp_path / "a", phantom((8, 8, 1), 20), Protocol(patient="SECRET-1"), 1)
    write_classic(tmp_path / "b", phantom((8, 8, 1), 1), Protocol(patient="SECRET-2"), 2)
    with pytest.raises(SeriesError, match="2 patients") as caught:
        read_series(tmp_path)
    assert "SECRET" not in str(caught.value)


def test_mixed_echo_times(tmp_path):
    paths = write_classic(tmp_path, phantom((8, 8, 2), 20))
    for path in paths[1::2]:
        ds = pydicom.dcmread(path)
        ds.EchoTime = 50
        ds.save_as(path)
    with pytest.raises(SeriesError, match="30, 50 ms"):
        read_series(tmp_path)


def write_two_echoes(folder, times=(0.03, 0.05)):
    """Images of several echoes, one after the other, in one series."""
    for number, te in enumerate(times):
        signal = (1 + number) * phantom((8, 8, 2), 20)
        for n, path in enumerate(write_classic(folder / f"{number}", signal, Protocol(te=te))):
            ds = pydicom.dcmread(path)
            ds.SeriesInstanceUID = "1.2.3.4"
            ds.InstanceNumber = len(times) * n + number + 1
            ds.save_as(path)


def test_two_echoes_of_one_series_are_told_apart(tmp_path):
    write_two_echoes(tmp_path)
    with pytest.raises(SeriesError, match=r"30, 50 ms .*read_echoes reads both"):
        read_series(tmp_path)
    first, second = read_echoes(tmp_path)
    assert (first.te, second.te) == (0.03, 0.05)
    np.testing.assert_array_equal(second.signal, 2 * first.signal)
    assert first.source.checksum != second.source.checksum
    assert not set(first.source.files) & set(second.source.files)


def write_enhanced_echoes(folder, *, one_file, packed=False):
    """Two echoes of one series in multi-frame files: one with both, or one for each."""
    signal = phantom((8, 8, 2), 20)
    files = [
        write_enhanced(folder / f"{n}", (1 + n) * signal, Protocol(te=te))
        for n, te in enumerate((0.03, 0.05))
    ]
    first, second = map(pydicom.dcmread, files)
    second.SeriesInstanceUID = first.SeriesInstanceUID
    second.save_as(files[1])
    if one_file:
        for ds in (first, second):
            own = ds.SharedFunctionalGroupsSequence[0]
            for group in ds.PerFrameFunctionalGroupsSequence:
                group.MREchoSequence = own.MREchoSequence
            del own.MREchoSequence
        first.PerFrameFunctionalGroupsSequence.extend(second.PerFrameFunctionalGroupsSequence)
        first.PixelData, first.NumberOfFrames = first.PixelData + second.PixelData, 80
        if packed:
            first.compress(RLELossless)
        first.save_as(files[0])
        files[1].unlink()


@pytest.mark.parametrize(
    "kind", [{"one_file": True}, {"one_file": True, "packed": True}, {"one_file": False}]
)
def test_two_echoes_in_multi_frame_files(tmp_path, kind):
    write_enhanced_echoes(tmp_path, **kind)
    with pytest.raises(SeriesError, match=r"30, 50 ms .*read_echoes reads both"):
        read_series(tmp_path)
    first, second = read_echoes(tmp_path)
    assert (first.te, second.te) == (0.03, 0.05)
    assert first.signal.shape == (8, 8, 2, 20)
    np.testing.assert_array_equal(second.signal, 2 * first.signal)


def test_echoes_of_a_multi_frame_file_that_is_cut_are_refused(tmp_path):
    write_enhanced_echoes(tmp_path, one_file=True)
    (path,) = (p for p in tmp_path.rglob("*") if p.is_file())
    ds = pydicom.dcmread(path)
    ds.PixelData = ds.PixelData[: len(ds.PixelData) // 2]
    ds.save_as(path)
    with pytest.raises(SeriesError, match="80 frames of 128 bytes are expected, found 5120"):
        read_echoes(tmp_path)


def test_three_echoes_are_refused(tmp_path):
    write_two_echoes(tmp_path, (0.01, 0.02, 0.03))
    with pytest.raises(SeriesError, match="one echo time is expected, found 10, 20, 30 ms"):
        read_echoes(tmp_path)


def test_one_echo_is_one_series(tmp_path):
    write_classic(tmp_path, phantom((8, 8, 2), 20))
    (only,) = read_echoes(tmp_path)
    np.testing.assert_array_equal(only.signal, read_series(tmp_path).signal)


def test_one_lost_file(tmp_path):
    write_classic(tmp_path, phantom((8, 8, 3), 22))[10].unlink()
    with pytest.raises(SeriesError, match=r"3 slices × 22 frames make 66, found 65"):
        read_series(tmp_path)


def test_a_lost_frame_leaves_a_gap(tmp_path):
    for path in write_classic(tmp_path, phantom((8, 8, 3), 24))[30:33]:
        path.unlink()
    with pytest.raises(SeriesError, match=r"3 s between frames 10 and 11, typically 1\.5 s"):
        read_series(tmp_path)


def test_a_lost_mosaic_leaves_a_gap(tmp_path):
    write_mosaic(tmp_path, phantom((8, 8, 2), 24))[10].unlink()
    with pytest.raises(SeriesError, match="not evenly spaced"):
        read_series(tmp_path)


def test_whole_second_clocks_are_even_enough(tmp_path):
    for n, path in enumerate(write_classic(tmp_path, phantom((8, 8, 1), 24))):
        ds = pydicom.dcmread(path)
        ds.AcquisitionTime = f"1000{int(n * 1.5):02d}"
        ds.save_as(path)
    assert read_series(tmp_path).dt == 1.5


def test_other_files_are_passed_over(tmp_path):
    write_classic(tmp_path, phantom((8, 8, 2), 20))
    (tmp_path / "letter.pdf").write_bytes(b"%PDF-1.4 words")
    (tmp_path / "notes.txt").write_text("some words")
    (tmp_path / "empty").touch()
    report = pydicom.Dataset()
    report.file_meta = pydicom.dataset.FileMetaDataset()
    report.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    report.SOPClassUID = report.file_meta.MediaStorageSOPClassUID = (
        pydicom.uid.EncapsulatedPDFStorage
    )
    report.SOPInstanceUID = report.SeriesInstanceUID = pydicom.uid.generate_uid()
    report.file_meta.MediaStorageSOPInstanceUID = report.SOPInstanceUID
    report.save_as(tmp_path / "report.dcm", enforce_file_format=True)
    assert read_series(tmp_path).n_frames == 20


def test_link_in_a_circle(tmp_path):
    write_classic(tmp_path / "in" / "dicom", phantom((8, 8, 2), 20))
    (tmp_path / "in" / "dicom" / "loop").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "gone.dcm").symlink_to(tmp_path / "nothing")
    series = read_series(tmp_path / "in")
    assert series.n_frames == 20
    assert len(checksum(tmp_path / "in")) == 64


def test_folder_behind_a_link(tmp_path):
    write_classic(tmp_path / "disk", phantom((8, 8, 2), 20))
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "scan").symlink_to(tmp_path / "disk")
    assert read_series(tmp_path / "in").n_frames == 20


@pytest.mark.parametrize("junk", JUNK)
def test_unreadable_dicom_file(tmp_path, junk):
    write_classic(tmp_path, phantom((8, 8, 2), 20))
    (tmp_path / "bad.dcm").write_bytes(bytes(128) + b"DICM" + junk)
    with pytest.raises(SeriesError, match=r"bad\.dcm.*cannot be read"):
        read_series(tmp_path)


@WRITERS
def test_file_without_all_its_pixels(tmp_path, write):
    written = write(tmp_path, phantom((8, 8, 2), 20))
    path = written[7] if isinstance(written, list) else written
    path.write_bytes(path.read_bytes()[:-60])
    with pytest.raises(SeriesError, match=f"dcm2niix.*{path.name}"):
        read_series(tmp_path)


def test_one_dicom_file_is_not_a_series(tmp_path):
    path = write_enhanced(tmp_path, phantom((8, 8, 2), 20))
    with pytest.raises(SeriesError, match="give the folder"):
        read_series(path)


def test_folders_without_dicom(tmp_path):
    with pytest.raises(SeriesError, match="no DICOM MR images, among 0 files"):
        read_series(tmp_path)
    nib.save(nib.Nifti1Image(np.ones((2, 2, 2, 20)), np.eye(4)), tmp_path / "dsc.nii.gz")
    with pytest.raises(SeriesError, match="1 of them NIfTI"):
        read_series(tmp_path)


def test_phase_images_are_left_out(tmp_path):
    signal = phantom((8, 8, 2), 20)
    magnitude = write_classic(tmp_path, signal, seed=1)
    uid = pydicom.dcmread(magnitude[0]).SeriesInstanceUID
    for path in write_classic(tmp_path, signal[::-1], seed=2):
        ds = pydicom.dcmread(path)
        ds.SeriesInstanceUID, ds.ImageType = uid, ["ORIGINAL", "PRIMARY", "P", "ND"]
        ds.save_as(path)
    series = read_series(tmp_path)
    np.testing.assert_array_equal(at(series, 2, 3, 1), signal[2, 3, 1])


def test_names_say_nothing_about_order(tmp_path):
    signal = phantom((8, 8, 2), 20)
    write_classic(tmp_path / "a", signal)
    first = read_series(tmp_path / "a")
    paths = sorted((tmp_path / "a").iterdir())
    random.Random(5).shuffle(paths)
    (tmp_path / "b" / "deep").mkdir(parents=True)
    for n, path in enumerate(paths):
        shutil.copyfile(path, tmp_path / "b" / "deep" / f"{n}")
    second = read_series(tmp_path / "b")
    np.testing.assert_array_equal(first.signal, second.signal)
    np.testing.assert_array_equal(at(second, 4, 4, 1), signal[4, 4, 1])


CASES = [(vendor, numbers, "AcquisitionTime")
         for vendor in ("SIEMENS", "GE MEDICAL SYSTEMS", "Philips Medical Systems", "Canon")
         for numbers in ("slice by slice", None)]  # fmt: skip
CASES += [("SIEMENS", "shuffled", "TemporalPositionIdentifier")]
CASES += [("GE MEDICAL SYSTEMS", "downwards", "TemporalPositionIdentifier")]


@pytest.mark.parametrize(("vendor", "numbers", "told_by"), CASES)
def test_order_does_not_rest_on_instance_numbers(tmp_path, vendor, numbers, told_by):
    signal, (nz, nt) = phantom((8, 8, 3), 20), (3, 20)
    shuffled = random.Random(1).sample(range(nz * nt), nz * nt)
    for n, path in enumerate(write_classic(tmp_path, signal)):
        t, k = divmod(n, nz)
        ds = pydicom.dcmread(path)
        ds.Manufacturer = vendor
        number = {"slice by slice": k * nt + t, "downwards": t * nz - k, "shuffled": shuffled[n]}
        ds.InstanceNumber = number.get(numbers)
        for name in {"AcquisitionTime", "TemporalPositionIdentifier"} - {told_by}:
            delattr(ds, name)
        del ds.AcquisitionNumber
        ds.save_as(path)
    series = read_series(tmp_path)
    for voxel in [(0, 0, 0), (3, 5, 1), (7, 7, 2)]:
        np.testing.assert_array_equal(at(series, *voxel), signal[voxel])


def test_order_of_mosaics_without_instance_numbers(tmp_path):
    signal = phantom((8, 8, 3), 20)
    for path in write_mosaic(tmp_path, signal):
        ds = pydicom.dcmread(path)
        del ds.InstanceNumber, ds.AcquisitionNumber
        ds.save_as(path)
    np.testing.assert_array_equal(at(read_series(tmp_path), 3, 5, 1), signal[3, 5, 1])


def test_order_that_nothing_tells(tmp_path):
    for path in write_classic(tmp_path, phantom((8, 8, 2), 20), Protocol(clock=False)):
        ds = pydicom.dcmread(path)
        del ds.InstanceNumber, ds.AcquisitionNumber, ds.TemporalPositionIdentifier
        ds.save_as(path)
    with pytest.raises(SeriesError, match="tells the frames of a slice apart"):
        read_series(tmp_path)


def test_slices_that_are_not_evenly_spaced(tmp_path):
    for path in write_classic(tmp_path, phantom((8, 8, 4), 20)):
        ds = pydicom.dcmread(path)
        if ds.ImagePositionPatient[2] == ORIGIN[2] + 2 * SPACING[2]:
            ds.ImagePositionPatient = [*ORIGIN[:2], ORIGIN[2] + 1.3 * SPACING[2]]
            ds.save_as(path)
    with pytest.raises(SeriesError, match="evenly spaced"):
        read_series(tmp_path)


def test_converter_that_fails_is_quoted(tmp_path, monkeypatch):
    import dcm2niix

    write_classic(tmp_path, phantom((8, 8, 2), 20))
    program = tmp_path.parent / "fails"
    program.write_text("#!/bin/sh\necho first\necho the last line\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setattr(dcm2niix, "bin", str(program))
    with pytest.raises(SeriesError, match=r"code 3.*the last line"):
        read_series(tmp_path)


def test_converter_that_loses_frames_is_noticed(tmp_path, monkeypatch):
    from bolus.io.dicom import study

    write_classic(tmp_path, phantom((8, 8, 2), 20))
    monkeypatch.setattr(study.StudySeries, "n_frames", 21)
    with pytest.raises(SeriesError, match=r"21 frames are expected.*made 2 and 20"):
        read_series(tmp_path)


def altered(folder, **tags):
    """Change a header of every file of a folder; None takes it out."""
    for path in folder.iterdir():
        ds = pydicom.dcmread(path)
        for name, value in tags.items():
            if value is None:
                del ds[name]
            else:
                setattr(ds, name, value)
        ds.save_as(path)


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        ({"PixelSpacing": [-2.0, 2.5]}, r"image \d+: PixelSpacing: a voxel edge.*found -2"),
        ({"PixelSpacing": [1e-20, 2.5]}, "PixelSpacing"),
        ({"PixelSpacing": [900.0, 900.0]}, "PixelSpacing"),
        ({"PixelSpacing": None}, "two numbers of PixelSpacing"),
        ({"RescaleSlope": "1e30", "RescaleIntercept": "0"}, r"image \d+: RescaleSlope.*1e\+30"),
        ({"RescaleSlope": "0", "RescaleIntercept": "0"}, "RescaleSlope"),
        ({"RescaleSlope": "1", "RescaleIntercept": "1e30"}, "RescaleIntercept"),
        ({"EchoTime": "0.02"}, r"DICOM headers is 2e-05; .*0\.003 to 0\.15 s"),
        ({"EchoTime": "500"}, "DICOM headers is 0.5; "),
        ({"EchoTime": "-30"}, "DICOM headers is -0.03; "),
        ({"RepetitionTime": "9000", "AcquisitionTime": None}, "DICOM headers is 9; "),
    ],
)
def test_headers_that_no_head_image_has(tmp_path, tags, words, monkeypatch):
    """Refused by the header alone, before anything is converted."""
    write_classic(tmp_path / "in", phantom(), Protocol())
    altered(tmp_path / "in", **tags)
    monkeypatch.setattr("bolus.io.dicom.read.converted", None)
    with pytest.raises(SeriesError, match=words):
        read_series(tmp_path / "in")


def test_an_echo_time_that_is_given_goes_before_a_wrong_one(tmp_path):
    write_classic(tmp_path / "in", phantom(), Protocol(te=0.5))
    assert read_series(tmp_path / "in", te=0.03).te == 0.03
