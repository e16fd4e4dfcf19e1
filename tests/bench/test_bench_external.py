"""Any program's maps: objects out, maps in, and what is said of them."""

import json
import shlex
import sys
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from bolus.bench.brain.cases import Case
from bolus.bench.external import (
    External,
    Mapped,
    Program,
    all_results,
    export,
    external_page,
    own_programs,
    own_results,
    read_given,
    read_maps,
    read_results,
    read_truth,
    run,
    score,
    score_program,
)
from bolus.bench.external.leaking import LEAKING, PROTOCOLS, TIGHT, leaking
from bolus.bench.external.objects import brain, from_tiles, golden
from bolus.bench.external.results import save
from bolus.bench.objects import dispersion_object, kudo
from bolus.cli import main
from bolus.data import InputError, OutputError
from bolus.io import write_volume

PERFECT = Program(name="perfect 1.0", origin="the truth")
TOLD = ("cbf", "cbv", "mtt", "delay")


def small():
    """An object of every kind, with few voxels."""
    tiles = {
        "golden": ("golden", replace(golden(), voxels=4)),
        "dispersion-none-0s": ("dispersion", replace(dispersion_object(0.0, 0.0), voxels=4)),
        "dispersion-high-0s": ("dispersion", replace(dispersion_object(4.5, 0.0), voxels=4)),
        "kudo-1.5s": ("kudo", replace(kudo(1.5), voxels=1)),
    }
    found = {
        name: External(kind=kind, family=kind, make=partial(from_tiles, one))
        for name, (kind, one) in tiles.items()
    }
    for name in ("flip60", "flip30"):
        make = partial(leaking, name, rows=10)
        found[f"leakage-{name}"] = External(kind="leakage", family="leakage", make=make)
    case = Case(population="tumour", snr=50.0, tr=2.5)
    make = partial(brain, case, shape=(32, 32, 6))
    found["brain-tumour"] = External(kind="brain", family="brain-tumour", make=make)
    return found


@pytest.fixture(scope="module")
def benchmark_folder(tmp_path_factory):
    return export(tmp_path_factory.mktemp("external") / "bench", 1007, small())


@pytest.fixture
def few(tmp_path):
    """A benchmark of one small object, with folders of its own."""
    return export(tmp_path / "bench", 1007, {"golden": small()["golden"]})


def truths(benchmark):
    return {entry.name: read_truth(benchmark, entry.name)[0] for entry in benchmark.entries}


def maps_of(benchmark, **times):
    """The truth as maps, each map so many times it."""
    return {
        name: Mapped(maps={key: times.get(key, 1.0) * truth.maps[key] for key in TOLD})
        for name, truth in truths(benchmark).items()
    }


def written(folder, benchmark, names=TOLD):
    for name, truth in truths(benchmark).items():
        (folder / name).mkdir(parents=True)
        grid = read_truth(benchmark, name)[1]
        for key in names:
            write_volume(folder / name / f"{key}.nii.gz", truth.maps[key], grid)
    return folder


def assert_perfect(figures):
    for name, value in figures.items():
        if name in ("lost", "off_by_delay", "delay_error") or name.startswith("log_"):
            assert value == pytest.approx(0, abs=1e-6), name
        elif name.endswith("_within"):
            assert value == 14
        elif name == "share_high":
            assert value == pytest.approx(figures["share_high_true"], abs=1e-9)
        elif name != "share_high_true":
            assert value == pytest.approx(1, abs=1e-5), name


def test_the_truth_scores_as_the_truth_by_way_of_files(benchmark_folder, tmp_path):
    folder = written(tmp_path / "maps", benchmark_folder)
    result = score(benchmark_folder, PERFECT, read_maps(folder, benchmark_folder))
    assert list(result.objects) == list(small())
    for one in result.objects.values():
        assert one.maps == TOLD
        assert_perfect(one.absolute)
        assert_perfect(one.scaled)
    assert result.families["leakage"]["r_least"] == pytest.approx(1)


def test_a_common_scale_is_all_that_a_factor_takes_off(benchmark_folder):
    result = score(benchmark_folder, PERFECT, maps_of(benchmark_folder, cbf=0.5, cbv=1.3))
    for one in result.objects.values():
        assert one.factors == pytest.approx({"cbf": 2.0, "cbv": 1 / 1.3}, rel=1e-5)
        assert_perfect(one.scaled)
    assert result.objects["golden"].absolute["cbf_ratio"] == pytest.approx(0.5)
    assert result.objects["golden"].absolute["cbf_within"] < 14
    assert result.objects["kudo-1.5s"].absolute["icc_cbf"] < 0.8
    assert result.objects["leakage-flip60"].absolute["ccc"] < 0.95
    brain_log = result.objects["brain-tumour"].absolute["log_cbf_tumour"]
    assert brain_log == pytest.approx(np.log(2), rel=1e-4)


def test_what_dispersion_takes_off_is_not_scale(benchmark_folder):
    mapped = maps_of(benchmark_folder)
    for name, times in (("dispersion-none-0s", 0.8), ("dispersion-high-0s", 0.4)):
        mapped[name] = Mapped(maps={"cbf": times * mapped[name].maps["cbf"]})
    result = score(benchmark_folder, PERFECT, mapped)
    none, high = (result.objects[f"dispersion-{n}-0s"].scaled for n in ("none", "high"))
    assert none["cbf_ratio"] / high["cbf_ratio"] == pytest.approx(2)
    assert "cbv_ratio" not in none


def test_a_volume_that_is_the_same_everywhere_has_no_correlation(benchmark_folder):
    mapped = maps_of(benchmark_folder)
    flat = mapped["leakage-flip30"]
    mapped["leakage-flip30"] = Mapped(maps={"cbv": np.zeros_like(flat.maps["cbv"])})
    result = score(benchmark_folder, PERFECT, mapped)
    assert np.isnan(result.families["leakage"]["r_mean"])
    assert result.objects["leakage-flip30"].absolute["ccc"] == pytest.approx(0)
    assert "share_high" not in result.objects["leakage-flip30"].absolute


def test_missing_voxels_count_and_missing_maps_are_absent(benchmark_folder):
    mapped = maps_of(benchmark_folder)
    broken = {k: v for k, v in mapped["brain-tumour"].maps.items() if k in ("cbf", "mtt")}
    broken["cbf"] = np.where(
        truths(benchmark_folder)["brain-tumour"].labels % 2, np.nan, broken["cbf"]
    )
    mapped["brain-tumour"] = Mapped(maps=broken)
    del mapped["golden"]
    result = score(benchmark_folder, PERFECT, mapped)
    assert "golden" not in result.objects
    found = result.objects["brain-tumour"].scaled
    assert found["log_cbf_grey"] == pytest.approx(np.log(100))
    assert found["log_cbf_white"] == pytest.approx(0, abs=1e-6)
    assert 0.1 < found["lost"] < 0.9
    assert not [name for name in found if "cbv" in name or "delay" in name]
    page = external_page(benchmark_folder, {"perfect 1.0": result})
    assert "reference object" in page
    assert page.count("| perfect 1.0 |") == 1 + 2 + 1 + (1 + 3) + 1


def test_units_are_read_and_relative_maps_have_no_absolute_figure(few, tmp_path):
    folder = written(tmp_path / "maps", few, ("cbf", "mtt"))
    grid, true = read_truth(few, "golden")[1], truths(few)["golden"].maps
    one = folder / "golden"
    write_volume(one / "mtt.nii.gz", 1000 * true["mtt"], grid)
    (one / "mtt.json").write_text(json.dumps({"Units": "ms"}))
    for unit, times in (("1/s", 1 / 6000), ("mL/100 g/min", 0.7051), ("a.u.", 17.0)):
        write_volume(one / "cbf.nii.gz", np.float32(times) * true["cbf"], grid)
        (one / "cbf.json").write_text(json.dumps({"Units": unit}))
        result = score(few, PERFECT, read_maps(folder, few)).objects["golden"]
        assert result.scaled["cbf_ratio"] == pytest.approx(1, abs=1e-5)
        if unit == "a.u.":
            assert result.absolute == {}
        else:
            assert result.absolute["cbf_ratio"] == pytest.approx(1, abs=1e-3)
    (one / "cbf.json").write_text(json.dumps({"Units": "furlongs"}))
    with pytest.raises(InputError, match=r"cbf is one of .*1/s.*found 'furlongs'"):
        read_maps(folder, few)


def test_the_corrected_volume_goes_first_and_tmax_stands_for_a_delay(few, tmp_path):
    folder = written(tmp_path / "maps", few, ("cbv",))
    grid, true = read_truth(few, "golden")[1], truths(few)["golden"].maps
    write_volume(folder / "golden" / "cbv_corrected.nii.gz", 2 * true["cbv"], grid)
    write_volume(folder / "golden" / "tmax.nii.gz", true["delay"], grid)
    found = read_maps(folder, few)["golden"].maps
    assert set(found) == {"cbv", "delay"}
    np.testing.assert_allclose(found["cbv"], 2 * true["cbv"])


def test_folders_that_cannot_be_scored_are_named(few, tmp_path):
    grid, true = read_truth(few, "golden")[1], truths(few)["golden"].maps
    folder = tmp_path / "maps"
    with pytest.raises(InputError, match="a folder of maps is expected"):
        read_maps(folder, few)
    folder.mkdir()
    with pytest.raises(InputError, match="no folder has the name of an object"):
        read_maps(folder, few)
    (folder / "golden").mkdir()
    with pytest.raises(InputError, match=r"golden: none of cbf\.nii\.gz"):
        read_maps(folder, few)
    write_volume(folder / "golden" / "cbf.nii.gz", np.nan * true["cbf"], grid)
    with pytest.raises(InputError, match=r"cbf\.nii\.gz: no voxel of the object's mask"):
        read_maps(folder, few)
    half = replace(grid, shape=(20, *grid.shape[1:]))
    write_volume(folder / "golden" / "cbf.nii.gz", true["cbf"][:20], half)
    with pytest.raises(InputError, match="another grid"):
        score_program(few, PERFECT, folder)
    (folder / "kudo").mkdir()
    with pytest.raises(InputError, match="kudo is no object"):
        read_maps(folder, few)
    assert not (few.folder / "results").exists()


COPY = """
import shutil, sys
from pathlib import Path
series, mask, aif, output = map(Path, sys.argv[1:5])
assert series.is_file() and mask.is_file() and aif.is_file() and not sys.argv[5]
truth = series.parents[2] / "truth" / series.parent.name
shutil.copy(truth / "cbf.nii.gz", output)
"""


def test_a_command_is_run_on_every_object(few, tmp_path):
    script = tmp_path / "own program.py"
    script.write_text(COPY)
    program = f"{sys.executable} {shlex.quote(str(script))}"
    command = f"{program} {{series}} {{mask}} {{aif}} {{output}} ''{{tumor}}"
    result = score_program(few, PERFECT, tmp_path / "kept", command)
    assert_perfect(result.objects["golden"].absolute)
    assert (tmp_path / "kept" / "golden" / "cbf.nii.gz").is_file()
    again = read_results(few)["perfect 1.0"]
    assert again == result
    with pytest.raises(OutputError, match="exists"):
        score_program(few, PERFECT, tmp_path / "kept", command)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("prog {series}", "a command names {series} and {output}"),
        ("prog {series} {output} {truth}", "a command names"),
        ("prog '{series} {output}", "cannot be read"),
        ("no-such-program {series} {output}", "no-such-program: cannot be run"),
        (f"{sys.executable} -c 'raise SystemExit(\"no bolus\")' {{series}} {{output}}",
         r"failed on golden with exit code 1:\nno bolus"),
        (f"{sys.executable} -c pass {{series}} {{output}}", "golden: none of cbf"),
    ],
)  # fmt: skip
def test_a_command_that_fails_leaves_nothing(few, tmp_path, command, message):
    with pytest.raises(InputError, match=message.replace("{", r"\{").replace("}", r"\}")):
        score_program(few, PERFECT, tmp_path / "kept", command)
    assert not (tmp_path / "kept").exists()
    assert not (few.folder / "results").exists()


def test_damaged_benchmarks_and_results_are_named(few):
    result = score(few, PERFECT, maps_of(few))
    path = save(few, result)
    with pytest.raises(InputError, match=r"holds 'perfect 1\.0'; choose another name"):
        save(few, replace(result, program=Program(name="Perfect-1.0", origin="")))
    path.write_text(json.dumps({**json.loads(path.read_text()), "objects": {"golden": {}}}))
    with pytest.raises(InputError, match="no results file"):
        read_results(few)
    path.write_text(json.dumps({**json.loads(path.read_text()), "seed": 3}))
    with pytest.raises(InputError, match="seed 1007 are expected"):
        read_results(few)
    summary = few.folder / "summary.json"
    good = json.loads(summary.read_text())
    for bad, message in (
        ({"external_benchmark": 0}, "found format 0"),
        ({"objects": [{"name": "golden"}]}, "summary.json: damaged"),
        ({"objects": [{**good["objects"][0], "name": "other"}]}, "truth of other is missing"),
    ):
        summary.write_text(json.dumps(good | bad))
        with pytest.raises(InputError, match=message):
            run.open_benchmark(few.folder, 1007)


def test_what_a_program_is_given_holds_no_truth_and_is_the_same_again(few, tmp_path):
    again = export(tmp_path / "again", 1007, {"golden": small()["golden"]})
    names = {"dsc.nii.gz", "dsc.json", "mask.nii.gz", "aif.tsv"}
    assert {path.name for path in few.given("golden").iterdir()} == names
    for name in names:
        one, other = (b.given("golden") / name for b in (few, again))
        assert one.read_bytes() == other.read_bytes()
    with pytest.raises(OutputError, match="exists"):
        export(few.folder, 1007, {"golden": small()["golden"]})
    with pytest.raises(InputError, match="seed 1007, asked was 3"):
        run.open_benchmark(few.folder, 3)


def test_bolus_rows_are_of_what_any_program_is_given(benchmark_folder):
    osvd = replace(own_programs()["bolus osvd"], kinds=("golden", "dispersion", "kudo", "leakage"))
    (result,) = own_results(benchmark_folder, {"bolus osvd": osvd})
    assert result.objects["golden"].absolute["cbv_within"] == 14
    assert 0.6 < result.objects["golden"].absolute["cbf_ratio_short"] < 0.9
    none, high = (
        result.objects[f"dispersion-{n}-0s"].absolute["cbf_ratio"] for n in ("none", "high")
    )
    assert none > 1.3 * high
    assert result.objects["kudo-1.5s"].absolute["icc_cbv"] > 0.75
    (plain,) = own_results(
        benchmark_folder, {"plain": replace(osvd, model=None, kinds=("leakage",))}
    )
    for name in ("leakage-flip60", "leakage-flip30"):
        corrected, without = (r.objects[name].absolute["ccc"] for r in (result, plain))
        assert corrected > without + 0.4


def test_all_results_are_those_there_and_those_made(few, monkeypatch):
    save(few, score(few, PERFECT, maps_of(few)))
    osvd = {"bolus osvd": own_programs()["bolus osvd"]}
    monkeypatch.setattr(run, "own_programs", lambda: osvd)
    found = all_results(few)
    assert list(found) == ["bolus osvd", "perfect 1.0"]
    monkeypatch.setattr(run, "own_results", None)  # what is there is not made again
    with pytest.raises(TypeError):
        all_results(few)
    page = external_page(few, found)
    assert "| perfect 1.0 | the truth | cbf, cbv, mtt, delay | 1 |" in page
    assert "| perfect 1.0 | 14 / 14 |" in page
    with pytest.raises(InputError, match="row of bolus' own"):
        score_program(few, Program(name="bolus osvd", origin="copied"), few.folder)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--maps", "m", "--name", "x"], "go with --external"),
        (["--external", "b", "--maps", "m"], "and --name, go together"),
        (["--external", "b", "--name", "x"], "go together"),
        (["--external", "{few}", "--maps", "m", "--name", "x", "--seed", "1007"], "m: a folder of"),
    ],
)
def test_options_that_cannot_be_used(few, tmp_path, monkeypatch, capfd, words, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stop:
        main(["bench", *(word.format(few=few.folder) for word in words)])
    assert stop.value.code == 2
    assert message in capfd.readouterr().err
    assert not list(tmp_path.glob("*/results"))


def test_a_command_line_scores_and_writes_results(few, tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(run, "own_programs", dict)
    folder, page, figures = (tmp_path / name for name in ("maps", "page.md", "results.json"))
    written(folder, few)
    options = ["--seed", "1007", "--maps", folder, "--name", "mine 1", "--origin", "by hand"]
    outputs = ["--markdown", page, "--json", figures]
    with pytest.raises(SystemExit) as stop:
        main([str(word) for word in ("bench", "--external", few.folder, *options, *outputs)])
    assert not stop.value.code
    assert "14 / 14" in capfd.readouterr().out
    assert "| mine 1 | by hand |" in page.read_text()
    told = json.loads(figures.read_text())
    assert told["seed"] == 1007
    assert told["programs"]["mine 1"]["objects"]["golden"]["absolute"]["cbf_within"] == 14


def test_protocols_share_their_tissue_and_only_leaks_differ():
    one, other = (replace(leaking(name, 1007, rows=5, snr=1e6)) for name in ("flip60", "flip30"))
    np.testing.assert_array_equal(one.truth.maps["cbv"], other.truth.maps["cbv"])
    tight, leaky = (one.truth.where(name) for name in (TIGHT, LEAKING))
    np.testing.assert_allclose(one.signal[tight], other.signal[tight], rtol=1e-4)
    last = np.abs(one.signal[leaky][:, -1] / other.signal[leaky][:, -1] - 1)
    assert np.median(last) > 0.01
    preloaded = leaking("flip60-preload", 1007, rows=5, snr=1e6)
    assert preloaded.signal[leaky][:, -1].mean() < one.signal[leaky][:, -1].mean()
    assert set(PROTOCOLS) == {"flip60", "flip60-preload", "flip30", "flip72"}


def test_the_brain_that_is_given_is_in_steady_state(benchmark_folder):
    given = read_given(benchmark_folder, "brain-tumour")
    before = given.series.signal[given.mask][:, : given.frames.onset].mean(axis=0)
    assert before.max() / before.min() < 1.01
    assert given.aif.curve.argmax() > given.frames.onset
    assert given.tumor is not None
