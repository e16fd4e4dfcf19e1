"""``bolus maps --bids``: a derivatives dataset that the BIDS validator accepts."""

import gzip
import json
import shutil
from types import SimpleNamespace

import nibabel as nib
import numpy as np
import pydicom
import pytest
from bids_dataset import validate, write_extended_schema
from dicom_writers import Protocol, write_classic

import altered
import bolus
from bolus.cli import main
from bolus.io import KEPT, write_kept, write_series, write_volume
from bolus.io.bids.dataset import SUFFIXES, BidsNames
from bolus.phantom import simulate_patient
from bolus.report import write_report

SECRETS = ("Verysecret", "SECRET-ID-77", "19501231", "ACC-4711")
STILL = ("--motion", "off")
BARE = (
    "sub-*_report.html\nfigures\nsub-*_summary.json\nsub-*_bolus.toml\nsub-*_series.safetensors\n"
)
"""What has to be ignored where the schema knows the words of DSC-MRI."""
TUMOR_S = ("Corrected", "tumor", "_k2", "rcbv", "_numbers", "reference")
"""In the names of files that there are only with a tumour."""


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """A raw BIDS dataset with one session, a tumour mask, and a small DICOM folder with names."""
    folder = tmp_path_factory.mktemp("bids")
    made = simulate_patient(seed=5, shape=(32, 32, 5), frames=36, snr=60, tumor="high")
    series, raw = made.series, folder / "Verysecret" / "raw"
    path = raw / "sub-02" / "ses-pre" / "perf" / "sub-02_ses-pre_dsc.nii.gz"
    path.parent.mkdir(parents=True)
    write_series(path, series.signal, series.grid, series.dt, series.te)
    about = {"Name": "Raw", "BIDSVersion": "1.10.0", "DatasetDOI": "doi:10.1000/182"}
    (raw / "dataset_description.json").write_text(json.dumps(about))
    write_volume(folder / "tumor.nii.gz", made.masks.tumor, series.grid)
    dicom = folder / "Verysecret" / "SECRET-ID-77"
    dicom.mkdir()
    other = simulate_patient(seed=5, shape=(28, 28, 3), frames=30, snr=60).series.signal
    whole = np.round(other * (3000 / other.max())).astype(np.int16)
    protocol = Protocol(tr=1.5, te=0.03, patient="SECRET-ID-77", name="Verysecret^Name")
    write_classic(dicom, whole, protocol)
    for file in dicom.iterdir():
        ds = pydicom.dcmread(file)
        ds.PatientBirthDate, ds.AccessionNumber = "19501231", "ACC-4711"
        ds.save_as(file)
    return SimpleNamespace(folder=folder, raw=raw, nifti=path, dicom=dicom, series=series)


@pytest.fixture(scope="module")
def dataset(inputs):
    """Two subjects, one with a session, one with two methods and a tumour."""
    root, tumor = inputs.raw / "derivatives" / "bolus", str(inputs.folder / "tumor.nii.gz")
    shared = ["--bids", "-o", str(root), "-q"]
    runs = [
        [str(inputs.nifti), "--tumor", tumor, "-m", "phae", *STILL],
        [str(inputs.dicom), "--subject", "01"],
        [
            str(inputs.dicom),
            "--subject",
            "sub-01",
            "-m",
            "tikhonov-fixed",
            *STILL,
            "--no-drift",
            "--no-unmix",
        ],
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bolus.preprocess.motion.register.STEPS", 8)  # found roughly is enough
        for arguments in runs:
            with pytest.raises(SystemExit, match="0"):
                main(["maps", *arguments, *shared])
            altered.undraw(patch)  # the picture of the first is enough
    return root


@pytest.fixture(scope="module")
def schema(tmp_path_factory):
    return write_extended_schema(tmp_path_factory.mktemp("schema") / "schema.json")


@pytest.fixture
def broken(dataset, tmp_path):
    """A copy to be changed, with as little ignored as can be."""
    copy = tmp_path / "copy"
    shutil.copytree(dataset, copy)
    (copy / ".bidsignore").write_text(BARE)
    return copy


def only(dataset, pattern):
    (path,) = dataset.rglob(pattern)
    return path


class TestValidator:
    def test_no_error_and_one_warning_that_only_its_owner_can_mend(self, dataset):
        errors, warnings = validate(dataset)
        assert errors == set()
        assert warnings == {("TOO_FEW_AUTHORS", "", "/dataset_description.json")}

    def test_no_error_where_the_words_of_dsc_are_known(self, broken, schema):
        errors, warnings = validate(broken, schema)
        assert errors == set()
        # The input of the first subject lies in no dataset that could be named.
        told = {(code, what) for code, what, path in warnings if not path.startswith("/sub-01")}
        assert told == {("TOO_FEW_AUTHORS", "")}

    def test_every_name_that_is_ignored_is_one_of_ours(self, dataset):
        names = [p.name for p in dataset.rglob("*") if p.is_file() and p.parent.name == "perf"]
        assert {name.split("_")[-1].split(".")[0] for name in names} <= {*SUFFIXES, "bolus"}

    def test_a_wrong_suffix_is_found(self, dataset, tmp_path):
        copy = tmp_path / "copy"
        shutil.copytree(dataset, copy)
        path = only(copy, "sub-02_*_desc-phae_cbf.nii.gz")
        path.rename(path.with_name(path.name.replace("_cbf", "_flow")))
        assert ("NOT_INCLUDED", "", f"/{path.parent.relative_to(copy)}/"
                "sub-02_ses-pre_desc-phae_flow.nii.gz") in validate(copy)[0]  # fmt: skip

    def test_a_wrong_description_is_found(self, dataset, tmp_path):
        copy = tmp_path / "copy"
        shutil.copytree(dataset, copy)
        path = copy / "dataset_description.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "BIDSVersion": 1.1}))
        wrong = ("JSON_SCHEMA_VALIDATION_ERROR", "BIDSVersion", "/dataset_description.json")
        assert validate(copy)[0] == {wrong}

    def test_a_sidecar_without_a_field_is_found(self, broken, schema):
        """Each lacks another."""
        lacks = {
            "mtt": "Units",
            "cbf": "RepetitionTime",
            "cbv": "EchoTime",
            "tmax": "SkullStripped",
        }
        expected = set()
        for name, field in lacks.items():
            path = only(broken, f"sub-02_*_desc-phaeSD_{name}.json")
            told = json.loads(path.read_text())
            del told[field]
            path.write_text(json.dumps(told))
            image = path.with_suffix(".nii.gz").relative_to(broken)
            expected.add(("SIDECAR_KEY_REQUIRED", field, f"/{image}"))
        assert validate(broken, schema)[0] == expected

    def test_a_time_that_is_no_number_is_found(self, broken, schema):
        path = only(broken, "sub-02_*_desc-phae_cbf.json")
        told = json.loads(path.read_text())
        path.write_text(json.dumps({**told, "RepetitionTime": "1.5 s"}))
        assert "JSON_SCHEMA_VALIDATION_ERROR" in {error[0] for error in validate(broken, schema)[0]}

    def test_a_missing_sidecar_is_found(self, broken, schema):
        only(broken, "sub-02_*_desc-phae_cbf.json").unlink()
        assert ("SIDECAR_KEY_REQUIRED", "Units") in {e[:2] for e in validate(broken, schema)[0]}

    def test_a_sidecar_of_nothing_is_found(self, broken, schema):
        only(broken, "sub-02_*_desc-phae_cbf.nii.gz").unlink()
        assert "SIDECAR_WITHOUT_DATAFILE" in {error[0] for error in validate(broken, schema)[0]}

    def test_a_wrong_name_is_found(self, broken, schema):
        """Each map has another fault."""
        wrong = set()
        for name, old, new in (
            ("mtt", "_ses-pre_desc-phae", "_desc-phae_ses-pre"),
            ("cbv", "sub-02_", "sub-03_"),
            ("cbf", "desc-phae_cbf", "desc-tikhonov-fixed_cbf"),
            ("tmax", "_desc-phae_", "_"),
        ):
            for ending in ("nii.gz", "json"):
                path = only(broken, f"sub-02_*_desc-phae_{name}.{ending}")
                path = path.rename(path.with_name(path.name.replace(old, new)))
            wrong.add(f"/{path.relative_to(broken)}".removesuffix(".json"))
        found = {path.split(".")[0] for *_, path in validate(broken, schema)[0]}
        assert found == wrong


class TestContent:
    def test_the_files_are_those_of_a_result_folder(self, dataset, inputs, tmp_path):
        maps = bolus.perfusion_maps(
            bolus.read_series(inputs.nifti),
            "phae",
            regions={"tumor": inputs.folder / "tumor.nii.gz"},
            preparation=altered.STILL,
        )
        plain = tmp_path / "plain"
        plain.mkdir()
        write_report(maps, plain)
        write_kept(maps.series, plain / KEPT)
        names = BidsNames.of("02", "pre", "phae")
        mine = {names.path(path.name).as_posix(): path for path in plain.iterdir()}
        there = {path.relative_to(dataset).as_posix(): path for path in names.present(dataset)}
        assert set(there) == {*mine, names.path("aif.json").as_posix()}
        for name, path in mine.items():
            if name.endswith((".nii.gz", "aif.tsv", ".png")):
                assert there[name].read_bytes() == path.read_bytes()

    def test_sidecars(self, dataset):
        side = json.loads(only(dataset, "sub-02_ses-pre_desc-phae_cbf.json").read_text())
        assert side["Units"] == "mL/100g/min"
        assert (side["EchoTime"], side["RepetitionTime"]) == (0.02, 1.5)
        assert side["SkullStripped"] is True
        assert side["Sources"] == ["bids:raw:sub-02/ses-pre/perf/sub-02_ses-pre_dsc.nii.gz"]
        assert len(side["InputChecksum"]) == 64
        types = {
            region: json.loads(only(dataset, f"sub-02*label-{region}_*mask.json").read_text())[
                "Type"
            ]
            for region in ("brain", "aif", "tumor")
        }
        assert types == {"brain": "Brain", "aif": "ROI", "tumor": "Lesion"}

    def test_the_arterial_table_and_its_sidecar_agree(self, dataset):
        table = only(dataset, "sub-02*_aif.tsv").read_text().splitlines()
        told = json.loads(only(dataset, "sub-02*_aif.json").read_text())
        assert table[0].split("\t") == [
            name for name in told if name not in ("Description", "Vein")
        ]

    def test_the_description(self, dataset):
        told = json.loads((dataset / "dataset_description.json").read_text())
        assert told["GeneratedBy"] == [{"Name": "bolus", "Version": bolus.__version__}]
        assert told["DatasetType"] == "derivative"
        assert (told["Name"], told["BIDSVersion"]) == ("Perfusion maps by bolus", "1.10.0")
        assert "not a medical device" in (dataset / "README").read_text()

    def test_where_the_raw_dataset_is(self, dataset, inputs):
        told = json.loads((dataset / "dataset_description.json").read_text())
        assert told["SourceDatasets"] == [{"DOI": "doi:10.1000/182"}]
        assert (dataset / told["DatasetLinks"]["raw"]).resolve() == inputs.raw.resolve()

    @pytest.mark.usefixtures("no_picture")
    def test_unknown_echo_time(self, inputs, tmp_path):
        series = bolus.read_series(inputs.nifti)
        path = tmp_path / "sub-05_dsc.nii.gz"
        write_series(path, series.signal, series.grid, series.dt, None)
        maps = bolus.perfusion_maps(bolus.read_series(path), "osvd", preparation=altered.MIXED)
        maps.save_bids(tmp_path / "d", subject="05", source=path)
        side = json.loads((only(tmp_path / "d", "*_cbf.json")).read_text())
        assert side["Units"] == "relative"
        assert "EchoTime" not in side
        assert "te_delta_r2star" in json.loads(only(tmp_path / "d", "*_aif.json").read_text())
        assert validate(tmp_path / "d")[0] == set()

    def test_maps_can_be_read_back(self, dataset):
        cbf = np.asarray(nib.load(only(dataset, "sub-02*_desc-phae_cbf.nii.gz")).dataobj)
        brain = np.asarray(nib.load(only(dataset, "sub-02*label-brain*.nii.gz")).dataobj) > 0
        assert np.isfinite(cbf[brain]).mean() > 0.9

    def test_nothing_names_the_patient(self, dataset):
        seen = 0
        for path in dataset.rglob("*"):
            assert not any(secret.lower() in path.name.lower() for secret in SECRETS)
            if path.is_file():
                seen += 1
                content = path.read_bytes().lower()
                if path.name.endswith(".nii.gz"):
                    content = gzip.decompress(path.read_bytes()).lower()
                assert not any(secret.lower().encode() in content for secret in SECRETS), path
        assert seen > 60


class TestRefusals:
    @pytest.fixture
    def refused(self, run, inputs, tmp_path):
        def call(*arguments, source=None, out=None):
            out = out or tmp_path / "d"
            before = sorted(out.rglob("*")) if out.exists() else None
            code, said, err = run(
                "maps", source or inputs.nifti, "-o", out, "-m", "phae", *arguments
            )
            assert code == 2
            assert said == ""
            assert err.count("\n") == 1
            assert (sorted(out.rglob("*")) if out.exists() else None) == before
            return err

        return call

    def test_without_a_subject_though_the_headers_hold_one(self, refused, inputs):
        err = refused("--bids", source=inputs.dicom)
        assert "--subject" in err

    @pytest.mark.parametrize("subject", ["0 1", "sub-", "John_Doe"])
    def test_a_subject_that_bids_does_not_allow(self, refused, subject):
        assert "letters and digits" in refused("--bids", "--subject", subject)

    @pytest.mark.parametrize("option", ["--dicom", "--no-anonymize"])
    def test_output_that_names_the_patient(self, refused, option):
        assert "name the patient" in refused("--bids", option)

    @pytest.mark.parametrize("option", [("--subject", "01"), ("--session", "1")])
    def test_labels_without_a_dataset(self, refused, option):
        assert "--bids" in refused(*option)

    def test_the_same_maps_again(self, refused, dataset):
        assert "sub-02_ses-pre by phae already" in refused("--bids", out=dataset)

    def test_the_dataset_of_another_pipeline(self, refused, tmp_path):
        (tmp_path / "d").mkdir()
        told = {"DatasetType": "derivative", "GeneratedBy": [{"Name": "fMRIPrep"}]}
        (tmp_path / "d" / "dataset_description.json").write_text(json.dumps(told))
        assert "fMRIPrep" in refused("--bids", "--overwrite")

    def test_the_raw_dataset_itself(self, refused, inputs):
        assert "lies in it" in refused("--bids", out=inputs.raw)

    @pytest.mark.usefixtures("no_picture")
    def test_a_folder_of_plain_maps(self, run, refused, inputs, tmp_path):
        options = ("-o", tmp_path / "d", "-m", "csvd", "-q", *STILL, "--no-drift", "--no-unmix")
        assert run("maps", inputs.nifti, *options)[0] == 0
        assert "no BIDS dataset" in refused("--bids", "--overwrite")


def test_overwrite_replaces_the_run_and_nothing_else(run, inputs, dataset, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(dataset, copy)
    before = {p: p.read_bytes() for p in copy.rglob("*") if p.is_file()}
    arguments = ("maps", inputs.nifti, "-o", copy, "-m", "phae", "--bids", "--overwrite", *STILL)
    code, said, err = run(*arguments)
    assert code == 0, err
    assert said.strip().endswith("sub-02_ses-pre_desc-phae_report.html")
    after = {p for p in copy.rglob("*") if p.is_file()}
    gone = {p.name for p in before if p not in after}
    assert gone
    assert all(any(word in name for word in TUMOR_S) for name in gone)
    kept = [p for p in before if p.name.startswith("sub-01")]
    assert kept
    assert all(p.read_bytes() == before[p] for p in kept)
    assert validate(copy)[0] == set()


def test_nothing_half_written(inputs, tmp_path, monkeypatch):
    maps = bolus.perfusion_maps(bolus.read_series(inputs.nifti), "csvd", preparation=altered.MIXED)
    maps.save_bids(tmp_path / "d", subject="01")
    before = sorted(tmp_path.rglob("*"))

    def failing(*_):
        raise RuntimeError("disk on fire")

    monkeypatch.setattr("bolus.report.artifacts.save_overview", failing)
    with pytest.raises(RuntimeError):
        maps.save_bids(tmp_path / "d", subject="02")
    with pytest.raises(RuntimeError):
        maps.save_bids(tmp_path / "new" / "d", subject="02")
    assert sorted(tmp_path.rglob("*")) == before
