"""Recipes by name, an options file, the smoke test, the judge, and where batches are computed."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from bolus.base.progress import Epoch
from bolus.cli.terminal import Lines
from bolus.data import InputError, WeightsError
from bolus.estimators.weights import SMOKE, read_weights, shipped_weights, write_weights
from bolus.learning import Judged, train
from bolus.learning.choices import with_choices
from bolus.learning.device import lent, moved
from bolus.learning.outcome import Training
from bolus.learning.phae.adapt import AdaptRecipe
from bolus.learning.phae.scenes import BroadPrior
from bolus.learning.phae.supervise import Encoder, Supervised
from bolus.learning.phae.train import PhaeRecipe, simulated_scans
from bolus.learning.presets import Job
from bolus.learning.processes import Group
from bolus.learning.run import _judged
from bolus.learning.spinned.task import Deconvolution, Network
from recorder import Recorder
from training_calls import call

META = torch.device("meta")
"""A device whose tensors have no values: what mixes it with the CPU fails, as with a GPU."""


def test_a_recipe_with_some_fields_chosen():
    found = with_choices(PhaeRecipe(), {"widths": [16, 8], "learning_rate": 1, "scans": 5})
    assert found == PhaeRecipe(widths=(16, 8), learning_rate=1.0, scans=5)
    assert isinstance(found.learning_rate, float)


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"scan": 3}, "no 'scan' to choose; it has widths, scans"),
        ({"scans": 3.5}, "scans of a recipe is a whole number, found 3.5"),
        ({"scans": True}, "a whole number, found True"),
        ({"widths": 7}, r"a list of numbers, \[256, 192\], found 7"),
        ({"learning_rate": "fast"}, "a number, found 'fast'"),
    ],
)
def test_what_is_no_choice_is_refused_by_name(choices, said):
    with pytest.raises(InputError, match=said):
        with_choices(PhaeRecipe(), choices)


@pytest.fixture(scope="module")
def smoked(tmp_path_factory):
    """A smoke test from an options file; its flags win, and its recipe is of the right names."""
    folder = tmp_path_factory.mktemp("smoke")
    (folder / "bolus.toml").write_text(
        'preset = "paper"\nseed = 7\nsmoke = true\n[recipe]\nlearning_rate = 1e-3\n'
    )
    out = folder / "smoke.safetensors"
    assert call("-o", out, "--config", folder / "bolus.toml", "--preset", "spinned") == 0
    return out


def test_a_smoke_test_marks_its_weights_and_nothing_takes_them(smoked, tmp_path):
    with pytest.raises(WeightsError, match="smoke test"):
        read_weights(smoked)
    with pytest.raises(WeightsError, match="smoke test"):
        train(tmp_path / "more", ["nowhere"], preset="phae", start=smoked)
    assert smoked.with_suffix(".csv").read_text().count("\n") == 2


def test_without_the_mark_they_are_those_of_the_options_file(smoked, monkeypatch):
    monkeypatch.setattr("bolus.estimators.weights.Weights.smoke", False)
    found = read_weights(smoked)
    assert found.kind == "spinned"
    assert found.provenance["recipe"]["seed"] == 7
    assert found.provenance[SMOKE] is True


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("smok = true", "no option 'smok'; did you mean 'smoke'?"),
        ("recipe = 3", "'recipe' is a table, [recipe], found 3"),
        ("[recipe]\nscan = 3", "this recipe has no 'scan'"),
        ('epochs = "two"', "'epochs' is a whole number"),
    ],
)
def test_an_options_file_that_is_wrong_is_refused(tmp_path, capfd, text, said):
    (tmp_path / "bolus.toml").write_text(text)
    assert call("-o", tmp_path / "w.safetensors", "--config", tmp_path / "bolus.toml") == 2
    assert said in capfd.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["bolus.toml"]


def test_resume_and_overwrite_exclude_each_other(tmp_path, capfd):
    assert call("-o", tmp_path / "w.safetensors", "--resume", "--overwrite") == 2
    assert "give one of them" in capfd.readouterr().err


def test_worse_is_more_than_a_percent():
    assert Judged(before=0.297, after=0.344).worse
    assert not Judged(before=0.300, after=0.302).worse
    assert Judged(before=0.3, after=float("nan")).worse
    assert Judged(before=0.297, after=0.344, anyway=True).kept


def told(validation, kept, train_loss=None):
    about = {"validation_loss": validation, "train_loss": train_loss, "epoch_kept": kept}
    weights = replace(shipped_weights("phae"), provenance=about)
    return Training(path=None, weights=weights).verdict()


def test_the_verdict_says_how_the_loss_went():
    assert told([2.0, 1.0, 0.999], 3) == (
        "trained: validation loss 2 after epoch 1, 0.999 after epoch 3, which is kept"
    )
    assert "still falling, more epochs may help" in told([2.0, 1.5, 1.0], 3)
    assert "nothing was learnt" in told([2.0, 2.1], 2)
    assert told([None, None], 2, [3.0, 2.99]).startswith("trained: loss 3 after epoch 1, 2.99")


def test_weights_know_their_file(tmp_path):
    import hashlib

    path = tmp_path / "ours.safetensors"
    write_weights(path, shipped_weights("spinned"))
    found = read_weights(path)
    assert (found.file, found.sha256) == (
        "ours.safetensors",
        hashlib.sha256(path.read_bytes()).hexdigest(),
    )
    assert found.checksum == shipped_weights("spinned").checksum


def test_a_line_a_second_says_what_remains(monkeypatch):
    now, said = [0.0], []
    monkeypatch.setattr("bolus.cli.terminal.time.monotonic", lambda: now[0])
    lines = Lines(said.append, steps_only=True, every=1.0)
    for done in range(41):
        lines.advance(done, 40, "epoch 1")
        lines.epoch(Epoch(1, 0.0, 0.0, 0.0, 0.0, 1))
        now[0] += 0.25
    assert 9 <= len(said) <= 10
    assert said[3] == "epoch 1: 40 %, about 6 s left"


PRIOR = BroadPrior()
GAINED = SimpleNamespace(gain=0.2, gain_ci=(0.1, 0.3))


@pytest.fixture(scope="module")
def scans():
    return simulated_scans(5, 512, PRIOR, seed=3)


@pytest.mark.parametrize("kind", ["phae", "spinned"])
def test_every_part_of_a_step_is_where_the_batch_is(scans, kind, monkeypatch):
    monkeypatch.setattr("bolus.physics.kinetics._frames_ahead", lambda *_: 4)  # no values there
    if kind == "phae":
        size = np.zeros(Encoder((8,), np.zeros(1), np.ones(1)).values["weight0"].shape[0])
        network = Encoder((8,), size, size + 1)
        task = Supervised(module=network, scenes=scans[:4], held_out=scans[4:], prior=PRIOR)
    else:
        network = Network((8,), 0)
        task = Deconvolution(module=network, scenes=scans[:4], held_out=scans[4:], prior=PRIOR)
    batch = next(iter(task.batches(0, 0, 1)))
    task.module.to(META)
    loss = task.loss(moved(batch, META))
    loss.backward()
    assert loss.device == META
    assert all(p.grad.device == META for p in task.module.parameters())


def test_network_and_optimizer_are_lent_together():
    module = torch.nn.Linear(2, 1)
    optimizer = torch.optim.Adam(module.parameters(), lr=0.1)
    module(torch.ones(1, 2)).sum().backward()
    optimizer.step()

    def moments():
        return [s[name].device for s in optimizer.state.values() for name in ("exp_avg", "step")]

    held = lent(module, optimizer, META)
    held.__enter__()
    assert {p.device for p in module.parameters()} == {META}
    assert moments() == [META, torch.device("cpu")] * 2
    with pytest.raises(NotImplementedError, match="meta"):
        held.__exit__(None, None, None)  # what comes back from there would have no values


@pytest.mark.parametrize(("after", "kept"), [(0.344, False), (0.29, True)])
def test_an_adaptation_that_is_worse_elsewhere_is_not_kept(tmp_path, after, kept):
    own = shipped_weights("phae")
    made = Training(path=tmp_path / "w", weights=own, adapted=GAINED)
    job = Job(folder=tmp_path, reporter=Recorder())
    asked = []

    def judge(*weights):
        asked.append(weights)
        return Judged(before=0.297, after=after)

    found = _judged(made, job, Group(), judge)
    assert asked == [(own, own)]
    assert (found.weights is own, found.path is not None) == (kept, kept)
    assert f"0.297 before, {after:.3f} after" in found.lines()[-2]
    assert found.verdict().startswith("kept:" if kept else "not kept: the benchmark is worse")


def test_the_adaptation_s_recipe_has_what_the_smoke_test_needs():
    assert with_choices(AdaptRecipe(), {"curves": 10, "always": True}).always
