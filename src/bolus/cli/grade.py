"""The command ``bolus grade``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bolus.cli.app import NOTICE
from bolus.cli.options import Quiet, reporting, show

if TYPE_CHECKING:
    from rich.table import Table

    from bolus.grading import Grade


def grade(
    maps: Annotated[
        Path,
        typer.Argument(
            metavar="MAPS",
            help="Folder that bolus maps wrote; or a run in a BIDS dataset, as for bolus view.",
        ),
    ],
    tumor: Annotated[
        Path,
        typer.Option(
            "--tumor",
            metavar="MASK",
            help="Mask of the tumour: NIfTI on the maps' grid, a DICOM SEG file (of several "
            "segments: FILE#NUMBER or FILE#LABEL), or a folder with a DICOM mask series.",
        ),
    ],
    reference: Annotated[
        Path | None,
        typer.Option(
            "--reference",
            metavar="MASK",
            help="Mask of the reference: normal-appearing white matter opposite the tumour. Else "
            "the one beside the maps, which bolus maps --tumor finds.",
        ),
    ] = None,
    chosen: Annotated[
        str, typer.Option("--map", metavar="MAP", help="cbf, cbv or cbv_corrected.")
    ] = "cbf",
    cutoff: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FILE",
            help="qin-cbf, qin-cbv, paper-phae, paper-osvd, paper-tikhonov, or the results.json of "
            "a study. Cut-offs do not transfer between methods.",
        ),
    ] = None,
    json: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Also write the figures here.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Tumour over reference in one map, and on which side of a cut-off it lies.

    Where the method gives uncertainty (joint, phae, bayes), so has the ratio.

    Example: bolus grade maps --tumor tumor.nii.gz --reference nawm.nii.gz --cutoff qin-cbf
    """
    from bolus.base.json import write_json
    from bolus.grading import grade_maps

    with reporting(quiet) as reporter:
        reporter.step("reading")
        found = grade_maps(maps, tumor, reference, map=chosen, cutoff=cutoff)
    if json is not None:
        write_json(json, found.as_json())
    if not quiet:
        show(_table(found))
        typer.echo("\n".join([*_verdict(found), NOTICE]))


def _verdict(found: "Grade") -> tuple[str, ...]:
    if found.verdict is not None:
        return found.verdict.sentences
    return ("No cut-off was given (--cutoff), so none is held against the ratio.",)


def _table(found: "Grade") -> "Table":
    from rich import box
    from rich.table import Table

    from bolus.grading.cutoff import map_name

    ratio, tumor, base = found.ratio, found.ratio.tumor, found.ratio.reference
    title = f"{map_name(found.map)} by {found.method}, {found.unit}"
    table = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left")
    for column in ("", "tumour", "reference", "ratio"):
        table.add_column(column, justify="right" if column else "left", no_wrap=True)
    interval = ""
    if ratio.interval is not None:
        interval = f" (90 %: {ratio.interval[0]:.2f} to {ratio.interval[1]:.2f})"
    for cells in (
        ("voxels", f"{tumor.voxels}", f"{base.voxels}", ""),
        ("left out", f"{tumor.left_out}", f"{base.left_out}", ""),
        ("mean", f"{tumor.mean:.3g}", f"{base.mean:.3g}", f"{ratio.mean:.2f}{interval}"),
        ("median", f"{tumor.median:.3g}", f"{base.median:.3g}", f"{ratio.median:.2f}"),
        ("95th percentile / median", f"{tumor.p95:.3g}", f"{base.median:.3g}", f"{ratio.p95:.2f}"),
        (
            f"hot spot ({ratio.hotspot_voxels} voxels) / mean",
            f"{ratio.hotspot * base.mean:.3g}",
            f"{base.mean:.3g}",
            f"{ratio.hotspot:.2f}",
        ),
    ):
        table.add_row(*cells)
    return table
