"""Options that several commands share, and how a command reports on its work."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from bolus.base.progress import Reporter
    from bolus.data import Burden

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
    from bolus.estimators import EVERY_METHOD

    return [name for name in EVERY_METHOD if name.startswith(start)]


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
    if len(parts) != 3 or not all(p.strip().isdecimal() for p in parts):
        raise InputError(f"--matrix takes three whole numbers like 64,64,12, found '{text}'")
    x, y, z = (int(p) for p in parts)
    return x, y, z


def burden_of(text: str) -> "Burden":
    """Thresholds of the tumour burden from text like 1.0,1.75. Raises InputError."""
    from bolus.data import Burden, InputError

    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError as error:
        raise InputError(f"--burden takes two numbers like 1.0,1.75, found '{text}'") from error
    usual = Burden()
    return usual if (low, high) == (usual.low, usual.high) else (
        Burden(low=low, high=high, source="given"))  # fmt: skip


def pose_of(text: str) -> tuple[float, float, float, float, float, float]:
    """Shifts in mm and turns in degrees from text like 1,2,3,4,5,6. Raises InputError."""
    from bolus.data import InputError

    try:
        x, y, z, a, b, c = (float(part) for part in text.split(","))
    except ValueError as error:
        raise InputError(f"a pose is six numbers like 4,-3,5,3,-2,4, found '{text}'") from error
    return x, y, z, a, b, c


@contextmanager
def reporting(quiet: bool) -> "Iterator[Reporter]":
    """Progress on stderr: a spinner or bar on a terminal, and a line for what has to be known.

    Patients that are skipped and notes are lines even when quiet; epochs only when not.
    """
    from bolus.cli.terminal import Terminal

    with Terminal(quiet) as terminal:
        yield terminal
