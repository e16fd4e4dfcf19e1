"""Progress on a terminal."""

import math
import sys
from types import TracebackType
from typing import TYPE_CHECKING

import typer

from bolus.base.progress import Epoch

if TYPE_CHECKING:
    from rich.progress import Progress


class Terminal:
    """A reporter on stderr, to be used in a with statement.

    Steps are a spinner with the step's name, counted work a bar; both only on a terminal and when
    not ``quiet``. Epochs are lines when not ``quiet``, what was skipped and notes always.
    """

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._live = None if quiet or not sys.stderr.isatty() else _live()
        self._task = None if self._live is None else self._live.add_task("starting", total=None)

    def __enter__(self) -> "Terminal":
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def step(self, name: str) -> None:
        """The name beside a spinner."""
        if self._live is not None and self._task is not None:
            self._live.reset(self._task, total=None, description=name)

    def advance(self, done: int, total: int, label: str) -> None:
        """A bar."""
        if self._live is not None and self._task is not None:
            self._live.update(self._task, completed=done, total=total, description=label)

    def epoch(self, epoch: Epoch) -> None:
        """A line with the losses."""
        if not self._quiet:
            self._line(epoch_line(epoch))

    def skipped(self, who: str, why: str) -> None:
        """A line with the reason."""
        self._line(f"skipped {who}: {why}")

    def note(self, text: str) -> None:
        """A line."""
        self._line(text)

    def _line(self, text: str) -> None:
        if self._live is None:
            typer.echo(text, err=True)
        else:
            self._live.console.print(text, markup=False, highlight=False, soft_wrap=True)


def epoch_line(epoch: Epoch) -> str:
    """An epoch for people."""
    held_out = epoch.validation_loss
    validation = f"validation {held_out:.4g}, " if math.isfinite(held_out) else ""
    return f"epoch {epoch.epoch}: loss {epoch.train_loss:.4g}, {validation}{epoch.seconds:.0f} s"


def _live() -> "Progress":
    """Spinner, bar and description; the bar is there only where something is counted."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
    from rich.progress import TimeElapsedColumn as Elapsed

    text = TextColumn("{task.description}")
    columns = (SpinnerColumn(), BarColumn(), MofNCompleteColumn(), Elapsed(), text)
    return Progress(*columns, console=Console(stderr=True), transient=True)
