"""Progress of work, reported as data: who shows it decides on the words."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple, Protocol, runtime_checkable


class Epoch(NamedTuple):
    """One epoch of a training; ``epoch`` counts from 1, ``seconds`` include validation.

    ``lr`` is the learning rate of the epoch's last batch, ``batches`` how many there were.
    """

    epoch: int
    train_loss: float
    validation_loss: float
    seconds: float
    lr: float
    batches: int


@runtime_checkable
class Reporter(Protocol):
    """What work reports to while it goes on."""

    def step(self, name: str) -> None:
        """A step of this name begins, and the one before has ended."""
        ...

    def advance(self, done: int, total: int, label: str) -> None:
        """Of ``total`` parts of the work, ``done`` are done; ``label`` says what is at hand."""
        ...

    def epoch(self, epoch: Epoch) -> None:
        """An epoch of a training has ended."""
        ...

    def skipped(self, who: str, why: str) -> None:
        """A patient or series cannot be used, for a reason; the work goes on without it."""
        ...

    def note(self, text: str) -> None:
        """Something about the work that its reader has to know, and that stops nothing."""
        ...


class Quiet:
    """A reporter that shows nothing; one that shows some of it can be made from it."""

    def step(self, name: str) -> None:
        """Nothing."""

    def advance(self, done: int, total: int, label: str) -> None:
        """Nothing."""

    def epoch(self, epoch: Epoch) -> None:
        """Nothing."""

    def skipped(self, who: str, why: str) -> None:
        """Nothing."""

    def note(self, text: str) -> None:
        """Nothing."""


QUIET = Quiet()
"""The reporter where none is given."""


_LISTENER: ContextVar[Reporter] = ContextVar("listener", default=QUIET)


@contextmanager
def heard_by(reporter: Reporter) -> Iterator[None]:
    """Within, work that is given no reporter (blocks of voxels, deep inside) reports to this one.

    Threads that are started within do not: work is counted where it is shared out.
    """
    before = _LISTENER.set(reporter)
    try:
        yield
    finally:
        _LISTENER.reset(before)


def listener() -> Reporter:
    """What work that is given no reporter reports to."""
    return _LISTENER.get()


class Steps:
    """Counts steps towards ``total`` and reports each as it begins."""

    def __init__(self, total: int, reporter: Reporter = QUIET) -> None:
        self.total = total
        self.done = 0
        self._begun = False
        self._reporter = reporter

    def __call__(self, label: str) -> None:
        """Begin the next step, and so end the one before."""
        self.done += self._begun
        self._begun = True
        self._reporter.advance(self.done, self.total, label)

    def finish(self) -> None:
        """End the last step."""
        self.done += self._begun
        self._begun = False
        self._reporter.advance(self.done, self.total, "done")
