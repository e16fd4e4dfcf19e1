"""Whole trainings, from the command line and from Python."""

import csv
import json
import os
import socket
import subprocess
import sys
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from dataclasses import replace
from functools import partial
from io import StringIO
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import toy_task
from matplotlib.image import imread
from safetensors.torch import load_file

from altered import BARE
from bolus.bench import run_benchmark
from bolus.data import InputError, LeakageCorrection, OutputError, Preparation, WeightsError
from bolus.estimators import deconvolve
from bolus.estimators.paper.config import PaperConfig
from bolus.estimators.phae import from_weights, read_weights, shipped_weights, write_weights
from bolus.learning import Sample, train
from bolus.learning.loop import fit
from bolus.learning.phae.adapt import AdaptRecipe
from bolus.learning.phae.train import PhaeRecipe
from bolus.learning.recipe import Recipe
from bolus.phantom import CurvePrior, arterial_input
from bolus.physics import RESIDUES
from browser import colours
from recorder import Recorder
from training_calls import call

TINY = PaperConfig(channels=(4, 8), epochs=4, batch=192)
COMMAND = ("--preset", "paper", "--voxels", 200, "--epochs", 2, "--motion", "off")


def paper(epochs=None, voxels=200, **more):
    """The published training, tiny, of heads that lie still."""
    sample = Sample(voxels=voxels, epochs=epochs, preparation=BARE, **more)
    return {"preset": "paper", "recipe": TINY, "sample": sample, "seed": 2}


PAPER = paper()
AIF = arterial_input(1.5 * np.arange(40), onset=12.0)


def equal(a, b):
    return a.keys() == b.keys() and all(np.array_equal(a[k], b[k]) for k in a)


def estimates(weights):
    curves = np.random.default_rng(0).random((20, 40)) * AIF.max() * 0.1
    return deconvolve(curves, AIF, 1.5, from_weights(weights)).mtt


class Interruption(KeyboardInterrupt):
    """As if the user had pressed Ctrl-C."""


def interrupted_after(epoch):
    return Recorder(stop_after=epoch, error=Interruption())


@pytest.fixture(scope="module")
def done(bids, tmp_path_factory):
    """One training for what is said, written and kept."""
    folder = tmp_path_factory.mktemp("done")
    place = SimpleNamespace(bids=bids, out=folder / "ours.safetensors", folder=folder)
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = call(place.bids, "-o", place.out, *COMMAND)
    assert code == 0, err.getvalue()
    return place, out.getvalue(), err.getvalue()


@pytest.fixture
def bare(monkeypatch):
    """A cohort's series are not corrected, in a test that is not about it."""
    monkeypatch.setattr(Sample, "prepared", lambda sample: BARE)


class TestCommand:
    def test_what_is_said(self, done):
        place, out, err = done
        lines = out.strip().splitlines()
        assert lines[0] == "2 series trained on, 1 held out, 600 voxels, 1 skipped"
        assert lines[-1] == str(place.out)
        told = [t for t in err.strip().splitlines() if "left" not in t or "head" in t]
        assert told[0] == "head motion is left in the series that are trained on"
        assert told[1].startswith("skipped ")
        assert "sub-Secret" in told[1]
        assert "damaged" in told[1]
        assert [t.split(":")[0] for t in told[-2:]] == ["epoch 1", "epoch 2"]
        assert "validation" in told[-1]

    def test_what_is_written(self, done):
        place, _, _ = done
        assert {p.name for p in place.folder.iterdir()} == {
            "ours.safetensors", "ours.csv", "ours.png", "ours.safetensors.work"}  # fmt: skip
        kept = {p.name for p in (place.folder / "ours.safetensors.work").iterdir()}
        assert kept == {"checkpoint.safetensors", "log.csv"}
        with (place.folder / "ours.csv").open(newline="") as file:
            assert [row["epoch"] for row in csv.DictReader(file)] == ["1", "2"]
        picture = imread(place.folder / "ours.png")
        assert picture.shape[1] > 600
        assert colours(picture[..., :3] * 255) > 50

    def test_weights_say_where_they_come_from(self, done):
        weights = read_weights(done[0].out)
        told = weights.provenance
        assert weights.kind == "phae-paper"
        assert (told["series"], told["series_held_out"], told["series_skipped"]) == (2, 1, 1)
        assert told["voxels"] == 400
        assert (told["validation_share"], told["started_from"]) == (0.2, None)
        assert Preparation.from_json(told["preparation"]) == Preparation(
            motion=None, leakage=LeakageCorrection(use=False)
        )
        assert told["epochs_run"] == len(told["train_loss"]) == len(told["validation_loss"]) == 2
        assert told["recipe"]["seed"] == 0
        assert {"bolus", "torch", "numpy"} <= told["versions"].keys()
        text = json.dumps(told)
        assert "sub-" not in text
        assert "/" not in text

    def test_nothing_is_replaced_unasked(self, done, capfd):
        place, before = done[0], done[0].out.read_bytes()
        assert call(place.bids, "-o", place.out, "--preset", "paper") == 2
        assert "--overwrite" in capfd.readouterr().err
        assert place.out.read_bytes() == before

    @pytest.mark.usefixtures("bare")
    def test_quiet_still_names_what_was_skipped_or_changed(self, place, capfd):
        code = call(place.bids, "-o", place.out, *COMMAND, "-q")
        out, err = capfd.readouterr()
        assert (code, out) == (0, "")
        assert [line.split()[0] for line in err.strip().splitlines()] == [
            "head",
            "skipped",
            "batches",
        ]

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            (["--preset", "best"], "phae, paper, spinned"),
            (["--preset", "spinned"], "only a simulation has"),
            (["--epochs", "0"], "epochs"),
            (["--seed", "-1"], "seed"),
            (["--validation", "1"], "validation"),
            (["--validation", "0"], "held out"),
            (["--voxels", "0"], "voxel"),
            (["--from", "none.safetensors"], "no such file of weights"),
            (["nothing.nii.gz"], "no such file"),
        ],
    )
    def test_refusals(self, place, capfd, options, said):
        assert call(place.bids, "-o", place.out, *options) == 2
        err = capfd.readouterr().err
        assert said in err
        assert len(err.strip().splitlines()) == 1
        assert list(place.folder.iterdir()) == []

    def test_help(self, capfd):
        assert call("--help") == 0
        assert "torchrun" in capfd.readouterr().out


class TestPaper:
    def test_resumed_is_unbroken(self, place):
        whole = train(place.folder / "whole", [place.bids], **PAPER)
        with pytest.raises(Interruption):
            train(place.out, [place.bids], **PAPER, reporter=interrupted_after(2))
        assert not place.out.exists()
        with pytest.raises(OutputError, match="unfinished training"):
            train(place.out, [place.bids], **PAPER)
        resumed = train(place.out, [place.bids], **PAPER, existing="resume")
        assert equal(whole.weights.tensors, resumed.weights.tensors)
        written = read_weights(place.out)
        assert equal(written.tensors, whole.weights.tensors)
        assert written.provenance["train_loss"] == whole.weights.provenance["train_loss"]

    def test_more_epochs_later(self, place):
        whole = train(place.folder / "whole", [place.bids], **paper(3))
        train(place.out, [place.bids], **paper(1))
        grown = train(place.out, [place.bids], **paper(3), existing="resume")
        assert equal(whole.weights.tensors, grown.weights.tensors)

    def test_another_cohort_is_not_resumed(self, place, without_broken):
        train(place.out, [place.bids], **paper(1))
        some = [without_broken / "sub-00", without_broken / "sub-01"]
        with pytest.raises(InputError, match="another training, identity"):
            train(place.out, some, **paper(2), existing="resume")

    def test_overwrite_starts_anew(self, place):
        first = train(place.out, [place.bids], **paper(1))
        again = train(place.out, [place.bids], **paper(1), existing="overwrite")
        assert equal(first.weights.tensors, again.weights.tensors)

    def test_it_starts_from_weights(self, place):
        first = train(place.folder / "first", [place.bids], **paper(2))
        second = train(place.out, [place.bids], **paper(1), start=place.folder / "first")
        told = second.weights.provenance
        assert told["started_from"] == first.weights.checksum
        assert told["train_loss"][0] < first.weights.provenance["train_loss"][0]

    def test_weights_of_another_method_are_refused(self, place):
        with pytest.raises(WeightsError, match="starts from 'phae-paper'"):
            train(place.out, [place.bids], **PAPER, start=shipped_weights("phae"))
        weights = shipped_weights("phae-paper")
        cut = dict(list(weights.tensors.items())[1:])
        write_weights(place.folder / "cut", replace(weights, tensors=cut))
        with pytest.raises(WeightsError, match="do not fit"):
            train(place.out, [place.bids], **PAPER, start=place.folder / "cut")

    def test_one_patient_without_validation(self, place):
        one = [place.bids / "sub-00"]
        with pytest.raises(InputError, match="at least 2"):
            train(place.folder / "refused", one, **PAPER)
        made = train(place.out, one, **paper(1, validation=0.0))
        assert (made.trained, made.held_out) == (1, 0)
        assert made.weights.provenance["validation_loss"] == [None]

    def test_only_broken_series(self, place):
        with pytest.raises(InputError, match="none of 1 series"):
            train(place.out, [place.bids / "sub-Secret"], **PAPER)

    def test_a_small_protocol_is_trained_on_too(self, place):
        said, large = Recorder(), replace(TINY, batch=1536)
        settings = {**paper(1, 96), "recipe": large, "reporter": said}
        made = train(place.out, [place.bids], **settings)
        assert made.weights.config["batch"] == 192
        assert any("batches of 192" in text for text in said.notes)

    def test_simulation_has_no_cohort(self, place):
        with pytest.raises(InputError, match="simulation"):
            train(place.out, preset="paper", sample=Sample(validation=0.1))
        with pytest.raises(InputError, match="a cohort has those it has"):
            train(place.out, [place.bids], **paper(patients=2))
        with pytest.raises(InputError, match="its recipe has its sizes"):
            train(place.out, preset="phae", sample=Sample(patients=2))
        with pytest.raises(InputError, match="simulation"):
            train(place.out, preset="paper", start=shipped_weights("phae-paper"))

    def test_a_batch_where_the_recipe_has_none(self, place):
        with pytest.raises(InputError, match="this recipe has no batch"):
            train(place.out, preset="phae", sample=Sample(batch=96))

    def test_a_recipe_of_another_training(self, place):
        with pytest.raises(InputError, match="PaperConfig, found AdaptRecipe"):
            train(place.out, [place.bids], **{**PAPER, "recipe": AdaptRecipe()})


def test_simulation_from_nothing_but_a_seed(place):
    few = PhaeRecipe(widths=(8,), scans=4, held_out=1, voxels=512, epochs=1)
    made = train(place.out, recipe=few, sample=Sample(epochs=2))
    assert read_weights(place.out).kind == "phae"
    assert made.weights.provenance["epochs_run"] == 2
    assert (made.trained, made.skipped) == (0, ())


def test_the_scale_of_a_simulation_is_an_option(place, capfd):
    """Patients and voxels, interrupted and resumed, as a training of days must be."""
    options = ("-o", place.out, "--preset", "paper", "--patients", 3, "--voxels", 600)
    options += ("--batch", 60)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bolus.learning.presets.Job.recipe_of", lambda job, *_: recipe(job))
        patch.setattr("bolus.learning.paper.simulated.SHAPE", (24, 24, 4))
        assert call(*options, "--epochs", 1, "-q") == 0
        first = read_weights(place.out)
        assert first.provenance["patients"] == 3
        assert first.provenance["voxels"] <= 3 * 600
        assert first.provenance["recipe"]["batch"] == 60
        assert call(*options, "--epochs", 2, "--resume") == 0
    grown = read_weights(place.out)
    assert "epoch 1:" not in capfd.readouterr().err
    assert (first.provenance["epochs_run"], grown.provenance["epochs_run"]) == (1, 2)


def recipe(job):
    return replace(TINY, epochs=job.sample.epochs, batch=job.sample.batch)


class TestAdaptation:
    @pytest.fixture(autouse=True)
    def few(self, monkeypatch, bare):
        """A recipe, and a benchmark, of a size for tests."""
        few = AdaptRecipe(scans=4, held_out=1, voxels=512, epochs=1, curves=100)
        monkeypatch.setattr("bolus.learning.presets.Job.recipe_of", lambda *_: few)
        monkeypatch.setattr("bolus.bench.adaptation.COMPARED", 8)
        one = CurvePrior(families={"exponential": (RESIDUES["exponential"], None)})
        quick = partial(run_benchmark, prior=one)
        monkeypatch.setattr("bolus.bench.adaptation.run_benchmark", quick)

    def test_kept_it_is_shown_beside_what_was_before(self, place, capfd, monkeypatch):
        self.gain(monkeypatch, 0.1)
        command = ("-o", place.out, "--voxels", 200, "--motion", "off", "--keep-worse")
        code = call(place.bids, *command)
        out, err = capfd.readouterr()
        assert code == 0, err
        assert "before" in out
        assert "after" in out
        assert "likelihood of a curve +0.200 (95 % interval +0.100 to +0.300)" in out
        weights = read_weights(place.out)
        assert weights.kind == "phae"
        assert weights.provenance["adapted_from"] == shipped_weights("phae").checksum
        assert not equal(weights.tensors, shipped_weights("phae").tensors)

    def test_not_kept_it_writes_nothing(self, place, capfd, monkeypatch):
        self.gain(monkeypatch, -0.3)
        code = call(place.bids, "-o", place.out, "--voxels", 200, "--motion", "off")
        out, _ = capfd.readouterr()
        assert code == 0
        assert "not kept" in out
        assert "-0.200" in out
        assert [p.name for p in place.folder.iterdir()] == ["ours.safetensors.work"]
        assert list((place.folder / "ours.safetensors.work").iterdir()) == []

    def gain(self, monkeypatch, low):
        found = (low + 0.1, low, low + 0.2)
        monkeypatch.setattr("bolus.learning.phae.adapt.predictive_gain", lambda *_: found)


ALIKE = ("--preset", "paper", "--voxels", "192", "--epochs", "1", "--motion", "off")


@pytest.fixture(scope="module")
def both(bids, tmp_path_factory):
    """What two processes made that trained together, a small task and then by the command."""
    folder, ports = tmp_path_factory.mktemp("both"), []
    cohort = [bids / f"sub-{n:02d}" for n in range(3)]
    with ExitStack() as stack:
        for _ in range(2):
            free = stack.enter_context(socket.socket())
            free.bind(("localhost", 0))
            ports.append(str(free.getsockname()[1]))
    runs, command = [], ["train", *cohort, "-o", folder / "ours", *ALIKE]
    for rank in range(2):
        told = {"RANK": rank, "WORLD_SIZE": 2, "MASTER_ADDR": "localhost", "MASTER_PORT": ports[0]}
        script = [sys.executable, toy_task.__file__, folder / "toy", ports[1], *command]
        run = subprocess.Popen(
            list(map(str, script)),
            env=os.environ | {"OMP_NUM_THREADS": "1"} | {k: str(v) for k, v in told.items()},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        runs.append(run)
    said = [run.communicate(timeout=180) for run in runs]
    for run, (_, err) in zip(runs, said, strict=True):
        assert run.returncode == 0, err
    return SimpleNamespace(folder=folder, cohort=cohort, said=[out for out, _ in said])


def test_two_processes_average_their_gradients(both, tmp_path):
    alone, folder = toy_task.Toy(), both.folder / "toy"
    fit(alone, Recipe(epochs=3, lr=0.05, batch=12, schedule="cosine"), tmp_path / "alone")
    together = load_file(folder / "checkpoint.safetensors")
    for name, value in alone.module.named_parameters():
        torch.testing.assert_close(together[f"module {name}"], value.data, rtol=1e-9, atol=1e-12)
    assert (folder / "log.csv").read_text().count("\n") == 4


@pytest.mark.usefixtures("bare")
def test_two_processes_are_one(both, tmp_path):
    """The command with the published network; the first process alone writes and says so."""
    assert [out.count("2 series trained on") for out in both.said] == [1, 0]
    alone = tmp_path / "alone"
    assert call(*both.cohort, "-o", alone, *ALIKE) == 0
    found, expected = read_weights(both.folder / "ours"), read_weights(alone)
    assert found.provenance["train_loss"] == pytest.approx(
        expected.provenance["train_loss"], rel=1e-5
    )
    np.testing.assert_allclose(estimates(found), estimates(expected), rtol=1e-3)
    assert not equal(found.tensors, shipped_weights("phae-paper").tensors)
