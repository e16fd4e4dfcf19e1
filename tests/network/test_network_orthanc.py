"""With a real PACS: scanner → Orthanc → bolus → Orthanc, by DIMSE and by DICOMweb."""

import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pydicom
import pytest
from dicom_writers import Protocol, write_classic, write_enhanced
from network_cases import NAMES

from bolus.cli import main
from bolus.network import Door, Listener, Query, Rule, Rules, State, Timing, fetch, find, send
from bolus.network.records import read_job
from bolus.options import MapOptions
from fuzz.small_head import small_head

OPTIONS = MapOptions.from_mapping(
    {"method": "osvd", "motion": "off", "drift": False, "stroke": True}, "options"
)
PATIENT = {"patient": NAMES["PatientID"], "name": NAMES["PatientName"]}


@pytest.fixture(scope="module")
def scanned(tmp_path_factory):
    """A study of a perfusion series and one other, as a scanner would send it."""
    folder = tmp_path_factory.mktemp("scanner")
    series = small_head()
    signal = series.signal.astype(np.uint16)
    protocol = Protocol(tr=series.dt, te=series.te, description="ep2d_perf", **PATIENT)
    dynamic = write_enhanced(folder / "dsc", signal, protocol)
    other = Protocol(number=3, description="localizer", **PATIENT)
    (still,) = write_classic(folder / "loc", signal[:, :, :1, :1], other)
    ds = pydicom.dcmread(still)
    ds.StudyInstanceUID = pydicom.dcmread(dynamic).StudyInstanceUID
    ds.save_as(still)
    return SimpleNamespace(folder=folder, study=ds.StudyInstanceUID, dynamic=dynamic)


def until(condition, seconds=300):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s")


@pytest.fixture(scope="module")
def mapped(orthanc, scanned, tmp_path_factory):
    """The study sent to Orthanc, from there to bolus, and the results back by two ways."""
    folder = tmp_path_factory.mktemp("station") / "out"
    rule = Rule(name="perf", description=("*perf*",), options=OPTIONS, send=("pacs", "web"))
    rules = Rules(rules=(rule,), destinations={"pacs": orthanc.entity, "web": orthanc.web})
    assert send(orthanc.entity, [scanned.folder]) == 2
    door = Door(port=orthanc.bolus_port, callers=("ORTHANC",))
    with Listener(folder, rules, door, timing=Timing(quiet=0.3)):
        (study,) = orthanc.ask("studies")
        orthanc.ask("modalities/bolus/store", study)

        def jobs():
            found = [read_job(p) for p in (folder / "jobs").iterdir() if (p / "job.json").exists()]
            done = [j for j in found if j.settled or j.state in (State.FAILED, State.LEFT)]
            return sorted(done, key=lambda job: job.state) if len(done) == 2 else None

        done, left = until(jobs)
    return SimpleNamespace(folder=folder, done=done, left=left, study=scanned.study)


def results(mapped):
    found = (mapped.folder / "results" / mapped.done.name / "dicom").glob("*.dcm")
    return {ds.SOPInstanceUID: ds for ds in map(pydicom.dcmread, sorted(found))}


def fetched(folder):
    return {ds.SOPInstanceUID: ds for ds in map(pydicom.dcmread, folder.rglob("*.dcm"))}


def test_the_study_is_mapped_and_the_localizer_left_alone(mapped):
    assert (mapped.done.state, mapped.done.reason) == (State.DONE, None)
    assert (mapped.left.state, mapped.left.images) == (State.LEFT, mapped.left.images[:1])
    kinds = {ds.Modality for ds in results(mapped).values()}
    assert {"SEG", "SR"} < kinds
    assert not list(mapped.folder.glob("jobs/*/images"))  # the spool is empty again


@pytest.mark.parametrize("way", ["entity", "web"])
def test_results_are_found_under_the_source_study(orthanc, mapped, way):
    found = find(getattr(orthanc, way), Query(study=mapped.study))
    expected = {str(ds.SeriesInstanceUID): ds for ds in results(mapped).values()}
    assert set(expected) < {one.series for one in found}
    assert len(found) == len(expected) + 2
    for one in found:
        if one.series in expected:
            ds = expected[one.series]
            assert (one.modality, one.description) == (ds.Modality, ds.SeriesDescription)
    (regions,) = find(getattr(orthanc, way), Query(study=mapped.study, modality="SEG"))
    assert regions.images == 1
    assert find(getattr(orthanc, way), Query(patient_id="nobody")) == []


def test_nothing_is_doubled_by_two_ways(orthanc, mapped):
    assert len(orthanc.ask("instances")) == len(results(mapped)) + 2
    assert len(orthanc.ask("studies")) == len(orthanc.ask("patients")) == 1


@pytest.mark.parametrize("way", ["get", "move", "web"])
def test_results_are_read_back_equal(orthanc, mapped, tmp_path, way):
    destination = {
        "get": orthanc.entity,
        "move": replace(orthanc.entity, move_port=orthanc.bolus_port),
        "web": orthanc.web,
    }[way]
    modality = "" if way == "web" else "SEG"
    fetch(destination, Query(study=mapped.study, modality=modality), tmp_path / "back")
    back, sent = fetched(tmp_path / "back"), results(mapped)
    sent = {uid: ds for uid, ds in sent.items() if way == "web" or ds.Modality == "SEG"}
    assert len(back) == (len(sent) + 2 if way == "web" else 1)
    for uid, ds in sent.items():
        assert back[uid] == ds
        assert back[uid].file_meta.TransferSyntaxUID == ds.file_meta.TransferSyntaxUID


def test_the_command_line_does_the_same(orthanc, mapped, scanned, tmp_path, capsys):
    where = f"ORTHANC@127.0.0.1:{orthanc.dicom}"
    main_ok("send", orthanc.web.url, scanned.dynamic)
    assert "1 objects sent" in capsys.readouterr().out
    main_ok("fetch", where, "--study", mapped.study, "--modality", "SR")
    assert "Numbers of regions" in " ".join(capsys.readouterr().out.split())
    main_ok("fetch", where, "--study", mapped.study, "--modality", "SR", "-o", tmp_path / "sr")
    (report,) = fetched(tmp_path / "sr").values()
    assert report == results(mapped)[report.SOPInstanceUID]
    assert refused(capsys, "fetch", where, "-o", tmp_path / "all") == "say which study"
    assert refused(capsys, "fetch", where, "--study", "1.2", "-o", tmp_path / "x") == "no series"
    assert not (tmp_path / "x").exists()


def main_ok(*arguments):
    with pytest.raises(SystemExit) as stop:
        main([str(a) for a in arguments])
    assert not stop.value.code


def refused(capsys, *arguments):
    with pytest.raises(SystemExit) as stop:
        main([str(a) for a in arguments])
    assert stop.value.code == 2
    said = capsys.readouterr().err
    return next(words for words in ("say which study", "no series") if words in said)
