"""The loop: epochs of Adam, a checkpoint each, early stop, one process or several."""

import math
import time
from pathlib import Path

import torch

from bolus.base.progress import QUIET, Epoch, Reporter
from bolus.data import InputError, OutputError
from bolus.learning.checkpoint import (
    LOG,
    Progressed,
    label_of,
    load_checkpoint,
    save_checkpoint,
    write_log,
)
from bolus.learning.device import lent, moved, training_device
from bolus.learning.processes import Group, joined
from bolus.learning.recipe import History, Recipe, Task


def fit(
    task: Task,
    recipe: Recipe,
    folder: Path,
    *,
    resume: bool = False,
    identity: str = "",
    reporter: Reporter = QUIET,
) -> History:
    """Train a task's module in place; it ends with the weights that are to be kept.

    After every epoch ``checkpoint.safetensors`` (module, optimizer, history) and ``log.csv`` in
    ``folder`` are replaced, each in one go, and ``reporter`` gets the epoch; every batch is an
    advance. Batches run on a GPU where there is one (``training_device``). ``resume`` goes on
    from the checkpoint, if there is one, and on one process without a GPU ends with the same bits
    as an unbroken run; ``identity`` stands for the data and the network, which must be the same
    then. Under torchrun every process takes its share of every batch, gradients are averaged, and
    the first process alone writes and reports.

    Raises InputError when a checkpoint is of another training or a loss is not finite,
    OutputError when the folder cannot be written.
    """
    with joined() as group:
        if group.first:
            _make(folder)
        module = task.module
        optimizer = torch.optim.Adam(module.parameters(), lr=recipe.lr)
        progressed = Progressed()
        if resume:
            progressed = load_checkpoint(folder, module, optimizer, recipe, identity)
        group.share(module.state_dict().values())
        told = reporter if group.first else QUIET
        while not _finished(progressed.epochs, recipe):
            progressed = _epoch(task, recipe, optimizer, progressed, group, told)
            if group.first:
                save_checkpoint(folder, module, optimizer, progressed, label_of(recipe, identity))
                write_log(folder / LOG, progressed.epochs)
                reporter.epoch(progressed.epochs[-1])
        if progressed.best is not None:
            module.load_state_dict(progressed.best)
    epochs = progressed.epochs
    return History(epochs, kept=_kept(epochs, recipe), stopped_early=len(epochs) < recipe.epochs)


def _epoch(
    task: Task,
    recipe: Recipe,
    optimizer: torch.optim.Optimizer,
    before: Progressed,
    group: Group,
    reporter: Reporter,
) -> Progressed:
    """One more epoch, its validation, and a copy of the network if it is the best so far."""
    start = time.perf_counter()
    number = len(before.epochs)
    loss, batches, rate = _pass(task, recipe, optimizer, group, number, reporter)
    loss = group.mean(loss)
    group.share(task.module.buffers())
    task.module.eval()
    validation = group.agreed(task.validate())
    if not math.isfinite(loss) or (recipe.patience and not math.isfinite(validation)):
        raise InputError(
            f"training failed in epoch {number + 1}: its loss is {loss}, on validation "
            f"{validation}; the state of the epoch before is kept in the checkpoint"
        )
    seconds = time.perf_counter() - start
    line = Epoch(number + 1, loss, validation, seconds, rate, batches)
    epochs = (*before.epochs, line)
    best = before.best
    if recipe.patience and _kept(epochs, recipe) == len(epochs):
        best = {name: value.clone() for name, value in task.module.state_dict().items()}
    return Progressed(epochs, best)


def _pass(
    task: Task,
    recipe: Recipe,
    optimizer: torch.optim.Optimizer,
    group: Group,
    epoch: int,
    reporter: Reporter,
) -> tuple[float, int, float]:
    """All batches of an epoch once: mean loss, their number, the last learning rate.

    Network and optimizer are on the device for that long only.
    """
    module, total, count = task.module, torch.zeros((), dtype=torch.float64), 0
    rate, expected = recipe.rate(epoch), task.steps()
    device = training_device(group.world)
    module.train()
    with lent(module, optimizer, device):
        for batch in task.batches(epoch, group.rank, group.world):
            reporter.advance(
                epoch * expected + count, recipe.epochs * expected, f"epoch {epoch + 1}"
            )
            rate = recipe.rate(epoch + (min(count / expected, 1.0) if epoch else 0.0))
            for parameters in optimizer.param_groups:
                parameters["lr"] = rate
            optimizer.zero_grad(set_to_none=True)
            loss = task.loss(moved(batch, device))
            loss.backward()
            group.average_gradients(module.parameters())
            optimizer.step()
            total += loss.detach().cpu()
            count += 1
    if count == 0:
        raise InputError("there is nothing to train on: not one whole batch")
    return float(total) / count, count, rate


def _kept(epochs: tuple[Epoch, ...], recipe: Recipe) -> int:
    """The epoch, from 1, whose weights are kept: the best one under early stop, else the last."""
    if recipe.patience is None:
        return len(epochs)
    return min(epochs, key=lambda line: line.validation_loss).epoch


def _finished(epochs: tuple[Epoch, ...], recipe: Recipe) -> bool:
    waited = len(epochs) - _kept(epochs, recipe) if epochs else 0
    return len(epochs) >= recipe.epochs or (
        recipe.patience is not None and waited >= recipe.patience
    )


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be made ({error.strerror})") from error
