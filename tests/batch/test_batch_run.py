"""Many series at once: each has its own result, one failure stops no other, a page over all."""

import csv
import gc
import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
from matplotlib.figure import Figure

from altered import undraw
from bolus.batch import find_inputs, is_many, map_all
from bolus.batch.work import check_shared, done_of, made_alike
from bolus.cli import main
from bolus.data import InputError
from bolus.io import write_series, write_volume
from bolus.options import MapOptions
from bolus.phantom import simulate_patient
from kept import kept

LIGHT = ("--motion", "off", "--no-drift", "--no-unmix", "-m", "osvd", "-j", "1")


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    """A BIDS dataset of two participants with tumour masks, a third whose file is broken."""
    root = tmp_path_factory.mktemp("many") / "Mustermann_Erika" / "raw"
    made = simulate_patient(seed=5, shape=(24, 24, 3), frames=30, snr=60, tumor="high")
    series = made.series
    names = ("sub-01/perf/sub-01", "sub-02/ses-a/perf/sub-02_ses-a", "sub-03/perf/sub-03")
    for n, name in enumerate(names, start=1):
        path = root / f"{name}_dsc.nii.gz"
        path.parent.mkdir(parents=True)
        write_series(path, series.signal * n, series.grid, series.dt, series.te)
        write_volume(root / f"{name}_tumor.nii.gz", made.masks.tumor, series.grid)
    (root / "sub-03/perf/sub-03_dsc.nii.gz").write_bytes(b"nothing")
    (root / "sub-01/perf/sub-01_echo-2_dsc.nii.gz").write_bytes(b"a second echo")
    about = {"Name": "Raw", "BIDSVersion": "1.10.0"}
    (root / "dataset_description.json").write_text(json.dumps(about))
    return root


@pytest.fixture(scope="module")
def made(raw, tmp_path_factory):
    """One run over the dataset from the shell."""
    out = tmp_path_factory.mktemp("out") / "all"
    with pytest.MonkeyPatch.context() as patch:
        undraw(patch)
        with pytest.raises(SystemExit) as stop:
            main(["maps", str(raw), "-o", str(out), *LIGHT])
    return SimpleNamespace(out=out, code=stop.value.code)


def table(folder):
    with (folder / "results.tsv").open() as file:
        return {line["label"]: line for line in csv.DictReader(file, delimiter="\t")}


def test_one_failure_stops_no_other_and_the_exit_status_says_it(made):
    assert made.code == 2
    lines = table(made.out)
    assert {label: line["state"] for label, line in lines.items()} == {
        "sub-01": "done",
        "sub-02_ses-a": "done",
        "sub-03": "failed",
    }
    assert "damaged" in lines["sub-03"]["error"]
    assert float(lines["sub-01"]["cbf"]) == pytest.approx(float(lines["sub-02_ses-a"]["cbf"]))
    folders = sorted(path.name for path in made.out.iterdir())
    assert folders == ["index.html", "results.tsv", "sub-01", "sub-02_ses-a"]


def test_the_page_shows_all_and_names_nobody(made):
    page = (made.out / "index.html").read_text()
    for shown in ("sub-01/report.html", "sub-02_ses-a/overview.png", "median CBF", "baseline SNR"):
        assert shown in page
    assert "<td>this compressed NIfTI file is cut short" in page
    assert "Mustermann" not in page + (made.out / "results.tsv").read_text()
    assert "<script" not in page


def test_a_run_goes_on_where_it_stopped(made, raw, monkeypatch, tmp_path):
    undraw(monkeypatch)
    inputs = find_inputs([raw], ["01", "sub-02"])
    options = MapOptions.from_mapping(
        {"motion": "off", "drift": False, "unmix": False, "method": "osvd"}, "t"
    )
    before = (made.out / "sub-01" / "summary.json").stat().st_mtime_ns
    again = map_all(inputs, made.out, options, jobs=1, resume=True)
    assert [one.state for one in again.outcomes] == ["kept", "kept"]
    assert (made.out / "sub-01" / "summary.json").stat().st_mtime_ns == before
    other = replace(options, estimation=replace(options.estimation, method="svd"))
    refused = map_all(inputs[:1], made.out, other, jobs=1, resume=True)
    assert "of other options" in (refused.failed[0].error or "")
    (stays,) = map_all(inputs[:1], made.out, options, jobs=1).failed
    assert "exists" in (stays.error or "")


def test_the_result_of_a_worker_that_was_lost_is_taken(raw, monkeypatch, tmp_path):
    """It is killed when all is written and nothing said: the task is done again by another."""
    undraw(monkeypatch)
    options = MapOptions.from_mapping(
        {"motion": "off", "drift": False, "unmix": False, "method": "osvd"}, "t"
    )

    def twice(*task):
        done_of(*task)
        return done_of(*task)

    monkeypatch.setattr("bolus.batch.run.done_of", twice)
    made = map_all(find_inputs([raw], ["01"]), tmp_path / "out", options, jobs=1)
    assert [one.state for one in made.outcomes] == ["done"]


def test_no_picture_stays_in_memory(raw, monkeypatch, tmp_path):
    """Figures are cycles, 25 MB a patient: they go with it, not when Python comes to it."""
    table = {"motion": "off", "drift": False, "unmix": False, "method": "osvd", "leakage": "off"}
    options, drawn = MapOptions.from_mapping(table, "t"), []
    held = Figure.savefig
    monkeypatch.setattr(
        Figure, "savefig", lambda *given, **named: drawn.append(1) or held(*given, **named)
    )
    gc.collect()
    before = kept(Figure)
    gc.disable()
    try:
        done = done_of(find_inputs([raw], ["01"])[0], tmp_path / "out", options, False)
        assert kept(Figure) == before
    finally:
        gc.enable()
    assert done.error is None
    assert drawn


def test_a_dataset_of_derivatives_and_masks_of_every_participant(raw, monkeypatch, tmp_path):
    undraw(monkeypatch)
    table = {"motion": "off", "drift": False, "unmix": False, "method": "osvd", "bids": True}
    table |= {"tumor": f"{raw}/sub-01/perf/{{label}}_tumor.nii.gz", "leakage": "off"}
    options = MapOptions.from_mapping(table, "t")
    made = map_all(find_inputs([raw], ["01"]), tmp_path / "ds", options, jobs=1)
    assert made.failed == ()
    assert (tmp_path / "ds" / "sub-01_desc-osvd_report.html").is_file()
    assert list((tmp_path / "ds").rglob("*label-tumor_desc-osvd_mask.nii.gz"))
    assert "index.html" in (tmp_path / "ds" / ".bidsignore").read_text()
    numbers = made.outcomes[0].numbers
    assert numbers["method"] == "osvd"
    assert any("tumour" in title for title in numbers)
    assert made.outcomes[0].picture == "sub-01/figures/sub-01_desc-osvd_overview.png"


def test_a_bug_in_one_is_reported_and_stops_no_other(raw, monkeypatch, tmp_path):
    undraw(monkeypatch)
    seen = []

    class Reporter:
        def __getattr__(self, name):
            return lambda *told: seen.append((name, *told))

    def broken(self, *_):
        raise ZeroDivisionError("of a bug")

    monkeypatch.setattr(MapOptions, "run_on", broken)
    made = map_all(
        find_inputs([raw], ["01", "02"]),
        tmp_path / "out",
        MapOptions(),
        jobs=1,
        reporter=Reporter(),
    )
    assert [one.error for one in made.failed] == ["unexpected ZeroDivisionError: of a bug"] * 2
    assert any(name == "note" and "Traceback" in told[0] for name, *told in seen)


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({"tumor": "t.nii.gz"}, "--tumor is of one patient"),
        ({"aif": "a.tsv"}, "--aif is of one patient"),
        ({"subject": "01"}, "--subject is of one patient"),
        ({"reference": "m.nii.gz"}, "put {label} in the path"),
        ({"anatomy": ["{label}.nii", "t1.nii"]}, "--anatomy is of one patient"),
    ],
)
def test_what_is_of_one_patient_is_refused_for_many(table, told):
    with pytest.raises(InputError) as error:
        check_shared(MapOptions.from_mapping(table, "t"))
    assert told in str(error.value)


def test_what_is_of_all_is_not():
    shared = {"tumor": "{label}.nii.gz", "reference": "mirror", "aif": "auto", "weights": "w"}
    shared |= {"anatomy": ["{label}-t1c.nii", "{label}-flair.nii"]}
    check_shared(MapOptions.from_mapping(shared, "t"))


def test_inputs_are_named_apart(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "dsc.nii.gz").write_bytes(b"")
    both = [tmp_path / name / "dsc.nii.gz" for name in ("a", "b")]
    assert [one.label for one in find_inputs(both)] == ["a_dsc", "b_dsc"]
    assert [one.label for one in find_inputs([tmp_path / "a", both[1]])] == ["a", "dsc"]
    with pytest.raises(InputError, match="called a_dsc"):
        find_inputs([both[0], both[0]])
    assert is_many(both)
    assert not is_many(both[:1])


def test_participants_are_of_a_dataset(raw, tmp_path):
    assert [one.label for one in find_inputs([raw])] == ["sub-01", "sub-02_ses-a", "sub-03"]
    with pytest.raises(InputError, match="no series of sub-07"):
        find_inputs([raw], ["07", "01"])
    with pytest.raises(InputError, match="no BIDS dataset"):
        find_inputs([tmp_path], ["01"])
    (tmp_path / "dataset_description.json").write_text("{}")
    with pytest.raises(InputError, match="sub-XX/perf/sub-XX_dsc"):
        find_inputs([tmp_path])


def test_options_that_make_other_maps_are_not_alike():
    usual = MapOptions.from_mapping({"method": "joint", "te": 0.03}, "t")
    assert made_alike(MapOptions(), usual)
    for other in ({"method": "osvd"}, {"spatial": False}, {"drift": False}, {"te": 0.04}):
        assert not made_alike(MapOptions.from_mapping(other, "t"), usual)
