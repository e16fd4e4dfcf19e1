"""The state of a training in one file, and its log."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from bolus.base.files import write_bytes
from bolus.base.progress import Epoch
from bolus.base.tensors import read_tensors, write_tensors
from bolus.data import InputError
from bolus.learning.recipe import Recipe

CHECKPOINT, LOG = "checkpoint.safetensors", "log.csv"
FORMAT = "bolus-checkpoint-1"
COLUMNS = ("epoch", "train_loss", "validation_loss", "seconds", "lr")

State = dict[str, torch.Tensor]


@dataclass(frozen=True, eq=False)
class Progressed:
    """The epochs so far, and the network as it was at the lowest validation loss."""

    epochs: tuple[Epoch, ...] = ()
    best: State | None = None


def save_checkpoint(
    folder: Path,
    module: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    progressed: Progressed,
    label: Mapping[str, object],
) -> None:
    """Write the whole state in one go; ``label`` is what a later run must agree with."""
    tensors = {f"module {name}": value for name, value in module.state_dict().items()}
    for name, value in (progressed.best or {}).items():
        tensors[f"best {name}"] = value
    for number, slots in optimizer.state_dict()["state"].items():
        for name, value in slots.items():
            tensors[f"optimizer {number} {name}"] = value
    told = {
        "format": FORMAT,
        "label": json.dumps(label, sort_keys=True),
        "epochs": json.dumps(progressed.epochs),
    }
    arrays = {name: value.detach().cpu().numpy() for name, value in tensors.items()}
    write_tensors(folder / CHECKPOINT, arrays, told)


def load_checkpoint(
    folder: Path,
    module: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    recipe: Recipe,
    identity: str,
) -> Progressed:
    """Put module and optimizer back into the state of a checkpoint; a fresh start without one.

    Raises InputError for a checkpoint that is damaged, or of another training.
    """
    path = folder / CHECKPOINT
    if not path.exists():
        return Progressed()
    try:
        arrays, told = read_tensors(path)
    except InputError as error:
        raise InputError(f"{path}: not a whole checkpoint ({error})") from error
    if told.get("format") != FORMAT:
        raise InputError(f"{path}: not a checkpoint of this version")
    _check_label(path, json.loads(told["label"]), recipe, identity)
    parts = _parts({name: torch.tensor(values) for name, values in arrays.items()})
    try:
        module.load_state_dict(parts["module"])
    except RuntimeError as error:
        raise InputError(f"{path}: of another network ({error})") from error
    _restore(optimizer, parts["optimizer"])
    epochs = tuple(Epoch(*line) for line in json.loads(told["epochs"]))
    return Progressed(epochs, parts["best"] or None)


def label_of(recipe: Recipe, identity: str) -> dict[str, object]:
    """What a checkpoint says of its training."""
    return {"identity": identity, **asdict(recipe)}


def _check_label(path: Path, told: Mapping[str, object], recipe: Recipe, identity: str) -> None:
    """A constant learning rate may go on for more epochs; nothing else may differ."""
    expected = label_of(recipe, identity)
    if recipe.schedule == "constant":
        told = {**told, "epochs": recipe.epochs}
    differing = sorted(k for k in {*told, *expected} if told.get(k) != expected.get(k))
    if differing:
        name = differing[0]
        raise InputError(
            f"{path}: of another training, {name} was {told.get(name)!r} and is now "
            f"{expected.get(name)!r}; resume with the same settings, or start anew"
        )


def _parts(found: State) -> dict[str, State]:
    parts: dict[str, State] = {"module": {}, "best": {}, "optimizer": {}}
    for key, value in found.items():
        part, name = key.split(" ", 1)
        parts[part][name] = value
    return parts


def _restore(optimizer: torch.optim.Optimizer, slots: State) -> None:
    state: dict[int, State] = {}
    for key, value in slots.items():
        number, name = key.split(" ", 1)
        state.setdefault(int(number), {})[name] = value
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})


def write_log(path: Path, epochs: tuple[Epoch, ...]) -> None:
    """The log as CSV, a line an epoch."""
    lines = [",".join(COLUMNS)]
    for line in epochs:
        rounded = line._replace(seconds=round(line.seconds, 3))
        lines.append(",".join(str(getattr(rounded, name)) for name in COLUMNS))
    write_bytes(path, ("\n".join(lines) + "\n").encode())
