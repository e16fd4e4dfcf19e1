"""The commands ``bolus demo`` and ``bolus bench``."""

from pathlib import Path
from typing import Annotated

import typer

from bolus.cli.options import (
    Overwrite,
    Quiet,
    reporting,
    show,
)


def demo(
    out: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Folder to make for the results.")
    ] = Path("demo"),
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Simulate a patient, map it with every method, and compare with the truth (a minute)."""
    from bolus.demo import render, run_demo
    from bolus.io import check_output

    check_output(out, overwrite)
    with reporting(quiet) as reporter:
        result = run_demo(out, overwrite=overwrite, reporter=reporter)
    if not quiet:
        show(render(result))
        typer.echo(f"Beside the truth: {out / 'comparison.png'}")
        typer.echo(f"Open in a browser: {out / 'phae' / 'report.html'}")


def bench(
    json: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Also write the figures here.")
    ] = None,
    markdown: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write the tables here, as a page.")
    ] = None,
    ablation: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Instead train every step from the published network to phae five times (half an "
            "hour), and write that table here.",
        ),
    ] = None,
    adaptation: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Instead adapt phae to two simulated cohorts of another population (some "
            "minutes), and write that table here.",
        ),
    ] = None,
    grading: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Instead simulate five cohorts of glioma patients and study them (half an "
            "hour), and write those tables here.",
        ),
    ] = None,
    motion: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Instead simulate twelve heads that move, bring them back and map them (some "
            "minutes), and write those tables here.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same curves.")] = 0,
    curves: Annotated[
        int, typer.Option(metavar="N", help="Curves for each repetition time and SNR.")
    ] = 960,
    quiet: Quiet = False,
) -> None:
    """Accuracy of every method on random curves, its distance to the Bayes limit, and its speed.

    A few minutes. Accuracy is the same for the same seed; times are this machine's.
    """
    from bolus.bench import (
        ablation_page,
        adaptation_page,
        page,
        run_ablation,
        run_adaptation,
        run_benchmark,
        tables,
    )
    from bolus.io import write_bytes, write_json

    with reporting(quiet) as reporter:
        if ablation is not None:
            write_bytes(ablation, ablation_page(run_ablation(reporter=reporter)).encode())
            return
        if adaptation is not None:
            found = run_adaptation(seed=seed, reporter=reporter)
            write_bytes(adaptation, adaptation_page(found).encode())
            return
        if grading is not None:
            from bolus.study.repeat import repeat_study, repeated_page

            write_bytes(grading, repeated_page(repeat_study(reporter=reporter)).encode())
            return
        if motion is not None:
            from bolus.study.moving import moving_page, run_moving

            write_bytes(motion, moving_page(run_moving(reporter=reporter)).encode())
            return
        result = run_benchmark(seed=seed, curves_per_cell=curves, reporter=reporter)
    if json is not None:
        write_json(json, result.as_json())
    if markdown is not None:
        write_bytes(markdown, page(result).encode())
    show(*tables(result))
