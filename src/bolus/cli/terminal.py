"""Progress on a terminal, as lines and in a file."""

import math
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import typer

from bolus.base.progress import Epoch, Reporter

if TYPE_CHECKING:
    from rich.progress import Progress

Write = Callable[[str], None]
PATIENCE = 3.0
"""Seconds after which a step says how far it is, and how often."""


class Terminal:
    """A reporter on stderr, to be used in a with statement.

    Steps are a spinner with the step's name, counted work a bar with percentage and remaining time;
    both only on a terminal and when not ``quiet``. Epochs are lines when not ``quiet``, what was
    skipped and notes always.
    """

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._live = None if quiet or not sys.stderr.isatty() else _live()
        self._task = None if self._live is None else self._live.add_task("starting", total=None)
        self._step = ""

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
        self._step = name
        if self._live is not None and self._task is not None:
            self._live.reset(self._task, total=None, description=name)

    def advance(self, done: int, total: int, label: str) -> None:
        """A bar, begun anew where less is done than before."""
        if self._live is None or self._task is None:
            return
        name = f"{self._step}, {label}" if self._step else label
        task = self._live.tasks[0]
        if task.total != total or done < task.completed:
            self._live.reset(self._task, total=total, description=name)
        self._live.update(self._task, completed=done, total=total, description=name)

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


class Lines:
    """A reporter that writes a line for every step, with its seconds, and what else is reported.

    Steps of more than ``every`` seconds that are counted say how far they are, as a percentage, and
    what time remains. ``write`` takes the lines.
    """

    def __init__(self, write: Write, *, steps_only: bool = False, every: float = PATIENCE) -> None:
        self._write, self._steps_only, self._every = write, steps_only, every
        self._step, self._begun, self._counted, self._told = "", 0.0, 0.0, 0.0

    def step(self, name: str) -> None:
        """The step before has ended; this one begins."""
        self.finish()
        self._step = name
        self._begun = self._counted = self._told = time.monotonic()

    def finish(self) -> None:
        """The last step has ended."""
        if self._step:
            self._write(f"{self._step}: {time.monotonic() - self._begun:.1f} s")
        self._step = ""

    def advance(self, done: int, total: int, label: str) -> None:
        """How far it is, no more often than every so many seconds."""
        now = time.monotonic()
        if done == 0:
            self._counted = now
        if done in (0, total) or now - self._told < self._every:
            return
        self._told = now
        left = (now - self._counted) * (total - done) / done
        name = f"{self._step}, {label}" if self._step else label
        self._write(f"{name}: {100 * done / total:.0f} %, about {left:.0f} s left")

    def epoch(self, epoch: Epoch) -> None:
        """A line with the losses."""
        if not self._steps_only:
            self._write(epoch_line(epoch))

    def skipped(self, who: str, why: str) -> None:
        """A line with the reason."""
        if not self._steps_only:
            self._write(f"skipped {who}: {why}")

    def note(self, text: str) -> None:
        """A line."""
        if not self._steps_only:
            self._write(text)


class Both:
    """A reporter that hands on everything to several."""

    def __init__(self, *reporters: Reporter) -> None:
        self._reporters = reporters

    def step(self, name: str) -> None:
        """To all."""
        for one in self._reporters:
            one.step(name)

    def advance(self, done: int, total: int, label: str) -> None:
        """To all."""
        for one in self._reporters:
            one.advance(done, total, label)

    def epoch(self, epoch: Epoch) -> None:
        """To all."""
        for one in self._reporters:
            one.epoch(epoch)

    def skipped(self, who: str, why: str) -> None:
        """To all."""
        for one in self._reporters:
            one.skipped(who, why)

    def note(self, text: str) -> None:
        """To all."""
        for one in self._reporters:
            one.note(text)


class LogFile:
    """A file of lines with the time of day before each; ``inputs`` are called INPUT in it.

    Lines are added, so that a log can hold several runs. Raises OutputError for a file that cannot
    be written.
    """

    def __init__(self, path: Path, inputs: Sequence[Path] = ()) -> None:
        self._path = path
        told = [str(form) for one in inputs for form in (one.resolve(), one)]
        self._hidden = sorted(set(told), key=len, reverse=True)

    def __call__(self, text: str) -> None:
        """Add a line, or several."""
        for name in self._hidden:
            text = text.replace(name, "INPUT")
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S")
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.writelines(f"{stamp} {line}\n" for line in text.splitlines())
        except OSError as error:
            from bolus.data import OutputError

            raise OutputError(f"{self._path}: cannot be written ({error.strerror})") from error


def epoch_line(epoch: Epoch) -> str:
    """An epoch for people."""
    held_out = epoch.validation_loss
    validation = f"validation {held_out:.4g}, " if math.isfinite(held_out) else ""
    return f"epoch {epoch.epoch}: loss {epoch.train_loss:.4g}, {validation}{epoch.seconds:.0f} s"


def _live() -> "Progress":
    """Spinner, bar, percentage, times and description; the rest only where something is counted."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn
    from rich.progress import TimeElapsedColumn as Elapsed
    from rich.progress import TimeRemainingColumn as Remaining

    text = TextColumn("{task.description}")
    columns = (SpinnerColumn(), BarColumn(), TaskProgressColumn(), Elapsed(), Remaining(), text)
    return Progress(*columns, console=Console(stderr=True), transient=True)
