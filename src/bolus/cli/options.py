"""Options that several commands share, and how a command tells of its work."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from bolus.patient import Progress

BrainMask = Annotated[
    Path | None,
    typer.Option("--mask", metavar="MASK", help="Brain mask: NIfTI on the series' grid, or DICOM."),
]
EchoTime = Annotated[
    float | None, typer.Option("--te", metavar="S", help="Echo time in seconds, e.g. 0.03.")
]
RepetitionTime = Annotated[
    float | None,
    typer.Option("--tr", metavar="S", help="Time between frames in seconds, e.g. 1.5."),
]
SeriesNumber = Annotated[
    int | None,
    typer.Option("--series", metavar="N", help="Series number, in a DICOM folder of several."),
]
Jobs = Annotated[
    int | None,
    typer.Option("--jobs", "-j", metavar="N", help="Local processes; else as many as cores."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no closing lines.")]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace an earlier result in OUT (nothing else).")
]


def methods(start: str) -> list[str]:
    """Method names for shell completion."""
    from bolus.estimators import METHODS

    return [name for name in METHODS if name.startswith(start)]


def show(*tables: "Table") -> None:
    """Tables on stdout, as wide as they need be when that is not a terminal."""
    from rich.console import Console

    console = Console(width=None if sys.stdout.isatty() else 140)
    for table in tables:
        console.print(table)


def check_apart(source: Path, out: Path) -> None:
    """An input inside OUT would be replaced by its own result."""
    from bolus.data import OutputError

    inside, folder = source.resolve(), out.resolve()
    if folder == inside or folder in inside.parents:
        raise OutputError(f"{out}: the input {source} lies in it; choose another OUT")


def matrix_of(text: str) -> tuple[int, int, int]:
    """Voxels along each axis from text like 64,64,12. Raises InputError."""
    from bolus.data import InputError

    parts = text.split(",")
    if len(parts) != 3 or not all(p.strip().isdigit() for p in parts):
        raise InputError(f"--matrix takes three whole numbers like 64,64,12, found '{text}'")
    x, y, z = (int(p) for p in parts)
    return x, y, z


@contextmanager
def progress(quiet: bool) -> "Iterator[Progress]":
    """A spinner with the step's name on stderr; silent when asked or when not a terminal."""
    if quiet or not sys.stderr.isatty():
        yield lambda step: None
        return
    from rich.console import Console

    with Console(stderr=True).status("starting") as status:
        yield lambda step: status.update(step)


@contextmanager
def lines(quiet: bool) -> "Iterator[Progress]":
    """Progress of a long run: steps as a spinner, epochs as lines on stderr.

    What was skipped or changed is said even when quiet.
    """
    with progress(quiet) as step:

        def say(text: str) -> None:
            if text.startswith(("skipped", "batches", "nothing")) or (
                text.startswith("epoch") and not quiet
            ):
                typer.echo(text, err=True)
            else:
                step(text)

        yield say


@contextmanager
def counted(quiet: bool) -> Iterator[Callable[[int, int, str], None]]:
    """Progress of work on many patients: a bar on stderr; silent when asked or no terminal."""
    if quiet or not sys.stderr.isatty():
        yield lambda done, total, label: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    text = TextColumn("{task.description}")
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), text)
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting")

        def tell(done: int, total: int, label: str) -> None:
            bar.update(task, completed=done, total=total, description=label)

        yield tell
