"""Two echoes from files: found by their BIDS names or given, and said wherever the echo time is."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

import bolus
from altered import LIGHT, MIXED
from bolus.io import read_kept, write_series
from bolus.phantom import Leak, Realism, simulate_patient

TIMES = (0.008, 0.030)


@pytest.fixture(scope="module")
def echoes(tmp_path_factory):
    """A patient whose tumour leaks agent that shortens T1, in two echoes on disk."""
    leak = Leak(ktrans=0.2, relaxivity=10.0, preload=0.0)
    folder, made = tmp_path_factory.mktemp("echoes"), []
    for number, te in enumerate(TIMES, 1):
        one = simulate_patient(
            seed=3,
            te=te,
            snr=150,
            tumor="high",
            shape=(32, 32, 5),
            frames=60,
            realism=Realism(leak=leak),
        )
        path = folder / f"sub-01_echo-{number}_dsc.nii.gz"
        write_series(path, one.series.signal, one.series.grid, one.series.dt, te)
        made.append(one)
    paths = [folder / f"sub-01_echo-{number}_dsc.nii.gz" for number in (1, 2)]
    return SimpleNamespace(folder=folder, paths=paths, made=made)


def agreement(one, other):
    """Concordance of two sets of values (Lin, Biometrics 1989;45:255)."""
    apart = (one.mean() - other.mean()) ** 2
    return 2 * np.cov(one, other, ddof=0)[0, 1] / (one.var() + other.var() + apart)


def test_volume_of_a_tumour_that_leaks_is_nearer_the_truth_than_by_one_echo(echoes):
    masks, truth = echoes.made[0].masks, echoes.made[0].truth.cbv
    tissue = masks.grey | masks.white | masks.tumor

    def found(series):
        maps = bolus.perfusion_maps(series, "phae", masks.aif, masks.brain, preparation=MIXED)
        return agreement(maps.cbv[tissue], truth[tissue])

    both = bolus.two_echoes(*(bolus.read_series(path) for path in echoes.paths))
    one = found(bolus.read_series(echoes.paths[1]))
    assert found(both) > max(0.93, one + 0.01)


def test_bids_names_or_the_option_bring_the_second_echo(echoes, tmp_path, run):
    first, second = echoes.paths
    other = tmp_path / "late.nii.gz"
    other.write_bytes(second.read_bytes())
    other.with_name("late.json").write_text(
        json.dumps({"EchoTime": TIMES[1], "RepetitionTime": 1.5})
    )
    alone = tmp_path / "early.nii.gz"
    alone.write_bytes(first.read_bytes())
    alone.with_name("early.json").write_text(
        json.dumps({"EchoTime": TIMES[0], "RepetitionTime": 1.5})
    )
    for name, options in (("bids", (first,)), ("given", (alone, "--echo", other))):
        code, _, err = run("maps", *LIGHT, *options, "-o", tmp_path / name)
        assert code == 0, err
        told = json.loads((tmp_path / name / "summary.json").read_text())
        assert told["echo_time_s"] == list(TIMES)
        assert json.loads((tmp_path / name / "cbf.json").read_text())["EchoTime"] == list(TIMES)
        page = (tmp_path / name / "report.html").read_text()
        assert "echoes at 8 and 30 ms" in page
        assert "the ratio of the second echo to the first" in page
        assert read_kept(tmp_path / name / "series.safetensors").echoes == TIMES
    same = [(tmp_path / name / "cbf.nii.gz").read_bytes() for name in ("bids", "given")]
    assert same[0] == same[1]


def test_what_does_not_go_with_two_echoes_is_refused(echoes, tmp_path, run):
    first, second = echoes.paths
    for options, words in (
        ((first, "--te", "0.03"), "--te does not go with two echoes"),
        ((first, "--echo", tmp_path / "out" / "late.nii.gz"), "lies in it"),
        ((second, "--echo", first), "must be known and rise"),
        ((first, "--echo", tmp_path / "none.nii.gz"), "no such file"),
    ):
        code, _, err = run("maps", *LIGHT, *options, "-o", tmp_path / "out")
        assert (code, (tmp_path / "out").exists()) == (2, False)
        assert words in err
