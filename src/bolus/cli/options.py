"""Options that several commands share, and how a command reports on its work."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from bolus.base.progress import Reporter

Log = Callable[[str], None]
"""Takes lines to a log."""
BrainMask = Annotated[
    Path | None,
    typer.Option("--mask", metavar="MASK", help="Brain mask: NIfTI on the series' grid, or DICOM."),
]
Jobs = Annotated[
    int | None,
    typer.Option("--jobs", "-j", metavar="N", help="Local processes; else as many as cores."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no closing lines.")]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace an earlier result in OUT (nothing else).")
]


def show(*tables: "Table") -> None:
    """Tables on stdout, as wide as they need be when that is not a terminal."""
    from rich.console import Console

    console = Console(width=None if sys.stdout.isatty() else 140)
    for table in tables:
        console.print(table)


def matrix_of(text: str) -> tuple[int, int, int]:
    """Voxels along each axis from text like 64,64,12. Raises InputError."""
    from bolus.data import InputError

    parts = text.split(",")
    if len(parts) != 3 or not all(p.strip().isdecimal() for p in parts):
        raise InputError(f"--matrix takes three whole numbers like 64,64,12, found '{text}'")
    x, y, z = (int(p) for p in parts)
    return x, y, z


def pose_of(text: str) -> tuple[float, float, float, float, float, float]:
    """Shifts in mm and turns in degrees from text like 1,2,3,4,5,6. Raises InputError."""
    from bolus.data import InputError

    try:
        x, y, z, a, b, c = (float(part) for part in text.split(","))
    except ValueError as error:
        raise InputError(f"a pose is six numbers like 4,-3,5,3,-2,4, found '{text}'") from error
    return x, y, z, a, b, c


@dataclass(frozen=True, kw_only=True)
class Run:
    """How a run reports, and what it may replace."""

    panel: ClassVar[str] = "Run"

    overwrite: Overwrite = False
    quiet: Quiet = False
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="A line on stderr for every step.")
    ] = False
    log: Annotated[
        Path | None,
        typer.Option(
            "--log", metavar="FILE", help="Add steps, notes and closing lines to this file."
        ),
    ] = None


@contextmanager
def reporting(quiet: bool) -> "Iterator[Reporter]":
    """Progress on stderr: a spinner or bar on a terminal, and a line for what has to be known.

    Patients that are skipped and notes are lines even when quiet; epochs only when not.
    """
    from bolus.cli.terminal import Terminal

    with Terminal(quiet) as terminal:
        yield terminal


@contextmanager
def reporting_lines(quiet: bool) -> "Iterator[Reporter]":
    """As ``reporting``; where stderr is no terminal, a line a second says how far the work is."""
    from bolus.cli.terminal import Both, Lines, Terminal

    with Terminal(quiet) as terminal:
        if quiet or sys.stderr.isatty():
            yield terminal
            return
        lines = Lines(terminal.note, steps_only=True, every=1.0)
        yield Both(terminal, lines)
        lines.finish()


@contextmanager
def reporting_run(run: Run, inputs: "Sequence[Path]") -> "Iterator[tuple[Reporter, Log]]":
    """As ``reporting``; with lines for steps, and a log file, where these are asked for.

    Yields the reporter and what takes further lines to the log. An error is in the log, too.
    """
    from bolus.cli.terminal import Both, Lines, LogFile, Terminal

    def silent(_: str) -> None:
        pass

    log = silent if run.log is None else LogFile(run.log, inputs)
    with Terminal(run.quiet) as terminal:
        steps = [Lines(terminal.note, steps_only=True)] if run.verbose else []
        kept = [] if run.log is None else [Lines(log)]
        if kept:
            from bolus.base.about import software

            log(f"{software()}: begun")
        try:
            yield Both(terminal, *steps, *kept), log
        except Exception as error:
            log(f"failed: {' '.join(str(error).split())}")
            raise
        finally:
            for lines in (*steps, *kept):
                lines.finish()
