"""The commands ``bolus send`` and ``bolus fetch``."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bolus.cli.groups import grouped
from bolus.cli.options import Quiet, reporting, show

if TYPE_CHECKING:
    from rich.table import Table

    from bolus.network import Destination, Found, Query

Peer = Annotated[
    str,
    typer.Argument(
        metavar="DEST", help="AE@HOST:PORT, a DICOMweb URL, or a destination of --rules."
    ),
]


@dataclass(frozen=True, kw_only=True)
class Calling:
    """How the peer is called."""

    rules: Annotated[
        Path | None,
        typer.Option("--rules", metavar="TOML", help="Rule file with destinations by name."),
    ] = None
    calling: Annotated[
        str, typer.Option("--calling", metavar="TITLE", help="AE title of its caller.")
    ] = "BOLUS"

    def peer(self, name: str) -> "Destination":
        """The destination of that name or address. Raises InputError."""
        from bolus.network import destination_of, read_rules

        known = {} if self.rules is None else read_rules(self.rules).destinations
        return known[name] if name in known else destination_of(name, calling=self.calling)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which series."""

    study: Annotated[str, typer.Option("--study", metavar="UID", help="StudyInstanceUID.")] = ""
    series: Annotated[str, typer.Option("--series", metavar="UID", help="SeriesInstanceUID.")] = ""
    patient_id: Annotated[
        str, typer.Option("--patient-id", metavar="ID", help="The patient's id.")
    ] = ""
    accession: Annotated[
        str, typer.Option("--accession", metavar="NUMBER", help="Accession number.")
    ] = ""
    date: Annotated[
        str,
        typer.Option("--date", metavar="DATE", help="20240131, or a range 20240101-20240131."),
    ] = ""
    modality: Annotated[str, typer.Option("--modality", metavar="CODE", help="MR, SEG, …")] = ""
    description: Annotated[
        str, typer.Option("--description", metavar="TEXT", help="Of the series; * is any text.")
    ] = ""

    def query(self) -> "Query":
        """As the package takes it. Raises InputError."""
        from bolus.network import Query

        return Query(**{name: getattr(self, name) for name in self.__dataclass_fields__})


@grouped
def send(
    peer: Peer,
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help="DICOM files, or folders of them.")
    ],
    calling: Calling,
    quiet: Quiet = False,
) -> None:
    """Send DICOM objects to a PACS: C-STORE, or STOW to a DICOMweb URL.

    Example: bolus send PACS@10.0.0.5:104 maps/dicom
    """
    from bolus.network import send as sends

    with reporting(quiet) as reporter:
        count = sends(calling.peer(peer), paths, reporter=reporter)
    if not quiet:
        typer.echo(f"{count} objects sent to {peer}")


@grouped
def fetch(
    peer: Peer,
    wanted: Wanted,
    calling: Calling,
    out: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="OUT", help="Folder to make for the series."),
    ] = None,
    move_port: Annotated[
        int | None,
        typer.Option(
            "--move-port",
            metavar="N",
            help="By C-MOVE to this port, which the PACS must know by the title --calling, "
            "instead of C-GET.",
        ),
    ] = None,
    move_host: Annotated[
        str, typer.Option("--move-host", metavar="ADDRESS", help="With --move-port: its address.")
    ] = "127.0.0.1",
    quiet: Quiet = False,
) -> None:
    """Find series in a PACS and fetch them: C-FIND and C-GET or C-MOVE, or QIDO and WADO.

    Without -o they are listed, and nothing is fetched.

    Example: bolus fetch PACS@10.0.0.5:104 --accession 12345 --description '*perf*' -o dsc
    """
    from bolus.data import InputError
    from bolus.network import Entity, find
    from bolus.network import fetch as fetches

    chosen, query = calling.peer(peer), wanted.query()
    if move_port is not None:
        if not isinstance(chosen, Entity):
            raise InputError("--move-port goes with AE@HOST:PORT, not with a DICOMweb URL")
        chosen = replace(chosen, move_port=move_port, move_host=move_host)
    if out is None:
        show(_table(find(chosen, query)))
        return
    with reporting(quiet) as reporter:
        found = fetches(chosen, query, out, reporter=reporter)
    if not quiet:
        typer.echo(f"{len(found)} series in {out}")


def _table(found: "list[Found]") -> "Table":
    from rich.table import Table

    table = Table("date", "modality", "description", "images", "study", "series")
    for one in found:
        images = "" if one.images is None else f"{one.images}"
        table.add_row(one.date, one.modality, one.description, images, one.study, one.series)
    return table
