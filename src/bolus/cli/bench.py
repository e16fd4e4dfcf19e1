"""The commands ``bolus demo`` and ``bolus bench``."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bolus.cli.external import AnyProgram
from bolus.cli.groups import grouped
from bolus.cli.options import Overwrite, Quiet, reporting, show

if TYPE_CHECKING:
    from bolus.base.progress import Reporter


def demo(
    out: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Folder to make for the results.")
    ] = Path("demo"),
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Simulate a patient, map it with every method, and compare with the truth (a minute)."""
    from bolus.bench.demo import render, run_demo
    from bolus.io import check_output

    check_output(out, overwrite)
    with reporting(quiet) as reporter:
        result = run_demo(out, overwrite=overwrite, reporter=reporter)
    if not quiet:
        show(render(result))
        typer.echo(f"Beside the truth: {out / 'comparison.png'}")
        typer.echo(f"Open in a browser: {out / 'joint' / 'report.html'}")


@dataclass(frozen=True, kw_only=True)
class Figures:
    """The benchmark on random curves, and where its figures go."""

    json: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Also write the figures here.")
    ] = None
    markdown: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write the tables here, as a page.")
    ] = None
    seed: Annotated[int, typer.Option(help="Same seed, same curves.")] = 0
    curves: Annotated[
        int, typer.Option(metavar="N", help="Curves for each repetition time and SNR.")
    ] = 960

    def make(self, reporter: "Reporter") -> None:
        """Run it, write what is asked for, and show the tables."""
        from bolus.base.files import write_bytes
        from bolus.base.json import write_json
        from bolus.bench import page, run_benchmark, tables

        result = run_benchmark(seed=self.seed, curves_per_cell=self.curves, reporter=reporter)
        if self.json is not None:
            write_json(self.json, result.as_json())
        if self.markdown is not None:
            write_bytes(self.markdown, page(result).encode())
        show(*tables(result))


@dataclass(frozen=True, kw_only=True)
class Instead:
    """Benchmarks that are run in place of the one on random curves, and the pages they make."""

    ablation: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Instead train every step from the published network to phae five times (half an "
            "hour), and write that table here.",
        ),
    ] = None
    adaptation: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Instead adapt phae to two simulated cohorts of another population (some "
            "minutes), and write that table here.",
        ),
    ] = None
    grading: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Instead simulate five cohorts of glioma patients and study them (half an "
            "hour), and write those tables here.",
        ),
    ] = None
    finding: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Instead study three cohorts by the published methods, each time with one thing "
            "changed: why the published order of methods holds or not, and write those "
            "tables here.",
        ),
    ] = None
    motion: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Instead simulate twelve heads that move, bring them back and map them (some "
            "minutes), and write those tables here.",
        ),
    ] = None

    brain: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Instead map whole simulated brains of five populations with lesions, beside what "
            "is possible (half an hour), and write those tables here.",
        ),
    ] = None

    objects: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Instead map two digital objects of the literature, Kudo's phantom and one with a "
            "dispersed arterial input (some minutes), and write those tables here.",
        ),
    ] = None

    arteries: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Instead simulate thirty heads, most of them with arteries that do not fill their "
            "voxels, and map them (ten minutes), and write that table here.",
        ),
    ] = None

    disturbed: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Instead estimate curves that are not what methods take them for, and whether "
            "they say so (some minutes), and write that table here.",
        ),
    ] = None

    followup: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Instead simulate tumours at three dates, with and without a change, and compare "
            "them (two hours), and write those tables here.",
        ),
    ] = None

    patients: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help="With --followup, --tumors or the intervals of --strokes: so many patients, not "
            "200.",
        ),
    ] = None

    tumors: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Instead simulate two hundred patients with tumours, twenty of them twice, and "
            "judge the reference that is found and every number (half an hour), and write that "
            "page here.",
        ),
    ] = None

    strokes: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Instead simulate ten strokes and measure their volumes by every method, and two "
            "hundred coarser ones for the intervals (half an hour), and write those tables here.",
        ),
    ] = None

    anatomy: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Instead register forty simulated heads to anatomical images with known "
            "transforms, and to those of others (fifteen minutes), and write those tables here.",
        ),
    ] = None

    def pages(self, seed: int) -> "dict[Path, Callable[[Reporter], str]]":
        """What makes each page that is asked for."""
        made = {
            self.ablation: _ablation,
            self.adaptation: lambda reporter: _adaptation(seed, reporter),
            self.grading: _grading,
            self.finding: _finding,
            self.motion: _motion,
            self.brain: _brain,
            self.objects: lambda reporter: _objects(seed, reporter),
            self.arteries: _arteries,
            self.tumors: lambda reporter: _tumors(self.patients, reporter),
            self.disturbed: lambda reporter: _disturbed(seed, reporter),
            self.followup: lambda reporter: _followup(self.patients, reporter),
            self.strokes: lambda reporter: _strokes(self.patients, reporter),
            self.anatomy: _anatomy,
        }
        return {path: make for path, make in made.items() if path is not None}


@grouped
def bench(figures: Figures, instead: Instead, program: AnyProgram, quiet: Quiet = False) -> None:
    """Accuracy of every method on random curves, its distance to the Bayes limit, and its speed.

    A few minutes. Accuracy is the same for the same seed; times are this machine's.
    """
    from bolus.base.files import write_bytes

    program.check()
    pages = instead.pages(figures.seed)
    with reporting(quiet) as reporter:
        for path, make in pages.items():
            write_bytes(path, make(reporter).encode())
        if program.external is not None:
            program.make(figures.seed, figures.markdown, figures.json, reporter)
        elif not pages:
            figures.make(reporter)


def _ablation(reporter: "Reporter") -> str:
    from bolus.bench import ablation_page, run_ablation

    return ablation_page(run_ablation(reporter=reporter))


def _adaptation(seed: int, reporter: "Reporter") -> str:
    from bolus.bench import adaptation_page, run_adaptation

    return adaptation_page(run_adaptation(seed=seed, reporter=reporter))


def _grading(reporter: "Reporter") -> str:
    from bolus.study.repeat import repeat_study, repeated_page

    return repeated_page(repeat_study(reporter=reporter))


def _finding(reporter: "Reporter") -> str:
    from bolus.study.finding import finding_page, run_finding

    return finding_page(run_finding(reporter=reporter))


def _motion(reporter: "Reporter") -> str:
    from bolus.study.moving import moving_page, run_moving

    return moving_page(run_moving(reporter=reporter))


def _brain(reporter: "Reporter") -> str:
    from bolus.bench.brain import brain_page, run_brains

    return brain_page(run_brains(memory=True, reporter=reporter))


def _objects(seed: int, reporter: "Reporter") -> str:
    from bolus.bench.objects_page import objects_page, run_objects

    return objects_page(run_objects(seed=seed, reporter=reporter))


def _disturbed(seed: int, reporter: "Reporter") -> str:
    from bolus.bench.disturbed_page import disturbed_page, run_disturbed

    return disturbed_page(run_disturbed(seed=seed, reporter=reporter))


def _tumors(patients: int | None, reporter: "Reporter") -> str:
    from bolus.bench.tumors import SEEDS, run_tumors, tumor_plans
    from bolus.bench.tumors_page import tumors_page

    return tumors_page(run_tumors(tumor_plans(SEEDS[:patients]), reporter=reporter))


def _arteries(reporter: "Reporter") -> str:
    from bolus.bench.arteries import arteries_page, run_arteries

    return arteries_page(run_arteries(reporter=reporter))


def _followup(patients: int | None, reporter: "Reporter") -> str:
    from bolus.bench.followup import PATIENTS, run_followup
    from bolus.bench.followup_page import followup_page

    return followup_page(run_followup(patients=patients or PATIENTS, reporter=reporter))


def _strokes(patients: int | None, reporter: "Reporter") -> str:
    from bolus.bench.strokes import MANY, run_intervals, run_strokes
    from bolus.bench.strokes_page import strokes_page

    every = run_strokes(reporter=reporter)
    return strokes_page(every, run_intervals(MANY[:patients], reporter=reporter))


def _anatomy(reporter: "Reporter") -> str:
    from bolus.bench.anatomy import run_anatomy
    from bolus.bench.anatomy_page import anatomy_page

    return anatomy_page(run_anatomy(reporter=reporter))
