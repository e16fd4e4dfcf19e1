"""Names of a BIDS derivatives dataset, and how files enter one."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

import pytest

from bolus.data import InputError, OutputError
from bolus.io.bids.dataset import BidsNames, check_dataset, dataset_folder, named_in
from bolus.io.bids.description import raw_dataset, raw_link

NAMES = BidsNames.of("01", None, "phae")
LATER = BidsNames.of("sub-01", "ses-2", "tikhonov-fixed")
OURS = {"DatasetType": "derivative", "GeneratedBy": [{"Name": "bolus", "Version": "0"}]}


def tree(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def add(dataset, names, files, **more):
    with dataset_folder(dataset, names, **more) as partial:
        for plain, text in files.items():
            path = partial / names.path(plain)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)


@pytest.mark.parametrize(
    ("plain", "expected"),
    [
        ("cbf.nii.gz", "sub-01/perf/sub-01_desc-phae_cbf.nii.gz"),
        ("cbf_sd.json", "sub-01/perf/sub-01_desc-phaeSD_cbf.json"),
        ("cbv_corrected.nii.gz", "sub-01/perf/sub-01_desc-phaeCorrected_cbv.nii.gz"),
        ("cbv_corrected_sd.json", "sub-01/perf/sub-01_desc-phaeCorrectedSD_cbv.json"),
        ("brain_mask.json", "sub-01/perf/sub-01_label-brain_desc-phae_mask.json"),
        ("roi_tumor.nii.gz", "sub-01/perf/sub-01_label-tumor_desc-phae_mask.nii.gz"),
        ("aif.tsv", "sub-01/perf/sub-01_desc-phae_aif.tsv"),
        ("summary.json", "sub-01/perf/sub-01_desc-phae_summary.json"),
        ("overview.png", "sub-01/figures/sub-01_desc-phae_overview.png"),
        ("report.html", "sub-01_desc-phae_report.html"),
    ],
)
def test_names(plain, expected):
    assert NAMES.path(plain) == PurePosixPath(expected)


def test_names_with_a_session_and_a_method_of_two_words():
    expected = "sub-01/ses-2/perf/sub-01_ses-2_desc-tikhonovfixed_cbf.nii.gz"
    assert LATER.path("cbf.nii.gz") == PurePosixPath(expected)


@pytest.mark.parametrize(
    ("subject", "session", "method"),
    [("", None, "phae"), ("0 1", None, "phae"), ("sub-", None, "phae"), ("a_b", None, "phae"),
     ("../01", None, "phae"), ("01", "", "phae"), ("01", "a-b", "phae"), ("01", None, "--")],
)  # fmt: skip
def test_labels_that_bids_does_not_allow(subject, session, method):
    with pytest.raises(InputError, match="letters"):
        BidsNames.of(subject, session, method)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("raw/sub-01_dsc.nii.gz", ("sub-01", None)),
        ("sub-A1_ses-pre_task-x_dsc.nii.gz", ("sub-A1", "ses-pre")),
        ("sub-01.nii.gz", (None, None)),
        ("patient/dsc.nii.gz", (None, None)),
        ("sub-0-1_dsc.nii.gz", (None, None)),
    ],
)
def test_what_a_name_says(name, expected):
    assert named_in(name) == expected


def test_a_dataset_is_made_and_added_to(tmp_path):
    root = tmp_path / "derivatives" / "bolus"
    add(root, NAMES, {"cbf.nii.gz": "1", "summary.json": "1", "report.html": "1"})
    before = (root / "dataset_description.json").read_bytes()
    add(root, LATER, {"cbf.nii.gz": "2", "overview.png": "2"})
    assert tree(root) == [
        ".bidsignore",
        "README",
        "dataset_description.json",
        "sub-01/perf/sub-01_desc-phae_cbf.nii.gz",
        "sub-01/perf/sub-01_desc-phae_summary.json",
        "sub-01/ses-2/figures/sub-01_ses-2_desc-tikhonovfixed_overview.png",
        "sub-01/ses-2/perf/sub-01_ses-2_desc-tikhonovfixed_cbf.nii.gz",
        "sub-01_desc-phae_report.html",
    ]
    assert not any(p.name.startswith(".bolus") for p in root.iterdir())
    assert (root / "dataset_description.json").read_bytes() == before
    told = json.loads(before)
    assert told["DatasetType"] == "derivative"
    assert told["GeneratedBy"][0]["Name"] == "bolus"


def test_what_a_user_changed_at_the_top_stays(tmp_path):
    add(tmp_path / "d", NAMES, {"cbf.json": "1"})
    (tmp_path / "d" / "README").write_text("my own words")
    told = json.loads((tmp_path / "d/dataset_description.json").read_text())
    told |= {"Name": "Mine", "Authors": ["A", "B"]}
    told["GeneratedBy"][0]["Version"] = "0.0.1"
    (tmp_path / "d/dataset_description.json").write_text(json.dumps(told))
    add(tmp_path / "d", LATER, {"cbf.json": "1"})
    now = json.loads((tmp_path / "d/dataset_description.json").read_text())
    assert (now["Name"], now["Authors"]) == ("Mine", ["A", "B"])
    assert len(now["GeneratedBy"]) == 2
    assert (tmp_path / "d" / "README").read_text() == "my own words"


def test_the_same_again_needs_overwrite_and_leaves_nothing_old(tmp_path):
    first = {"cbf.json": "old", "cbf_sd.json": "old", "brain_mask.json": "old", "k2.json": "old"}
    add(tmp_path / "d", NAMES, first)
    other = BidsNames.of("01", None, "phae-paper")
    add(tmp_path / "d", other, {"cbf.json": "other"})
    with pytest.raises(OutputError, match=r"sub-01 by phae already.*--overwrite"):
        check_dataset(tmp_path / "d", NAMES)
    with pytest.raises(OutputError, match="already"):
        add(tmp_path / "d", NAMES, {"cbf.json": "new"})
    add(tmp_path / "d", NAMES, {"cbf.json": "new"}, overwrite=True)
    assert [p for p in tree(tmp_path / "d") if "sub-" in p] == [
        "sub-01/perf/sub-01_desc-phae_cbf.json",
        "sub-01/perf/sub-01_desc-phaepaper_cbf.json",
    ]
    assert (tmp_path / "d/sub-01/perf/sub-01_desc-phae_cbf.json").read_text() == "new"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"notes.txt": "years of work"}, "no BIDS dataset"),
        ({"dataset_description.json": "{broken"}, "no BIDS dataset"),
        ({"dataset_description.json": "[]"}, "no BIDS dataset"),
        ({"dataset_description.json": json.dumps({"Name": "raw"})}, "'raw' by nobody"),
        (
            {"dataset_description.json": json.dumps(
                {"DatasetType": "derivative", "GeneratedBy": [{"Name": "fMRIPrep"}]})},
            "by fMRIPrep",
        ),
        (
            {"dataset_description.json": json.dumps({**OURS, "DatasetType": "raw"})},
            "'raw' by bolus",
        ),
        ({"dataset_description.json": json.dumps({**OURS, "GeneratedBy": "bolus"})}, "nobody"),
    ],
)  # fmt: skip
def test_the_folder_of_another_is_never_added_to(tmp_path, content, said):
    for name, text in content.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(OutputError, match=said):
        check_dataset(tmp_path, NAMES, overwrite=True)
    with pytest.raises(OutputError, match=said):
        add(tmp_path, NAMES, {"cbf.json": "1"}, overwrite=True)
    assert tree(tmp_path) == sorted(content)


def test_an_empty_folder_will_do_and_a_file_will_not(tmp_path):
    (tmp_path / "empty").mkdir()
    add(tmp_path / "empty", NAMES, {"cbf.json": "1"})
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="a file of this name"):
        check_dataset(tmp_path / "file", NAMES)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_failed_run_leaves_nothing(tmp_path, error):
    def run():
        with dataset_folder(tmp_path / "a" / "d", NAMES) as partial:
            (partial / "half").write_text("half")
            raise error

    with pytest.raises(error):
        run()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("fails_at", range(6))
def test_a_file_that_cannot_be_put_in_place_undoes_all(tmp_path, monkeypatch, fails_at):
    root, files = tmp_path / "d", {"cbf.json": "old", "mtt.json": "old", "report.html": "old"}
    add(root, NAMES, files)
    before = {name: (root / name).read_text() for name in tree(root)}
    rename, calls = Path.rename, []

    def failing(self, target):
        calls.append(target)
        if len(calls) == fails_at + 1:
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(OutputError, match="No space left"):
        add(root, NAMES, {**dict.fromkeys(files, "new"), "overview.png": "new"}, overwrite=True)
    assert {name: (root / name).read_text() for name in tree(root)} == before
    assert not (root / "sub-01" / "figures").exists()


def test_a_first_run_that_cannot_be_put_in_place_leaves_nothing(tmp_path, monkeypatch):
    def failing(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(OutputError):
        add(tmp_path / "d", NAMES, {"cbf.json": "1"})
    assert list(tmp_path.iterdir()) == []


def test_many_may_add_at_once(tmp_path):
    subjects = [f"{n:02d}" for n in range(24)]

    def one(subject):
        add(tmp_path / "a" / "d", BidsNames.of(subject, None, "phae"), {"cbf.json": subject})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, subjects))
    found = sorted((tmp_path / "a/d").glob("sub-*/perf/*_cbf.json"))
    assert [path.read_text() for path in found] == subjects
    told = json.loads((tmp_path / "a/d/dataset_description.json").read_text())
    assert len(told["GeneratedBy"]) == 1


def test_a_folder_under_version_control_counts_as_empty(tmp_path):
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("ref")
    add(tmp_path, NAMES, {"cbf.json": "1"})
    assert (tmp_path / "dataset_description.json").exists()


def test_the_summary_enters_last(tmp_path, monkeypatch):
    rename, moved = Path.rename, []

    def watched(self, target):
        moved.append(target.name)
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", watched)
    add(tmp_path / "d", NAMES, {"ttp.json": "1", "summary.json": "1", "cbf.json": "1"})
    assert moved[-1] == "sub-01_desc-phae_summary.json"


class TestRaw:
    @pytest.fixture
    def raw(self, tmp_path):
        folder = tmp_path / "secret-name" / "sub-01" / "ses-2" / "perf"
        folder.mkdir(parents=True)
        (folder / "sub-01_ses-2_dsc.nii.gz").touch()
        told = {"Name": "raw", "DatasetDOI": "doi:10.1/2"}
        (tmp_path / "secret-name/dataset_description.json").write_text(json.dumps(told))
        return tmp_path / "secret-name"

    def test_is_found(self, raw):
        path = raw / "sub-01/ses-2/perf/sub-01_ses-2_dsc.nii.gz"
        assert raw_dataset(path) == (raw, "sub-01/ses-2/perf/sub-01_ses-2_dsc.nii.gz")

    @pytest.mark.parametrize(
        "path", ["dsc.nii.gz", "sub-01/perf/dsc.nii.gz", "sub-01/anat/sub-01_T1w.nii.gz",
                 "sub-02/perf/sub-01_dsc.nii.gz"]
    )  # fmt: skip
    def test_other_files_are_of_no_dataset(self, raw, path):
        assert raw_dataset(raw / path) is None

    def test_is_linked_only_from_within(self, raw, tmp_path):
        assert raw_link(raw / "derivatives" / "bolus", raw) == "../.."
        assert raw_link(tmp_path / "elsewhere", raw) is None

    def test_is_told_without_a_path(self, raw, tmp_path):
        for root in (raw / "derivatives" / "bolus", tmp_path / "elsewhere"):
            add(root, NAMES, {"cbf.json": "1"}, raw=raw)
            text = (root / "dataset_description.json").read_text()
            assert json.loads(text)["SourceDatasets"] == [{"DOI": "doi:10.1/2"}]
            assert "secret" not in text
            assert ("DatasetLinks" in json.loads(text)) == (root.name == "bolus")
