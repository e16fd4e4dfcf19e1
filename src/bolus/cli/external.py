"""The part of ``bolus bench`` that scores any program."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bolus.cli.options import show

if TYPE_CHECKING:
    from bolus.base.progress import Reporter


@dataclass(frozen=True, kw_only=True)
class AnyProgram:
    """A benchmark folder, and the program that is scored on its objects."""

    external: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Instead the benchmark of any program's maps, in DIR: its objects are written "
            "where there is no DIR; --maps or --command score a program; --markdown and --json "
            "write all results, with those of bolus' own methods (half an hour).",
        ),
    ] = None
    maps: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="With --external: maps to score, FOLDER/OBJECT/cbf.nii.gz and so on. With "
            "--command: where its maps are kept.",
        ),
    ] = None
    command: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help="With --external: a program to run on every object and score, for example "
            "'prog {series} {mask} {aif} {output}'; {tumor} is the mask of where tissue may leak.",
        ),
    ] = None
    name: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="With --maps or --command: the program and its version."),
    ] = None
    origin: Annotated[
        str,
        typer.Option(
            metavar="TEXT", help="With --maps or --command: how it came here, as the page says."
        ),
    ] = "maps from elsewhere"

    @property
    def scores(self) -> bool:
        """Whether a program is to be scored."""
        return self.maps is not None or self.command is not None

    def check(self) -> None:
        """Raise InputError for options that do not go together."""
        from bolus.data import InputError

        if self.external is None and (self.scores or self.name is not None):
            raise InputError("--maps, --command and --name go with --external DIR")
        if self.scores != (self.name is not None):
            raise InputError("--maps or --command, and --name, go together")

    def make(
        self, seed: int, markdown: Path | None, json: Path | None, reporter: "Reporter"
    ) -> None:
        """Make or find the objects, score the program, write what is asked for."""
        from bolus.base.files import write_bytes
        from bolus.bench.external import (
            Program,
            all_results,
            external_layouts,
            external_page,
            open_benchmark,
            score_program,
            write_results,
        )
        from bolus.report.text.layout import as_rich

        assert self.external is not None
        benchmark = open_benchmark(self.external, seed, reporter=reporter)
        if self.name is not None:
            program = Program(name=self.name, origin=self.origin)
            result = score_program(benchmark, program, self.maps, self.command, reporter=reporter)
            show(*map(as_rich, external_layouts(benchmark, {self.name: result})))
        if markdown is None and json is None:
            return
        results = all_results(benchmark, reporter=reporter)
        if json is not None:
            write_results(json, benchmark, results)
        if markdown is not None:
            write_bytes(markdown, external_page(benchmark, results).encode())
