"""Whole studies: what is written, what is refused, what is not done twice."""

import csv
import json
import math
import re
import shutil
import socket
import sys
from dataclasses import replace
from functools import partial
from importlib import import_module
from itertools import combinations
from pathlib import Path
from subprocess import DEVNULL, Popen
from types import SimpleNamespace
from unittest.mock import Mock

import numpy as np
import pytest

from altered import BARE, MIXED, leaking
from bolus.base.progress import QUIET, Quiet
from bolus.cli import main
from bolus.data import InputError, MotionCorrection, OutputError
from bolus.estimators.paper.config import PaperConfig
from bolus.estimators.phae import read_weights
from bolus.grading import Shared, auc, read_cutoff
from bolus.io import read_map, read_mask, read_series, write_series
from bolus.io.cohort import read_participants
from bolus.learning.surrogate.recipe import RECIPES
from bolus.patient import PatientMaps, perfusion_maps
from bolus.phantom import simulate_cohort
from bolus.study import StudySettings, patient, run, run_study
from bolus.study.patient import examine
from bolus.study.table import table_rows
from bolus.study.work import work_folder

SMALL = StudySettings(
    methods=("osvd", "phae"), snrs=(math.inf, 20.0), resamples=200, preparation=MIXED
)
LIGHT = replace(SMALL, methods=("osvd",), snrs=(math.inf,), preparation=BARE)
CALL = {"settings": SMALL, "split": "all", "jobs": 1}

pytestmark = pytest.mark.usefixtures("unrendered")  # but in what ``results`` has made before


@pytest.fixture(scope="module")
def results(cohort, tmp_path_factory):
    out = tmp_path_factory.mktemp("results") / "out"
    return out, run_study(cohort, out, **CALL)


def table(path):
    with path.open() as file:
        return list(csv.DictReader(file))


def command(*arguments):
    try:
        main(["study", *map(str, arguments)])
    except SystemExit as stop:
        return stop.code or 0
    return 0


def test_every_file_is_there_and_nothing_else_is_left(results):
    out, _ = results
    names = {p.name for p in out.iterdir()}
    figures = {
        f"figure-{n}.{e}" for n in ("maps", "grading", "roc", "noise") for e in ("png", "svg")
    }
    assert names == figures | {
        "patients.csv",
        "table1.csv",
        "table1.md",
        "report.html",
        "results.json",
        "summary.json",
        "maps",
    }
    assert not work_folder(out).exists()


def test_tables_fit_on_the_page(results, chromium_page):
    """No table is cut off at its right edge, such as by a long heading of a section."""
    visit = chromium_page(results[0] / "report.html")
    widths = visit.page.evaluate(
        "[...document.querySelectorAll('.scroll')].map(e => [e.scrollWidth, e.clientWidth])"
    )
    assert len(widths) >= 3
    assert all(inside <= outside for inside, outside in widths)


def test_a_line_a_patient_method_and_noise(results, cohort):
    out, study = results
    rows = table(out / "patients.csv")
    assert len(rows) == 7 * 2 * 2
    keys = {(r["participant_id"], r["method"], r["snr"]) for r in rows}
    assert len(keys) == len(rows)
    grades = {r["participant_id"]: r["grade"] for r in rows}
    assert grades == {p.name: p.grade for p in read_participants(cohort)}
    assert all(float(r["seconds_estimation"]) > 0 for r in rows)
    for r in rows:
        expected = float(r["tumor"]) / float(r["reference"])
        assert float(r["ratio"]) == pytest.approx(expected, rel=1e-4)
        parts = ("reading", "preparing", "estimation", "writing")
        total = sum(float(r[f"seconds_{p}"]) for p in parts)
        assert float(r["seconds"]) == pytest.approx(total, rel=1e-3)
    assert {bool(r["ratio_low"]) for r in rows if r["method"] == "osvd"} == {False}
    assert all(
        float(r["ratio_low"]) < float(r["ratio"]) < float(r["ratio_high"])
        for r in rows
        if r["method"] == "phae"
    )
    assert study.failed == ()


def test_the_ratio_is_that_of_the_maps(results, cohort):
    """An independent way to the same number: the pipeline, then means over the masks."""
    out, _ = results
    one = read_participants(cohort)[0]
    series = read_series(one.series)
    masks = {label: read_mask(path, series.grid) for label, path in one.masks.items()}
    given = (masks["aif"], masks["brain"])  # a study leaves motion in
    maps = perfusion_maps(
        series, "osvd", *given, regions={"tumor": masks["tumor"]}, preparation=MIXED
    )
    expected = np.nanmean(maps.cbf[masks["tumor"]]) / np.nanmean(maps.cbf[masks["nawm"]])
    row = next(
        r
        for r in table(out / "patients.csv")
        if (r["participant_id"], r["method"], r["snr"]) == (one.name, "osvd", "none")
    )
    assert float(row["ratio"]) == pytest.approx(float(expected), rel=1e-4)
    kept, _ = read_map(out / "maps" / f"{one.name}_desc-osvd_cbf.nii.gz")
    np.testing.assert_array_equal(kept, maps.cbf)


def test_the_true_ratio_is_the_cohorts(results, cohort):
    out, _ = results
    told = {p.name: float(p.details["true_cbf_ratio"]) for p in read_participants(cohort)}
    for row in table(out / "patients.csv"):
        assert float(row["true_ratio"]) == pytest.approx(told[row["participant_id"]], rel=1e-3)


def test_the_table_is_of_the_rows(results):
    out, study = results
    rows = table(out / "patients.csv")
    for line in table(out / "table1.csv"):
        if line["method"] == "truth":
            continue
        own = [r for r in rows if (r["method"], r["snr"]) == (line["method"], line["snr"])]
        area = auc([float(r["ratio"]) for r in own], [r["grade"] == "HGG" for r in own])
        assert float(line["auc"]) == pytest.approx(area, abs=1e-5)
    assert [row.method for row in study.table].count("truth") == 1
    told = json.loads((out / "results.json").read_text())
    assert {(r["method"], r["snr"]) for r in told["table"]} == {
        (m, s) for m in ("osvd", "phae") for s in ("none", "20")
    }


def test_a_cut_off_can_be_read_back(results):
    out, study = results
    cutoff = read_cutoff(out / "results.json", "phae")
    row = next(r for r in study.table if (r.method, r.snr) == ("phae", "none"))
    assert cutoff.value == pytest.approx(row.roc.cutoff)
    assert cutoff.method == "phae"
    assert "tiny" in cutoff.cohort


def test_the_page_needs_nothing_else(results):
    out, _ = results
    page = (out / "report.html").read_text()
    sources = re.findall(r'(?:src|href)="([^"]{0,30})', page)
    assert len(sources) == 4
    assert all(source.startswith("data:image/png;base64,") for source in sources)
    assert "http" not in page.replace("http-equiv", "")
    assert "<script" not in page
    assert "not a medical device" in page
    for words in ("true ratio", "Figure 3", "Figure 4", "Figure 5", "DeLong", "QIN-BRAIN-DSC-MRI"):
        assert words in page


def test_the_same_seed_gives_the_same_numbers(results, cohort, tmp_path):
    """In other processes, some of the patients, and at one of the levels of noise."""
    _, study = results
    settings = replace(SMALL, snrs=(20.0,))
    again = run_study(cohort, tmp_path / "again", settings=settings, split="train", jobs=2)

    def ratios(one):
        return {(r.participant_id, r.method, r.snr): r.ratio for r in one.rows}

    expected = ratios(study)
    assert len(again.rows) == 3 * 2
    assert all(value == expected[key] for key, value in ratios(again).items())
    (noisy,) = examine(
        read_participants(cohort)[0],
        replace(SMALL, seed=1, methods=("osvd",), snrs=(20.0,)),
        {},
        None,
    )
    (row,) = noisy.rows
    assert row.ratio != expected[row.participant_id, "osvd", "20"]


def test_test_patients_are_taken_where_there_are_any(cohort, tmp_path):
    study = run_study(cohort, tmp_path / "out", settings=LIGHT, jobs=1)
    assert {p.split for p in study.participants} == {"test"}
    assert len(study.participants) == 4
    assert not (tmp_path / "out" / "figure-noise.png").exists()


def test_one_bad_patient_stops_no_other(copied, tmp_path, capfd):
    listed = copied / "participants.tsv"
    lines = listed.read_text().splitlines(keepends=True)
    listed.write_text("".join([*lines[:4], lines[-1]]))  # four patients, of both grades
    broken, without, *_ = read_participants(copied)
    broken.series.write_bytes(b"not an image")
    without.masks["nawm"].unlink()
    out = tmp_path / "out"
    options = ("--methods", "osvd", "--snr", "none", "--split", "all", "--jobs", "1")
    options = (*options, "--leakage", "off")
    assert command(copied, "-o", out, *options) == 0
    _, err = capfd.readouterr()
    assert f"skipped {broken.name} at SNR none" in err
    assert f"{without.name}: no mask of nawm" in err
    told = json.loads((out / "results.json").read_text())
    assert {f["participant_id"] for f in told["failed"]} == {broken.name, without.name}
    assert {row["grade"] for row in table(out / "patients.csv")} == {"LGG", "HGG"}
    page = (out / "report.html").read_text()
    assert broken.name in page
    assert str(tmp_path) not in page + (out / "results.json").read_text()


def test_nothing_is_written_when_no_patient_can_be_used(copied, tmp_path, capfd):
    for one in read_participants(copied):
        one.series.write_bytes(b"not an image")
    out = tmp_path / "out"
    assert command(copied, "-o", out, "--snr", "none", "--methods", "osvd", "--jobs", "1") == 2
    assert "no patient can be used" in capfd.readouterr().err
    assert not out.exists()


def test_what_is_finished_is_not_done_again(cohort, tmp_path, monkeypatch):
    settings = replace(LIGHT, snrs=SMALL.snrs)
    out, seen = tmp_path / "out", []

    def counted(participant, *arguments):
        seen.append(participant.name)
        return examine(participant, *arguments)

    class Stop(Quiet):
        def advance(self, done, total, label):
            if done == 5:
                raise KeyboardInterrupt

    monkeypatch.setattr(run, "examine", counted)
    with pytest.raises(KeyboardInterrupt):
        run_study(cohort, out, settings=settings, split="all", jobs=1, reporter=Stop())
    assert len(seen) == 5
    assert not out.exists()
    with pytest.raises(OutputError, match="--resume"):
        run_study(cohort, out, settings=settings, split="all", jobs=1)
    other = replace(settings, seed=9)
    with pytest.raises(InputError, match="another study"):
        run_study(cohort, out, settings=other, split="all", jobs=1, resume=True)
    study = run_study(cohort, out, settings=settings, split="all", jobs=1, resume=True)
    assert len(seen) == 7
    assert len({(r.participant_id, r.snr) for r in study.rows}) == 14
    assert not work_folder(out).exists()


def test_who_was_trained_on_is_counted_not_who_was_offered(tmp_path, monkeypatch):
    known = SimpleNamespace(provenance={"series": 5, "series_held_out": 2})
    monkeypatch.setattr(run, "train", lambda path, *_, **__: SimpleNamespace(path=path))
    monkeypatch.setattr(run, "read_weights", lambda path: known)
    offered = [Path(f"{number}.nii") for number in range(8)]
    _, told = run._weights({"phae-paper": "paper"}, offered, SMALL, tmp_path, False, QUIET)
    assert "trained on 5 other patients" in told
    assert "2 held out" in told
    assert "1 could not be used" in told


def test_a_ratio_that_is_not_judged_takes_no_other_away():
    """CBV keeps its sign: at low SNR its mean in white matter may be below zero."""
    volumes = {"cbf": np.full((4, 4, 4), 2.0), "cbv": np.full((4, 4, 4), -1.0)}
    known = {"volumes": volumes, "volume": volumes.__getitem__, "own_sd": {}.get}
    maps = Mock(spec=PatientMaps, method="osvd", **known)
    half = np.arange(64).reshape(4, 4, 4) < 32
    case = Mock(spec=patient._Case, masks={"tumor": half, "nawm": ~half})
    found = patient._ratios(maps, case, "cbf")
    assert found["ratio"] == 1
    assert np.isnan(found["cbv_ratio"])
    with pytest.raises(InputError):
        patient._ratios(maps, case, "cbv")


def test_weights_are_trained_on_others(cohort, tmp_path, monkeypatch):
    few = {"channels": (4, 8), "epochs": 1, "batch": 192}
    tiny, seen = PaperConfig(), []
    pupil = replace(RECIPES["temporal", "small"], epochs=1, tower=(4, 8), hidden=8, batch=128)

    def small(path, series, **options):
        seen.extend(series)
        return run_training(
            path,
            series,
            **{
                **options,
                "sample": replace(options["sample"], voxels=200),
                "recipe": replace(options["recipe"] or tiny, **few)
                if options["preset"] == "paper"
                else pupil,
            },
        )

    run_training = run.train
    monkeypatch.setattr(run, "train", small)
    methods = ("phae-paper", "phae-paper-exponential", "phae-paper-gamma")
    settings = replace(LIGHT, methods=(*methods, "temporal"))
    out = tmp_path / "out"
    study = run_study(cohort, out, settings=settings, train_preset="paper,temporal", jobs=1)
    assert read_weights(out / "temporal.safetensors").config["target"] == "osvd"
    assert "temporal by the maps of osvd" in study.trained
    residues = [read_weights(out / f"{name}.safetensors").config["residue"] for name in methods]
    assert residues == ["lorentzian", "exponential", "gamma"]
    assert {(p.first, p.second) for p in study.pairs} >= {*combinations(methods, 2)}
    assert "the decoder's residue matter?" in (out / "table1.md").read_text()
    trained = {p.name for p in read_participants(cohort) if p.split == "train"}
    assert {Path(path).name.split("_")[0] for path in seen} == trained
    assert not trained & {row.participant_id for row in study.rows}
    assert (out / "phae-paper.safetensors").exists()
    assert (
        "trained on 2 other patients of the cohort, 1 held out" in (out / "report.html").read_text()
    )
    with pytest.raises(InputError, match="--train paper makes them"):
        run_study(cohort, tmp_path / "plain", settings=settings, jobs=1)
    settings = replace(settings, methods=methods[:1])
    plain = run_study(cohort, tmp_path / "plain", settings=settings, jobs=1)
    assert [r.ratio for r in plain.rows] != [
        r.ratio for r in study.rows if r.method == "phae-paper"
    ]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--methods", "magic"), "different ones of"),
        (("--methods", "osvd,osvd"), "different ones of"),
        (("--snr", "loud"), "number or 'none'"),
        (("--snr", "-3"), "positive"),
        (("--split", "some"), "test, train, all"),
        (("--train", "osvd"), "paper, phae"),
        (("--train", "paper", "--split", "all"), "not to be tested"),
        (("--train", "paper", "--methods", "osvd"), "not among the methods"),
        (("--resamples", "3"), "100 resamples"),
        (("--map", "mtt"), "cbf, cbv, cbv_corrected"),
        (("--map", "cbv_corrected", "--leakage", "off"), "without leakage correction"),
        (("--leakage", "x"), "free, bsw"),
        (("--jobs", "0"), "at least one job"),
    ],
)
def test_refusals(cohort, tmp_path, capfd, options, words):
    assert command(cohort, "-o", tmp_path / "out", *options) == 2
    out, err = capfd.readouterr()
    assert words in err
    assert len(err.strip().splitlines()) == 1
    assert out == ""
    assert not (tmp_path / "out").exists()


def test_a_folder_without_participants_is_refused(tmp_path, capfd):
    assert command(tmp_path, "-o", tmp_path / "out") == 2
    assert "participants.tsv" in capfd.readouterr().err


def test_names_are_escaped_on_the_page(cohort, tmp_path):
    spoilt = shutil.copytree(cohort, tmp_path / "copied <b>")
    run_study(spoilt, tmp_path / "out", settings=LIGHT, jobs=1)
    page = (tmp_path / "out" / "report.html").read_text()
    assert "copied &lt;b&gt;" in page
    assert "copied <b>" not in page


def test_the_arterial_input_is_noisy_only_when_asked(cohort):
    one = read_participants(cohort)[0]
    ask = partial(examine, one, weights={}, folder=None)
    settings = replace(LIGHT, snrs=(15.0,))
    (quiet,) = ask(settings=settings)
    (noisy,) = ask(settings=replace(settings, noisy_aif=True))
    assert quiet.rows[0].ratio != noisy.rows[0].ratio
    assert quiet.rows[0].snr_achieved == pytest.approx(15.0, rel=0.03)
    assert noisy.rows[0].snr_achieved == pytest.approx(15.0, rel=0.03)


def test_tissue_is_taken_off_the_arterial_input_only_when_asked(cohort):
    one = read_participants(cohort)[0]
    (mixed,) = examine(one, LIGHT, {}, None)
    (unmixed,) = examine(one, replace(LIGHT, preparation=leaking(False)), {}, None)
    assert mixed.rows[0].ratio != unmixed.rows[0].ratio


def test_a_patient_is_read_and_measured_once_for_all_noise(cohort, monkeypatch):
    """Frames and arterial input do not depend on the noise that is added.

    No reference region is looked for, for that of a study is a mask.
    """
    monkeypatch.setattr("bolus.findings.reference.find_reference", None)
    one = read_participants(cohort)[0]
    calls = []

    def counted(name):
        return lambda *a, **k: (calls.append(name), functions[name](*a, **k))[1]

    places = {
        "read_series": patient,
        "find_series_frames": import_module("bolus.preprocess.prepare"),
        "aif_from_mask": import_module("bolus.patient.given"),
    }
    functions = {name: getattr(place, name) for name, place in places.items()}
    for name, place in places.items():
        monkeypatch.setattr(place, name, counted(name))
    settings = replace(LIGHT, snrs=(math.inf, 30.0, 20.0))
    found = examine(one, settings, {}, None)
    assert [one.error for one in found] == [None] * 3
    assert sorted(calls) == sorted(places)
    calls.clear()
    assert len(examine(one, replace(settings, noisy_aif=True), {}, None)) == 3
    assert calls.count("read_series") == 1
    assert calls.count("aif_from_mask") == 3


def test_what_a_series_lacks_of_an_snr_is_said(cohort):
    """Noise cannot be taken away: a level above the series' own adds none, and the row says so."""
    one = read_participants(cohort)[0]
    settings = replace(LIGHT, snrs=(math.inf, 1000.0))
    plain, above = examine(one, settings, {}, None)
    assert above.rows[0].ratio == plain.rows[0].ratio
    assert above.rows[0].snr_achieved == plain.rows[0].snr_achieved == plain.rows[0].snr_own
    table = table_rows(above.rows, settings)
    assert [row.short for row in table if row.snr == "1000"] == [1]


def test_the_interval_of_a_ratio_knows_that_voxels_err_alike(cohort, monkeypatch):
    one, settings = read_participants(cohort)[0], replace(LIGHT, methods=("phae",))

    def width(shared):
        monkeypatch.setattr("bolus.grading.voxels.shared_by", lambda method, name: Shared(shared))
        row = examine(one, settings, {}, None)[0].rows[0]
        return math.log(row.ratio_high / row.ratio_low)

    assert width(0.5) > 2 * width(0.01)


@pytest.mark.parametrize("map", ["cbv", "cbv_corrected"])
def test_the_ratio_can_be_that_of_volumes(cohort, map):
    one = read_participants(cohort)[0]
    settings = replace(LIGHT, preparation=MIXED, map=map)
    (found,) = examine(one, settings, {}, None)
    (row,) = found.rows
    assert row.ratio == getattr(row, f"{map}_ratio")
    assert (
        row.true_ratio
        == row.true_cbv_ratio
        == pytest.approx(float(one.details["true_cbv_ratio"]), rel=1e-3)
    )
    (flow,) = examine(one, replace(settings, map="cbf"), {}, None)
    assert flow.rows[0].ratio != row.ratio


def test_motion_is_corrected_when_asked(tmp_path, monkeypatch):
    """A head that lies two voxels aside while the bolus passes, which is found roughly."""
    monkeypatch.setattr("bolus.preprocess.motion.register.STEPS", 8)
    simulate_cohort(tmp_path / "two", low=1, high=1, seed=3, size=(32, 32, 5, 40), jobs=1)
    one, _ = read_participants(tmp_path / "two")
    series = read_series(one.series)
    still = series.signal[..., 4:30]
    moved = still.copy()
    moved[..., 12:18] = np.roll(moved[..., 12:18], 2, axis=0)
    settings = replace(LIGHT, snrs=(math.inf, 30.0))

    def ratios(signal, motion):
        write_series(one.series, signal, series.grid, series.dt, series.te)
        asked = replace(settings, preparation=replace(BARE, motion=motion))
        return np.array([found.rows[0].ratio for found in examine(one, asked, {}, None)])

    true, left = ratios(still, None), ratios(moved, None)
    corrected = ratios(moved, MotionCorrection())
    assert len(true) == 2
    assert (np.abs(np.log(corrected / true)) < 0.5 * np.abs(np.log(left / true))).all()


def test_a_dead_scheduler_loses_no_patient(cohort, tmp_path):
    """It is killed after the first patient; what was done is not done again on resuming."""
    pytest.importorskip("distributed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address, common = f"tcp://127.0.0.1:{port}", {"stderr": DEVNULL, "stdout": DEVNULL}
    module = [sys.executable, "-m", "distributed.cli.dask_"]
    asked = ["--host", "127.0.0.1", "--port", f"{port}", "--no-dashboard"]
    few = ["--nthreads", "1", "--no-dashboard", "--no-nanny"]
    scheduler = Popen([*module[:2], f"{module[2]}scheduler", *asked], **common)
    worker = Popen([*module[:2], f"{module[2]}worker", address, *few], **common)
    done = []

    class Kill(Quiet):
        def advance(self, count, total, label):
            done.append(label)
            if scheduler.poll() is None:
                scheduler.kill()
                scheduler.wait()

    call = {"settings": LIGHT, "split": "train", "reporter": Kill()}
    try:
        with pytest.raises(InputError, match=r"scheduler was lost.*resume"):
            run_study(cohort, tmp_path / "out", **call, dask=address)
    finally:
        for process in (scheduler, worker):
            process.kill()
            process.wait()
    assert 0 < len(done) < 3
    assert not (tmp_path / "out").exists()
    study = run_study(cohort, tmp_path / "out", **call, resume=True, jobs=1)
    assert len(done) == len({*done}) == len(study.rows) == 3


def test_a_dead_worker_loses_no_patient(cohort, tmp_path, results):
    distributed = pytest.importorskip("distributed")
    _, expected = results
    killed = []
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as cluster:

        class Kill(Quiet):
            def advance(self, done, total, label):
                if done == 1 and not killed:
                    process = next(iter(cluster.workers.values())).process.process
                    process.kill()
                    killed.append(process.pid)

        address = cluster.scheduler_address
        settings = replace(SMALL, methods=("osvd",), snrs=(math.inf,))
        call = {"settings": settings, "split": "train", "dask": address}
        study = run_study(cohort, tmp_path / "out", **call, reporter=Kill())
    assert killed
    assert {r.participant_id: r.ratio for r in study.rows} == {
        r.participant_id: r.ratio
        for r in expected.rows
        if (r.method, r.snr, r.split) == ("osvd", "none", "train")
    }
