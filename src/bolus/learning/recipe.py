"""What is trained, how, and what came of it."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

from bolus.base.progress import Epoch
from bolus.data import InputError
from bolus.estimators.weights import Weights

Schedule = Literal["constant", "cosine"]


@runtime_checkable
class Task(Protocol):
    """A network, what it learns from, and what it becomes."""

    @property
    def module(self) -> Any:
        """The network, a torch module; its parameters are trained in place."""
        ...

    def steps(self) -> int:
        """Batches an epoch."""
        ...

    def batches(self, epoch: int, rank: int, world: int) -> Iterator[Any]:
        """Batches of an epoch, counted from 0: of each, the equal share of process ``rank``.

        The same for the same seed and epoch, whatever was drawn before: all randomness of a
        training lies here. Every process has as many batches.
        """
        ...

    def loss(self, batch: Any) -> Any:
        """Mean loss over a batch or share of one, a scalar tensor."""
        ...

    def validate(self) -> float:
        """Loss on held-out data, the same on every process; NaN where there is none."""
        ...

    def weights(self, provenance: Mapping[str, object]) -> Weights:
        """The network as it is now."""
        ...


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a network is trained, by Adam without weight decay.

    ``lr`` is the learning rate, held ('constant') or led to 0 along half a cosine over all
    ``epochs`` ('cosine'). ``batch`` is what the task makes its batches of, ``seed`` what it
    draws from; the loop only records both. After ``patience`` epochs without a new lowest
    validation loss training stops, and the weights of the lowest are kept; None never stops, and
    keeps the last.

    Raises InputError for numbers that make no sense.
    """

    epochs: int
    lr: float
    batch: int
    schedule: Schedule = "constant"
    patience: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        least = {"epochs": 1, "batch": 1, "seed": 0, "patience": 1}
        for name, low in least.items():
            value = getattr(self, name)
            if value is not None and value < low:
                raise InputError(f"{name} must be {low} or more, found {value}")
        if not 0 < self.lr < math.inf:
            raise InputError(f"the learning rate must be positive, found {self.lr}")
        if self.schedule not in ("constant", "cosine"):
            raise InputError(f"the schedule is constant or cosine, found '{self.schedule}'")

    def rate(self, done: float) -> float:
        """Learning rate after ``done`` epochs."""
        if self.schedule == "constant":
            return self.lr
        return self.lr * 0.5 * (1 + math.cos(math.pi * min(done / self.epochs, 1.0)))


@dataclass(frozen=True)
class History:
    """The epochs of a training, and the one (from 1) whose weights were kept."""

    epochs: tuple[Epoch, ...]
    kept: int
    stopped_early: bool

    @property
    def final(self) -> Epoch:
        """The epoch whose weights were kept."""
        return self.epochs[self.kept - 1]

    def provenance(self) -> dict[str, object]:
        """For the record in the weights: epochs run and kept, and the losses; None for NaN."""
        return {
            "epochs_run": len(self.epochs),
            "epoch_kept": self.kept,
            "stopped_early": self.stopped_early,
            "train_loss": [_number(e.train_loss) for e in self.epochs],
            "validation_loss": [_number(e.validation_loss) for e in self.epochs],
        }


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
