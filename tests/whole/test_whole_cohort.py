"""A digital cohort from the shell."""

import json

import pytest

import bolus
from bolus.io.cohort import read_participants

SMALL = ("--matrix", "28,28,3", "--frames", 40, "--low", 1, "--high", 2)


def test_cohort_from_the_shell(run, tmp_path):
    out = tmp_path / "cohort"
    options = ("--seed", 5, "--protocol", "3T", "--train", 1, "--jobs", 1)
    code, said, err = run("simulate", "cohort", "-o", out, *SMALL, *options)
    assert code == 0, err
    assert said.strip() == f"3 patients in {out}"
    found = read_participants(out)
    assert [one.grade for one in found].count("HGG") == 2
    assert {one.details["field_t"] for one in found} == {"3.0"}
    series = bolus.read_series(found[0].series)
    assert series.signal.shape == (28, 28, 3, 40)
    assert series.te == 0.02
    told = json.loads((out / "summary.json").read_text())["simulated_cohort"]
    assert (told["seed"], told["protocol"], len(told["patients"])) == (5, "3T", 3)
    code, _, err = run("simulate", "cohort", "-o", out, *SMALL, "-j", 1)
    assert code == 2
    assert "exists" in err
    assert run("simulate", "cohort", "-o", out, *SMALL, "-j", 1, "-q", "--overwrite") == (0, "", "")
    assert {one.split for one in read_participants(out)} == {None}


@pytest.mark.parametrize(
    ("option", "words"),
    [
        (("--low", 0), "each grade"),
        (("--train", 49), "each grade"),
        (("--protocol", "7T"), "1.5T, 3T, mixed"),
        (("--matrix", "1,2"), "--matrix"),
        (("--matrix", "8,8,2", "--low", 1, "--high", 1, "-j", 1), "24×24×1"),
        (("--frames", 5, "--low", 1, "--high", 1, "-j", 1), "30 frames"),
        (("--jobs", 0), "at least one job"),
    ],
)
def test_refused(run, tmp_path, option, words):
    code, _, err = run("simulate", "cohort", "-o", tmp_path / "cohort", *option)
    assert code == 2
    assert words in err
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
