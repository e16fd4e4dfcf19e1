"""Numbers as a DICOM structured report: what summary and table say, coded and in place."""

import json
from dataclasses import replace

import highdicom as hd
import numpy as np
import pydicom
import pytest
from dicom_maps import maps_of
from dicom_writers import Protocol, phantom, write_classic

from bolus.base.about import NOTICE
from bolus.data.measures import MEASURES, Measurement, shortened
from bolus.io import read_series, write_dicom
from bolus.io.dicom.write.codes import SEGMENTS
from bolus.io.dicom.write.report import in_ascii

VALUE, INTERVAL = np.pi, (np.e, 31 / 7)
NUMBERS = (
    Measurement(measure="cbv_ratio", region="tumor", value=VALUE, interval=INTERVAL, voxels=18),
    Measurement(measure="cbv_ratio", region="found_late", value=0.1 + 0.2, note="≥ 5 voxels"),
    Measurement(measure="cbv_ratio", region="elsewhere", value=np.nan),
)


@pytest.fixture(scope="module")
def maps(tmp_path_factory):
    """Maps with a tumour, a region that no list knows, and numbers of both and of none."""
    folder = tmp_path_factory.mktemp("source")
    write_classic(folder / "in", phantom(), Protocol(number=7, name="Doe^Jane", patient="ID-77"))
    series = read_series(folder / "in")
    tumor = np.zeros(series.grid.shape, dtype=bool)
    tumor[3:6, 2:5, 1] = True
    made = maps_of(series, rois={"tumor": tumor, "found_late": ~tumor}, measurements=NUMBERS)
    return replace(made, volumes={"cbv": made.cbv}, sd={})


@pytest.fixture(scope="module")
def folder(maps, tmp_path_factory):
    out = tmp_path_factory.mktemp("out") / "dicom"
    write_dicom(maps, out)
    return out


@pytest.fixture(scope="module")
def groups(folder):
    """Measurement groups by the name of their region, as highdicom reads them."""
    report = hd.sr.srread(folder / "numbers.dcm").content
    found = [
        *report.get_volumetric_roi_measurement_groups(),
        *report.get_image_measurement_groups(),
    ]
    return {group.tracking_identifier: group for group in found}


def beside(number, code):
    (item,) = [i for i in number[0].ContentSequence if i.name.value == code]
    return item


def test_values_are_those_of_the_summary_to_the_last_digit(groups):
    told = json.loads(json.dumps(NUMBERS[0].as_json()))
    (number,) = groups["tumor"].get_measurements()
    assert number.value == told["value"] == shortened(VALUE) != VALUE
    assert [beside(number, code).value for code in ("low-90", "high-90")] == told["interval_90"]
    assert beside(number, "voxels").value == told["voxels"]
    assert number.unit.value == "{ratio}"
    assert number.name.value == MEASURES["cbv_ratio"].code.value
    assert beside(number, "112039").value == "cbv_ratio"


def test_the_ranges_of_uncertainty_reach_to_the_ends_of_the_interval(groups):
    (number,) = groups["tumor"].get_measurements()
    more, less = (beside(number, code) for code in ("371886008", "371885007"))
    assert shortened(number.value + more.value) == shortened(INTERVAL[1])
    assert shortened(number.value - less.value) == shortened(INTERVAL[0])
    assert len(str(more.MeasuredValueSequence[0].NumericValue)) <= 8, "a decimal, not its binary"
    assert more.unit == less.unit == number.unit


def test_no_interval_no_range(groups):
    (number,) = groups["found late"].get_measurements()
    assert number.value == 0.3
    names = [item.name.value for item in number[0].ContentSequence]
    assert "371886008" not in names
    assert beside(number, "121106").value.endswith(">= 5 voxels")


def test_a_number_that_is_none_says_so(groups):
    group = groups["elsewhere"]
    assert group.get_measurements() == []
    said = {e.name.value: e.value.value for e in group.get_qualitative_evaluations()}
    assert said[MEASURES["cbv_ratio"].code.value] == "114000"


def test_groups_are_in_the_order_of_measuring(folder):
    root = hd.sr.srread(folder / "numbers.dcm").content[0]
    (measured,) = [i for i in root.ContentSequence if i.name.value == "126010"]
    labels = [group.ContentSequence[0].value for group in measured.ContentSequence]
    assert labels == ["tumor", "found late", "elsewhere"]


def test_groups_refer_to_their_segments_and_numbers_to_their_map(maps, folder, groups):
    seg = hd.seg.segread(folder / "regions.dcm")
    source = pydicom.dcmread(maps.series.series.source.files[0])
    for label in ("tumor", "found late"):
        segment, series = groups[label].referenced_segment
        reference = segment.ReferencedSOPSequence[0]
        assert reference.ReferencedSOPInstanceUID == seg.SOPInstanceUID
        number = reference.ReferencedSegmentNumber
        assert seg.get_segment_description(number).segment_label == label
        assert series.value == source.SeriesInstanceUID
    (number,) = groups["tumor"].get_measurements()
    (image,) = number.referenced_images
    assert image.referenced_sop_instance_uid == pydicom.dcmread(folder / "cbv.dcm").SOPInstanceUID
    assert groups["tumor"].finding_type.value == SEGMENTS["tumor"].type.value


def test_all_that_is_referred_to_is_evidence(maps, folder):
    ds = pydicom.dcmread(folder / "numbers.dcm")
    (study,) = ds.CurrentRequestedProcedureEvidenceSequence
    named = {
        item.ReferencedSOPInstanceUID
        for series in study.ReferencedSeriesSequence
        for item in series.ReferencedSOPSequence
    }
    for name in ("cbv", "regions"):
        assert pydicom.dcmread(folder / f"{name}.dcm").SOPInstanceUID in named
    assert len(named) == 2 + maps.grid.shape[2]


def test_readers_find_what_they_look_for(maps, folder):
    """OHIF a library of images, Quantitative Reporting of 3D Slicer one of two classes."""
    ds = pydicom.dcmread(folder / "numbers.dcm")
    assert ds.SOPClassUID == pydicom.uid.ComprehensiveSRStorage
    library = next(
        item for item in ds.ContentSequence if item.ConceptNameCodeSequence[0].CodeValue == "111028"
    )
    group = library.ContentSequence[0]
    assert group.ConceptNameCodeSequence[0].CodeValue == "126200"
    found = [item.ReferencedSOPSequence[0] for item in group.ContentSequence]
    sources = {pydicom.dcmread(f).SOPInstanceUID for f in maps.series.series.source.files}
    assert {one.ReferencedSOPInstanceUID for one in found} <= sources
    assert len(found) == maps.series.series.signal.shape[2]


def test_patient_and_study_are_the_sources(maps, folder):
    ds, header = pydicom.dcmread(folder / "numbers.dcm"), maps.series.series.source.files[0]
    source = pydicom.dcmread(header)
    for name in ("PatientName", "PatientID", "StudyInstanceUID", "StudyDate", "StudyTime"):
        assert ds[name].value == source[name].value
    assert (ds.Modality, ds.SeriesNumber, ds.ContentDate) == ("SR", 7060, "20200102")
    assert (ds.CompletionFlag, ds.VerificationFlag) == ("COMPLETE", "UNVERIFIED")


def test_it_says_that_it_is_research(folder):
    root = hd.sr.srread(folder / "numbers.dcm").content[0]
    assert NOTICE in [i.value for i in root.ContentSequence if i.name.value == "121106"]


def test_the_same_numbers_give_the_same_bytes(maps, folder, tmp_path):
    write_dicom(maps, tmp_path / "again")
    again, other = tmp_path / "again" / "numbers.dcm", tmp_path / "other"
    assert again.read_bytes() == (folder / "numbers.dcm").read_bytes()
    write_dicom(replace(maps, measurements=NUMBERS[:1]), other)
    uids = [pydicom.dcmread(p).SOPInstanceUID for p in (again, other / "numbers.dcm")]
    assert uids[0] != uids[1]


def test_no_numbers_no_report(maps, tmp_path):
    write_dicom(replace(maps, measurements=()), tmp_path / "out")
    assert {path.stem for path in (tmp_path / "out").iterdir()} == {"cbv", "regions"}


def test_every_measure_can_be_said_in_any_character_set():
    for about in MEASURES.values():
        for text in (about.title, about.definition, about.source, about.code.meaning):
            assert "?" not in in_ascii(text).replace("?" if "?" in text else "\0", "")
        assert len(about.code.meaning) <= 64
        assert len(about.code.value) <= 16
