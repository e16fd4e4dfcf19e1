"""The commands ``bolus import …``."""

from pathlib import Path
from typing import Annotated

import typer

from bolus.cli.options import Quiet, reporting


def import_qin(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER", help="The collection, or a part of it, as you have it on disk."
        ),
    ],
    out: Annotated[Path, typer.Option("--output", "-o", metavar="COHORT", help="Folder to make.")],
    participants: Annotated[
        Path,
        typer.Option(
            "--participants",
            metavar="TSV",
            help="Table with the columns participant_id (e.g. QIN-BRAIN-DSC-01-07) and grade (LGG "
            "or HGG), which no header holds; other columns are kept.",
        ),
    ],
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an earlier COHORT (nothing else).")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """The collection QIN-BRAIN-DSC-MRI of The Cancer Imaging Archive, to a cohort.

    The collection is under controlled access: you must already have it; bolus downloads nothing.
    Whoever cannot be imported is skipped, with the reason on stderr and in COHORT/summary.json.

    Example: bolus import qin QIN-BRAIN-DSC-MRI -o cohort --participants grades.tsv
    """
    from bolus.io import check_apart
    from bolus.io.qin import import_qin as imported

    check_apart(folder, out)
    check_apart(participants, out)
    with reporting(quiet) as reporter:
        made = imported(folder, out, participants, overwrite=overwrite, reporter=reporter)
    if quiet:
        return
    for note in made.notes:
        typer.echo(f"note: {note}", err=True)
    typer.echo(
        f"{out}: {len(made.patients)} patients imported, {len(made.skipped)} skipped, "
        f"{len(made.notes)} notes (summary.json says which)"
    )
