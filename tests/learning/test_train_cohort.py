"""From files to training voxels: what a cohort is, what is skipped, what is held out."""

import json
import shutil
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from dicom_writers import Protocol, write_classic

from altered import BARE
from bolus.aif import aif_from_mask
from bolus.data import InputError
from bolus.estimators.paper.config import PaperConfig
from bolus.io import read_mask, read_series, write_series
from bolus.learning import Cohort, Sample, find_sources, read_cohort
from bolus.learning.cohort import _nameless
from bolus.learning.paper.task import PaperTask
from bolus.learning.sources import Source
from bolus.learning.voxels import PatientVoxels, write_voxels
from bolus.patient import measure
from bolus.phantom import Realism, simulate_patient
from bolus.preprocess import prepare, tissue_curves
from recorder import Recorder


def unmoved(voxels):
    """Head motion left as it is, and tissue in the arterial input too."""
    return Sample(voxels=voxels, preparation=BARE)


def series_of(folder):
    return sorted(folder.glob("sub-0*/perf/*_dsc.nii.gz"))


class TestSources:
    def test_a_bids_folder(self, bids):
        found = find_sources([bids])
        assert [s.path.name for s in found] == [
            *(f"sub-{n:02d}_dsc.nii.gz" for n in range(3)),
            "sub-Secret_dsc.nii.gz",
        ]
        assert [s.patient for s in found] == [0, 1, 2, 3]
        assert found[1].aif == bids / "sub-01" / "perf" / "sub-01_label-aif_mask.nii.gz"
        assert found[1].brain == bids / "sub-01" / "perf" / "sub-01_label-brain_mask.nii.gz"
        assert found[3].aif is None

    def test_globs_files_and_folders_name_each_series_once(self, bids):
        pattern = str(bids / "sub-0*" / "perf" / "*_dsc.nii.gz")
        found = find_sources([pattern, series_of(bids)[0], bids / "sub-00"])
        assert [s.path for s in found] == series_of(bids)

    def test_sessions_are_one_patient(self, tmp_path):
        for subject, session in (("a", "1"), ("a", "2"), ("b", "1")):
            perf = tmp_path / f"sub-{subject}" / f"ses-{session}" / "perf"
            perf.mkdir(parents=True)
            (perf / f"sub-{subject}_ses-{session}_dsc.nii.gz").touch()
        assert [s.patient for s in find_sources([tmp_path])] == [0, 0, 1]
        other = tmp_path / "other" / "sub-a" / "perf"
        other.mkdir(parents=True)
        (other / "sub-a_dsc.nii.gz").touch()
        assert [s.patient for s in find_sources([tmp_path, tmp_path / "other"])] == [0, 0, 1, 2]

    def test_a_mask_belongs_to_the_series_whose_entities_it_has(self, tmp_path):
        names = ("sub-a_run-1_dsc", "sub-a_run-2_dsc", "sub-a_label-aif_mask")
        names += ("sub-a_run-2_label-aif_mask", "sub-b_label-brain_mask")
        for name in names:
            (tmp_path / f"{name}.nii.gz").touch()
        one, two = find_sources([str(tmp_path / "*_dsc.nii.gz")])
        assert one.aif == tmp_path / "sub-a_label-aif_mask.nii.gz"
        assert two.aif == tmp_path / "sub-a_run-2_label-aif_mask.nii.gz"
        assert one.brain is None

    @pytest.mark.parametrize("name", ["nothing.nii.gz", "no*match"])
    def test_what_matches_nothing_is_refused(self, bids, name):
        with pytest.raises(InputError, match=r"nothing|match"):
            find_sources([bids, bids / name])

    def test_a_changed_file_is_another_cohort(self, bids, tmp_path):
        copy = tmp_path / "x_dsc.nii.gz"
        shutil.copy(series_of(bids)[0], copy)
        before = find_sources([copy])[0].fingerprint()
        assert find_sources([copy])[0].fingerprint() == before
        copy.write_bytes(copy.read_bytes() + b"more")
        assert find_sources([copy])[0].fingerprint() != before


@pytest.fixture(scope="module")
def cohort(bids, tmp_path_factory):
    """The cohort as read, its work folder, and what was said."""
    folder, said = tmp_path_factory.mktemp("work"), Recorder()
    found = read_cohort(find_sources([bids]), folder, sample=unmoved(300), seed=4, reporter=said)
    return found, folder, said


class TestReading:
    def test_the_broken_series_is_told_with_a_reason(self, cohort):
        found, _, said = cohort
        assert [s.series for s in found.skipped] == [4]
        assert "damaged" in found.skipped[0].reason
        ((who, why),) = said.skips
        assert "sub-Secret" in who
        assert "damaged" in why
        assert who not in why

    def test_no_name_is_written(self, cohort):
        _, folder, _ = cohort
        for path in folder.rglob("*"):
            assert "sub-" not in path.name
            if path.is_file():
                assert b"sub-" not in path.read_bytes()

    def test_voxels_are_the_series_own(self, cohort, bids):
        source = find_sources([bids])[0]
        series = read_series(source.path)
        series = prepare(series, read_mask(source.brain, series.grid))
        curves = tissue_curves(series)
        aif = aif_from_mask(curves, series, read_mask(source.aif, series.grid))
        patient = PatientVoxels.open(cohort[0].files[0])
        found, noise = patient.rows(0, 300)
        assert patient.count == 300
        assert patient.dt == series.dt
        np.testing.assert_array_equal(patient.aif, aif.curve.astype(np.float32))
        known = {row.tobytes(): k for k, row in enumerate(curves.curves)}
        places = [known[row.tobytes()] for row in found]
        assert len(set(places)) == 300
        assert (curves.quality[places] == 0).all()
        np.testing.assert_array_equal(noise, curves.noise_sd[places].astype(np.float32))

    def test_the_sample_is_seeded(self, cohort, bids, tmp_path):
        sources = find_sources([bids / "sub-00"])
        again = read_cohort(sources, tmp_path / "a", sample=unmoved(300), seed=4)
        other = read_cohort(sources, tmp_path / "b", sample=unmoved(300), seed=5)
        first = cohort[0].files[0].read_bytes()
        assert again.files[0].read_bytes() == first
        assert other.files[0].read_bytes() != first

    def test_an_earlier_reading_is_taken(self, cohort, bids):
        found, folder, _ = cohort
        stamps = [p.stat().st_mtime_ns for p in found.files]
        said = Recorder()
        again = read_cohort(
            find_sources([bids]), folder, sample=unmoved(300), seed=4, resume=True, reporter=said
        )
        assert again == found
        assert [p.stat().st_mtime_ns for p in found.files] == stamps
        assert [who for who, _ in said.skips] == ["series 4"]

    @pytest.mark.parametrize(
        "change", [{"sample": unmoved(200)}, {"seed": 9}, {"sample": Sample(voxels=300)}]
    )
    def test_another_reading_is_not(self, cohort, bids, change):
        settings = {"sample": unmoved(300), "seed": 4, **change}
        with pytest.raises(InputError, match="another training"):
            read_cohort(find_sources([bids]), cohort[1], resume=True, **settings)

    def test_the_same_data_twice_count_once(self, bids, tmp_path):
        for name in ("a.nii.gz", "b.nii.gz"):
            shutil.copy(series_of(bids)[0], tmp_path / name)
            sidecar = series_of(bids)[0].with_name("sub-00_dsc.json")
            shutil.copy(sidecar, tmp_path / name.replace("nii.gz", "json"))
        found = read_cohort(
            find_sources([str(tmp_path / "*.nii.gz")]), tmp_path / "work", sample=unmoved(200)
        )
        assert len(found.files) == 1
        assert "same data as series 1" in found.skipped[0].reason

    def test_a_series_without_bolus_is_skipped(self, made, tmp_path):
        series = made[0].series
        still = np.repeat(series.signal[..., :1], 40, axis=3)
        write_series(tmp_path / "still.nii.gz", still, series.grid, series.dt, series.te)
        found = read_cohort(
            find_sources([tmp_path / "still.nii.gz"]), tmp_path / "w", sample=unmoved(9)
        )
        assert found.files == ()
        assert "bolus" in found.skipped[0].reason

    def test_dicom_folders_and_arteries_found(self, tmp_path):
        """A DICOM series of a digital patient, without masks."""
        patient = simulate_patient(seed=3, shape=(40, 40, 5), snr=100, frames=36)
        signal = np.round(np.clip(patient.series.signal, 0, 4000)).astype(np.uint16)
        protocol = Protocol(tr=patient.series.dt, te=patient.series.te)
        write_classic(tmp_path / "dicom", signal, protocol=protocol)
        found = read_cohort(
            find_sources([tmp_path / "dicom"]), tmp_path / "work", sample=unmoved(200)
        )
        assert [s.reason for s in found.skipped] == []
        assert PatientVoxels.open(found.files[0]).dt == pytest.approx(patient.series.dt)

    def test_memory_does_not_grow_with_the_cohort(self, made, tmp_path):
        series = made[0].series
        for n in range(5):
            signal = series.signal.copy()
            signal[0, 0, 0, 0] += n
            write_series(tmp_path / f"{n}_dsc.nii.gz", signal, series.grid, series.dt, series.te)

        def peak(count):
            sources = find_sources([tmp_path / f"{n}_dsc.nii.gz" for n in range(count)])
            tracemalloc.start()
            found = read_cohort(sources, tmp_path / f"work{count}", sample=unmoved(200))
            highest = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            assert len(found.files) == count
            return highest

        peak(1)
        assert peak(5) < 1.1 * peak(2)


class TestSplit:
    def cohort(self, tmp_path, patients):
        files = tuple(tmp_path / f"{n}" for n in range(len(patients)))
        return Cohort(files=files, patients=tuple(patients), skipped=())

    @pytest.mark.parametrize(("count", "share", "held"), [(10, 0.2, 2), (2, 0.2, 1), (3, 0.9, 2)])
    def test_by_patients(self, tmp_path, count, share, held):
        """Every patient has two series, which stay together."""
        cohort = self.cohort(tmp_path, [n // 2 for n in range(2 * count)])
        train, validation = cohort.split(share, seed=1)
        assert len(validation) == 2 * held
        assert {*train, *validation} == {*cohort.files}
        sides = [{int(p.name) // 2 for p in side} for side in (train, validation)]
        assert not sides[0] & sides[1]

    def test_seeded(self, tmp_path):
        cohort = self.cohort(tmp_path, range(20))
        assert cohort.split(0.3, 1) == cohort.split(0.3, 1)
        assert cohort.split(0.3, 1) != cohort.split(0.3, 2)

    def test_too_few(self, tmp_path):
        with pytest.raises(InputError, match="at least 2"):
            self.cohort(tmp_path, [0, 0]).split(0.2, 0)
        assert len(self.cohort(tmp_path, [0]).split(0, 0)[0]) == 1
        with pytest.raises(InputError, match="none of 0 series"):
            self.cohort(tmp_path, []).split(0.2, 0)


def test_training_reads_slices(tmp_path):
    """Batches of a cohort five times as large need no more memory."""
    rng = np.random.default_rng(0)

    def peak(count):
        paths = [tmp_path / f"{n}.safetensors" for n in range(count)]
        for path in paths:
            curves = rng.standard_normal((1000, 80)).astype(np.float32) + 1
            write_voxels(path, curves, np.ones(1000), np.ones(80), 1.5, 0.03)
        patients = [PatientVoxels.open(path) for path in paths]
        tracemalloc.start()
        task = PaperTask(PaperConfig(batch=96), patients, [])
        for _ in task.batches(0):
            pass
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return highest

    peak(1)
    whole = 20 * 1000 * 80 * 4
    few, many = peak(4), peak(20)
    assert many < few + 0.1 * whole


def test_a_damaged_voxel_file_is_named(tmp_path):
    path = tmp_path / "v.safetensors"
    write_voxels(path, np.ones((5, 4)), np.ones(5), np.ones(4), 1.0, 1.0)
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(InputError, match=r"v\.safetensors"):
        PatientVoxels.open(path)
    path.write_text(json.dumps({}))
    with pytest.raises(InputError, match="not a"):
        PatientVoxels.open(path)


def test_a_moving_head_is_corrected_as_for_maps(tmp_path, monkeypatch):
    """By default, and the curves are those of the maps then; roughly corrected, both alike."""
    monkeypatch.setattr("bolus.preprocess.motion.register.STEPS", 8)
    options = {"seed": 31, "shape": (32, 32, 4), "snr": 80, "frames": 30}
    size = 2 / np.abs(simulate_patient(**options, realism=Realism(motion=1.0)).motion).max()
    made = simulate_patient(**options, realism=Realism(motion=size))
    series = made.series
    path = tmp_path / "x_dsc.nii.gz"
    write_series(path, series.signal, series.grid, series.dt, series.te)
    measured = measure(read_series(path))
    assert (measured.series.signal != read_series(path).signal).any()
    found = read_cohort(find_sources([path]), tmp_path / "work", sample=Sample(voxels=9))
    patient = PatientVoxels.open(found.files[0])
    np.testing.assert_array_equal(patient.aif, measured.aif.curve.astype(np.float32))
    rows = {row.tobytes() for row in measured.curves.curves}
    assert all(row.tobytes() in rows for row in patient.rows(0, 9)[0])


@pytest.mark.parametrize("name", ["Jane_Doe.json", "Jane_Doe.nii.gz", "Jane_Doe_aif.nii.gz"])
def test_no_reason_holds_the_name_of_a_file(name):
    folder = Path("/data/ward 7")
    source = Source(path=folder / "Jane_Doe.nii.gz", patient=0, aif=folder / "Jane_Doe_aif.nii.gz")
    told = _nameless(f"{folder / name}: an echo time is expected", source, 3)
    assert told == "series 3: an echo time is expected"
    series = Source(path=folder / "1.2.3", patient=0)
    told = _nameless(f"{folder}/1.2.3/Doe Jane.dcm: cannot be read", series, 3)
    assert told == "series 3: cannot be read"
