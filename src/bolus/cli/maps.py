"""The command ``bolus maps``."""

from pathlib import Path
from typing import Annotated

import typer

from bolus.cli.bids import bids_names, check_only_with_bids
from bolus.cli.options import (
    BrainMask,
    EchoTime,
    Overwrite,
    Quiet,
    RepetitionTime,
    SeriesNumber,
    check_apart,
    methods,
    reporting,
)


def maps(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="INPUT",
            help="4D NIfTI file (with its BIDS .json, if any) or a folder with DICOM files.",
        ),
    ],
    out: Annotated[
        Path, typer.Option("--output", "-o", metavar="OUT", help="Folder to make for the results.")
    ],
    method: Annotated[
        str | None,
        typer.Option(
            "--method",
            "-m",
            autocompletion=methods,
            help="phae (default, with uncertainty), osvd, csvd, svd, tikhonov, tikhonov-fixed, "
            "bayes (slow, with uncertainty) or phae-paper.",
        ),
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option("--weights", metavar="FILE", help="Weights made by bolus train."),
    ] = None,
    aif: Annotated[
        str,
        typer.Option(
            "--aif",
            metavar="auto|FILE",
            help="Arterial input: found automatically, averaged over a MASK, or read from a "
            "TSV table (columns time_s, from the first used frame, and delta_r2star_per_s).",
        ),
    ] = "auto",
    mask: BrainMask = None,
    tumor: Annotated[
        Path | None,
        typer.Option(
            "--tumor",
            metavar="MASK",
            help="Tumour mask: a NIfTI file on the series' grid, a DICOM SEG file (of several "
            "segments: FILE#NUMBER or FILE#LABEL), or a folder with a DICOM mask series. Corrects "
            "leakage, too.",
        ),
    ] = None,
    reference: Annotated[
        Path | None,
        typer.Option(
            "--reference",
            metavar="MASK",
            help="Mask of normal tissue: the page then tells the ratio of the tumour to it.",
        ),
    ] = None,
    leakage: Annotated[
        bool | None,
        typer.Option(
            "--leakage/--no-leakage",
            help="Correct for leaking contrast agent: cbv_corrected and k2 as well, and all maps "
            "but cbv from corrected curves. On where a tumour mask is given.",
        ),
    ] = None,
    leakage_model: Annotated[
        str,
        typer.Option(
            metavar="free|bsw",
            help="Boxerman-Schmainda-Weisskoff as published (bsw), or with a vascular curve of "
            "any transit time and delay, and washout (free).",
        ),
    ] = "free",
    motion: Annotated[
        bool,
        typer.Option("--motion/--no-motion", help="Take out the motion of the head. On."),
    ] = True,
    motion_limit: Annotated[
        float,
        typer.Option(
            "--motion-limit",
            metavar="MM",
            help="Frames with a framewise displacement past this are flagged.",
        ),
    ] = 1.0,
    flagged: Annotated[
        str,
        typer.Option(
            "--flagged",
            metavar="keep|drop",
            help="Flagged frames count as any other (keep), or are left out by bayes and "
            "interpolated in time for the other methods (drop).",
        ),
    ] = "keep",
    dicom: Annotated[
        bool,
        typer.Option(
            "--dicom",
            help="Also write the maps as DICOM parametric maps and the regions as DICOM "
            "segmentations, under the study (and the patient's name) of the input.",
        ),
    ] = False,
    anonymize: Annotated[
        bool,
        typer.Option(
            "--anonymize/--no-anonymize",
            help="Keep name, id, birth date and accession number of the patient off the page. On.",
        ),
    ] = True,
    bids: Annotated[
        bool,
        typer.Option(
            "--bids",
            help="Make OUT a BIDS derivatives dataset, or add to one: maps of further subjects, "
            "sessions and methods.",
        ),
    ] = False,
    subject: Annotated[
        str | None,
        typer.Option(
            "--subject",
            metavar="LABEL",
            help="With --bids: the subject, e.g. 01. Taken from an INPUT called sub-…_… otherwise.",
        ),
    ] = None,
    session: Annotated[
        str | None,
        typer.Option(
            "--session",
            metavar="LABEL",
            help="With --bids: the session, if any. Taken from an INPUT called sub-…_ses-…_… too.",
        ),
    ] = None,
    te: EchoTime = None,
    tr: RepetitionTime = None,
    series: SeriesNumber = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Perfusion maps of one patient: CBF, CBV, MTT, Tmax, delay, TTP, quality, and a picture.

    Without an echo time, in the files or by --te, the maps are relative and say so.

    Example: bolus maps dsc.nii.gz -o maps

    In a BIDS data set: bolus maps sub-01/perf/sub-01_dsc.nii.gz -o derivatives/bolus --bids
    """
    from bolus.io import check_dicom_output, check_output, read_series
    from bolus.io.bids import check_dataset
    from bolus.patient import method_or_weights, perfusion_maps
    from bolus.report import save_bids

    check_apart(source, out)
    with reporting(quiet) as reporter:
        reporter.step("reading")
        chosen = method_or_weights(method, weights)
        if bids:
            named = dicom or not anonymize
            names = bids_names(source, subject, session, chosen, named=named)
            check_dataset(out, names, overwrite)
        else:
            check_only_with_bids(subject, session)
            check_output(out, overwrite)
        found = read_series(source, te=te, tr=tr, series=series)
        if dicom:
            check_dicom_output(found)
        result = perfusion_maps(
            found,
            chosen,
            None if aif == "auto" else aif,
            mask,
            tumor=tumor,
            leakage=leakage,
            leakage_model=leakage_model,
            reference=reference,
            motion=motion,
            motion_limit=motion_limit,
            flagged=flagged,
            reporter=reporter,
        )
        reporter.step("writing")
        if bids:
            save_bids(result, out, names, source=source, overwrite=overwrite)
            page = out / names.path("report.html")
        else:
            result.save(out, overwrite=overwrite, dicom=dicom, anonymize=anonymize)
            page = out / "report.html"
    if not quiet:
        from bolus.report import closing_lines

        typer.echo("\n".join([*closing_lines(result), f"{page}"]))
