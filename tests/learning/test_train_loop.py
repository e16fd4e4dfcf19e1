"""The training loop: checkpoints, resuming, early stop, several processes."""

import csv
import json
import math
from dataclasses import replace

import pytest
import torch
from toy_task import Toy

from bolus.cli.terminal import epoch_line
from bolus.data import InputError, OutputError
from bolus.learning.loop import fit
from bolus.learning.recipe import Recipe
from recorder import Recorder

RECIPE = Recipe(epochs=5, lr=0.05, batch=12, schedule="cosine")


def state(task):
    return {k: v.clone() for k, v in task.module.state_dict().items()}


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


class StoppedError(Exception):
    pass


def interrupt_after(epoch):
    return Recorder(stop_after=epoch, error=StoppedError())


def test_it_learns(tmp_path):
    history = fit(Toy(), Recipe(epochs=15, lr=0.1, batch=12), tmp_path)
    assert history.epochs[-1].validation_loss < 0.3 * history.epochs[0].validation_loss
    assert [line.epoch for line in history.epochs] == list(range(1, 16))
    assert history.kept == 15
    assert not history.stopped_early


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
@pytest.mark.parametrize("stop", [1, 3])
def test_resumed_is_unbroken_bit_for_bit(tmp_path, schedule, stop):
    recipe = Recipe(epochs=5, lr=0.05, batch=12, schedule=schedule)
    whole = Toy()
    expected = fit(whole, recipe, tmp_path / "whole")
    with pytest.raises(StoppedError):
        fit(Toy(), recipe, tmp_path / "broken", reporter=interrupt_after(stop))
    again = Toy(seed=0)
    with torch.no_grad():
        for parameter in again.module.parameters():
            parameter.zero_()
    found = fit(again, recipe, tmp_path / "broken", resume=True)
    assert same(state(whole), state(again))
    assert [e.train_loss for e in found.epochs] == [e.train_loss for e in expected.epochs]
    assert [e.lr for e in found.epochs] == [e.lr for e in expected.epochs]


def test_the_optimiser_is_resumed_too(tmp_path):
    """The test above can fail: without its moments the end is another."""
    whole = Toy()
    fit(whole, RECIPE, tmp_path / "whole")
    with pytest.raises(StoppedError):
        fit(Toy(), RECIPE, tmp_path / "broken", reporter=interrupt_after(2))
    path = tmp_path / "broken" / "checkpoint.safetensors"
    content = path.read_bytes()
    moments = content.find(b"optimizer 0 exp_avg_sq")
    assert moments > 0
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    low, high = (8 + size + n for n in header["optimizer 0 exp_avg_sq"]["data_offsets"])
    path.write_bytes(content[:low] + b"\x00" * (high - low) + content[high:])
    again = Toy()
    fit(again, RECIPE, tmp_path / "broken", resume=True)
    assert not same(state(whole), state(again))


def test_resuming_what_is_finished_changes_nothing(tmp_path):
    first = Toy()
    expected = fit(first, RECIPE, tmp_path)
    again = Toy()
    assert fit(again, RECIPE, tmp_path, resume=True) == expected
    assert same(state(first), state(again))


def test_more_epochs_at_a_constant_rate(tmp_path):
    whole, grown = Toy(), Toy()
    fit(whole, Recipe(epochs=6, lr=0.05, batch=12), tmp_path / "whole")
    fit(Toy(), Recipe(epochs=2, lr=0.05, batch=12), tmp_path / "grown")
    fit(grown, Recipe(epochs=6, lr=0.05, batch=12), tmp_path / "grown", resume=True)
    assert same(state(whole), state(grown))


@pytest.mark.parametrize(
    "change",
    [{"lr": 0.01}, {"seed": 1}, {"epochs": 9}, {"patience": 3}, {"batch": 6}],
)
def test_another_training_is_not_resumed(tmp_path, change):
    fit(Toy(), RECIPE, tmp_path)
    with pytest.raises(InputError, match=next(iter(change))):
        fit(Toy(), replace(RECIPE, **change), tmp_path, resume=True)


def test_other_data_are_not_resumed(tmp_path):
    fit(Toy(), RECIPE, tmp_path, identity="a")
    with pytest.raises(InputError, match="identity"):
        fit(Toy(), RECIPE, tmp_path, resume=True, identity="b")


def test_a_damaged_checkpoint_is_named(tmp_path):
    fit(Toy(), RECIPE, tmp_path)
    path = tmp_path / "checkpoint.safetensors"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match=r"checkpoint\.safetensors"):
        fit(Toy(), RECIPE, tmp_path, resume=True)


def test_early_stop_keeps_the_best(tmp_path):
    seen = []

    class Watched(Toy):
        def validate(self):
            seen.append(state(self))
            return super().validate()

    task = Watched(losses=[3.0, 1.0, 2.0, 1.5, 0.1])
    recipe = Recipe(epochs=5, lr=0.05, batch=12, patience=2)
    history = fit(task, recipe, tmp_path)
    assert (len(history.epochs), history.kept, history.stopped_early) == (4, 2, True)
    assert history.final.validation_loss == 1.0
    assert same(state(task), seen[1])
    assert not same(state(task), seen[3])


def test_early_stop_remembers_the_best_across_a_break(tmp_path):
    recipe = Recipe(epochs=9, lr=0.05, batch=12, patience=3)
    losses = [3.0, 1.0, 2.0, 1.5, 1.7, 9.0]
    whole = Toy(losses=losses)
    expected = fit(whole, recipe, tmp_path / "whole")
    with pytest.raises(StoppedError):
        fit(Toy(losses=losses), recipe, tmp_path / "broken", reporter=interrupt_after(3))
    again = Toy(losses=losses[3:])
    found = fit(again, recipe, tmp_path / "broken", resume=True)
    assert found.kept == expected.kept == 2
    assert same(state(whole), state(again))


def test_the_cosine_ends_near_nothing(tmp_path):
    rates = [line.lr for line in fit(Toy(batches=10), RECIPE, tmp_path).epochs]
    assert rates[0] == 0.05
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] == pytest.approx(0.025 * (1 + math.cos(math.pi * 4.9 / 5)))


def test_the_log_is_a_table(tmp_path):
    history = fit(Toy(), RECIPE, tmp_path)
    with (tmp_path / "log.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["epoch", "train_loss", "validation_loss", "seconds", "lr"]
    assert [float(r["train_loss"]) for r in rows] == [e.train_loss for e in history.epochs]
    assert {p.name for p in tmp_path.iterdir()} == {"log.csv", "checkpoint.safetensors"}


def test_a_loss_that_is_not_finite_stops(tmp_path):
    class Wild(Toy):
        def loss(self, batch):
            return super().loss(batch) * (float("nan") if self.module.seen > 12 else 1.0)

    with pytest.raises(InputError, match="epoch 3"):
        fit(Wild(), RECIPE, tmp_path)
    assert (tmp_path / "log.csv").read_text().count("\n") == 3


def test_nothing_to_train_on(tmp_path):
    with pytest.raises(InputError, match="nothing to train on"):
        fit(Toy(batches=0), RECIPE, tmp_path)


def test_a_place_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        fit(Toy(), RECIPE, tmp_path / "file" / "work")


@pytest.mark.parametrize(
    "wrong",
    [{"epochs": 0}, {"lr": 0.0}, {"lr": float("nan")}, {"patience": 0}, {"batch": 0}],
)
def test_recipes_that_make_no_sense(wrong):
    with pytest.raises(InputError):
        Recipe(**{"epochs": 1, "lr": 0.1, "batch": 2, **wrong})


def test_epochs_are_reported_and_have_words(tmp_path):
    told = Recorder()
    fit(Toy(losses=[0.5, float("nan")]), Recipe(epochs=2, lr=0.1, batch=12), tmp_path,
        reporter=told)  # fmt: skip
    assert [line.epoch for line in told.epochs] == [1, 2]
    said = [epoch_line(line) for line in told.epochs]
    assert said[0].startswith("epoch 1: loss ")
    assert "validation 0.5" in said[0]
    assert "validation" not in said[1]
