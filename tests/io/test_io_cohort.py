"""A cohort on disk: what participants.tsv says, and what it may not."""

import json

import pytest

from bolus.data import InputError
from bolus.io.cohort import (
    LABELS,
    mask_path,
    participant_name,
    read_participants,
    read_table,
    series_path,
    truth_path,
    write_dataset,
    write_participants,
)

ROWS = [
    {"participant_id": "sub-01", "grade": "LGG", "split": "train", "age": 41},
    {"participant_id": "sub-02", "grade": "HGG", "split": "test", "age": 63},
]


@pytest.fixture
def table(tmp_path):
    """Write participants.tsv as given; returns the cohort's folder."""

    def write(text):
        (tmp_path / "participants.tsv").write_bytes(
            text.encode() if isinstance(text, str) else text
        )
        return tmp_path

    return write


def test_round_trip(tmp_path):
    write_participants(tmp_path, ROWS)
    write_dataset(tmp_path, "Ours")
    one, two = read_participants(tmp_path)
    assert (one.name, one.grade, one.split, one.details) == (
        "sub-01",
        "LGG",
        "train",
        {"age": "41"},
    )
    assert (two.name, two.grade, two.split, two.details) == ("sub-02", "HGG", "test", {"age": "63"})
    assert one.series == tmp_path / "sub-01" / "perf" / "sub-01_dsc.nii.gz"
    assert (one.masks, one.truth) == ({}, {})
    told = json.loads((tmp_path / "dataset_description.json").read_text())
    assert (told["Name"], told["DatasetType"]) == ("Ours", "raw")
    assert told["GeneratedBy"][0]["Name"] == "bolus"
    ignored = (tmp_path / ".bidsignore").read_text().split()
    assert "*_dsc.nii.gz" in ignored
    assert "*_mask.nii.gz" in ignored


def test_files_that_are_there_are_found(tmp_path):
    write_participants(tmp_path, ROWS)
    series_path(tmp_path, "sub-02").parent.mkdir(parents=True)
    for label in ("tumor", "nawm"):
        mask_path(tmp_path, "sub-02", label).touch()
    for quantity in ("cbf", "tmax"):
        truth_path(tmp_path, "sub-02", quantity).touch()
    (tmp_path / "sub-02" / "perf" / "sub-02_label-nosuch_mask.nii.gz").touch()
    one, two = read_participants(tmp_path)
    assert (dict(one.masks), dict(one.truth)) == ({}, {})
    assert set(two.masks) == {"tumor", "nawm"} < set(LABELS)
    assert {name: path.name for name, path in two.truth.items()} == {
        "cbf": "sub-02_desc-truth_cbf.nii.gz",
        "tmax": "sub-02_desc-truth_tmax.nii.gz",
    }


def test_order_is_that_of_the_table(table):
    text = "participant_id\tgrade\nsub-9\tHGG\nsub-10\tLGG\nsub-1\tHGG\n"
    assert [one.name for one in read_participants(table(text))] == ["sub-9", "sub-10", "sub-1"]


@pytest.mark.parametrize(
    ("row", "want"),
    [
        ("sub-a1\tlgg\ttest", ("sub-a1", "LGG", "test")),
        ("a1\tHGG\tn/a", ("sub-a1", "HGG", None)),
        (" sub-a1 \t hgg \t TRAIN ", ("sub-a1", "HGG", "train")),
        ("sub-a1\tHGG\t", ("sub-a1", "HGG", None)),
    ],
)
def test_what_is_forgiven(table, row, want):
    (one,) = read_participants(table(f"participant_id\tgrade\tsplit\n{row}\n"))
    assert (one.name, one.grade, one.split) == want


def test_byte_order_mark_and_windows_line_ends(table):
    folder = table(b"\xef\xbb\xbfparticipant_id\tgrade\r\nsub-1\tHGG\r\n")
    assert read_participants(folder)[0].grade == "HGG"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "names no participant"),
        ("participant_id\tgrade\n", "names no participant"),
        ("participant_id\tgrade\n\tHGG\n", "line 2: no participant_id"),
        ("participant_id\tgrade\nsub-1\t\n", "line 2: no grade"),
        ("participant_id\tgrade\nsub-1\tn/a\n", "LGG or HGG, found 'N/A'"),
        ("participant_id\tage\nsub-1\t40\n", "no grade"),
        ("grade\nHGG\n", "no participant_id"),
        ("participant_id\tgrade\nsub-1\tIV\n", "LGG or HGG, found 'IV'"),
        ("participant_id\tgrade\tsplit\nsub-1\tHGG\tvalid\n", "train or test, found 'valid'"),
        ("participant_id\tgrade\nsub-1\tHGG\nsub-2\tLGG\n1\tHGG\n", "line 4: sub-1 stands there"),
        ("participant_id\tgrade\nsub-1\n", "line 2: as many"),
        ("participant_id\tgrade\nsub-1\tHGG\tmore\n", "line 2: as many"),
        ("participant_id,grade\nsub-1,HGG\n", "no participant_id"),
        ("participant_id\tgrade\nsub-1_2\tHGG\n", "line 2: a participant is letters and digits"),
        ("participant_id\tgrade\n../sub-1\tHGG\n", "letters and digits"),
        (b"participant_id\tgrade\nsub-\xff\tHGG\n", "cannot be read"),
    ],
)
def test_what_is_refused(table, text, words):
    folder = table(text)
    with pytest.raises(InputError, match=words) as caught:
        read_participants(folder)
    assert "participants.tsv" in str(caught.value)


def test_no_table_no_cohort(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_participants(tmp_path)
    with pytest.raises(InputError, match="cannot be read"):
        read_table(tmp_path)


@pytest.mark.parametrize("given", ["", "sub-", "sub-1 2", "sub-é", "sub-1/2", "sub-sub-1"])
def test_names_bids_does_not_allow(given):
    with pytest.raises(InputError, match="letters and digits"):
        participant_name(given)


def test_names_with_and_without_prefix():
    assert participant_name("01") == participant_name("sub-01") == "sub-01"
