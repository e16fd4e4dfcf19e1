"""The command ``bolus maps``."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bolus.cli.bids import bids_names, check_only_with_bids
from bolus.cli.groups import grouped
from bolus.cli.options import BrainMask, Overwrite, Quiet, check_apart, methods, reporting
from bolus.cli.reading import Prepared, Reading

if TYPE_CHECKING:
    from bolus.estimators import Estimator
    from bolus.io.bids.dataset import BidsNames
    from bolus.patient import PatientMaps
    from bolus.patient.given import Regions


@dataclass(frozen=True, kw_only=True)
class Estimation:
    """By what method."""

    method: Annotated[
        str | None,
        typer.Option(
            "--method",
            "-m",
            autocompletion=methods,
            help="joint (default, all voxels together), phae or bayes (slow), with uncertainty; "
            "osvd, csvd, svd, tikhonov, tikhonov-fixed or phae-paper.",
        ),
    ] = None
    weights: Annotated[
        Path | None,
        typer.Option("--weights", metavar="FILE", help="Weights made by bolus train."),
    ] = None
    patient_prior: Annotated[
        bool,
        typer.Option(
            "--patient-prior/--no-patient-prior",
            help="With joint: learn what tissue the patient has from all voxels. On.",
        ),
    ] = True
    spatial: Annotated[
        bool,
        typer.Option(
            "--spatial/--no-spatial", help="With joint: let neighbouring voxels help. On."
        ),
    ] = True

    def chosen(self) -> "str | Estimator":
        """The method, as configured. Raises MethodError and WeightsError."""
        from bolus.patient.methods import method_or_weights, with_prior

        plain = method_or_weights(self.method, self.weights)
        return with_prior(plain, population=self.patient_prior, spatial=self.spatial)


@dataclass(frozen=True, kw_only=True)
class Given:
    """What is given besides the series."""

    aif: Annotated[
        str,
        typer.Option(
            "--aif",
            metavar="auto|FILE",
            help="Arterial input: found automatically, averaged over a MASK, or read from a "
            "TSV table (columns time_s, from the first used frame, and delta_r2star_per_s).",
        ),
    ] = "auto"
    vein: Annotated[
        str | None,
        typer.Option(
            "--vein",
            metavar="MASK|I,J,K",
            help="Vein that the arterial input is held against when tissue is taken off it: a "
            "mask, or the numbers of one voxel, from 0. Found automatically otherwise.",
        ),
    ] = None
    mask: BrainMask = None
    tumor: Annotated[
        Path | None,
        typer.Option(
            "--tumor",
            metavar="MASK",
            help="Tumour mask: a NIfTI file on the series' grid, a DICOM SEG file (of several "
            "segments: FILE#NUMBER or FILE#LABEL), or a folder with a DICOM mask series. Corrects "
            "leakage, too.",
        ),
    ] = None
    reference: Annotated[
        Path | None,
        typer.Option(
            "--reference",
            metavar="MASK",
            help="Mask of normal tissue: the page then has the ratio of the tumour to it.",
        ),
    ] = None
    hematocrit: Annotated[
        float | None,
        typer.Option(
            "--hematocrit",
            metavar="SHARE",
            help="Haematocrit of the patient, e.g. 0.38, by which absolute CBF and CBV are scaled; "
            "else the usual 0.45.",
        ),
    ] = None

    def regions(self) -> "Regions":
        """Masks by name; the vein may be one voxel."""
        vein = None if self.vein is None else voxel_or_path(self.vein)
        return {"tumor": self.tumor, "reference": self.reference, "vein": vein}


def voxel_or_path(told: str) -> tuple[int, int, int] | Path:
    """The numbers of a voxel, where ``told`` is three of them with commas between; else a path."""
    parts = told.split(",")
    if len(parts) == 3 and all(part.strip().isdecimal() for part in parts):
        i, j, k = (int(part) for part in parts)
        return i, j, k
    return Path(told)


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How the maps are laid out."""

    dicom: Annotated[
        bool,
        typer.Option(
            "--dicom",
            help="Also write the maps as DICOM parametric maps and the regions as DICOM "
            "segmentations, under the study (and the patient's name) of the input.",
        ),
    ] = False
    anonymize: Annotated[
        bool,
        typer.Option(
            "--anonymize/--no-anonymize",
            help="Keep name, id, birth date and accession number of the patient off the page. On.",
        ),
    ] = True
    bids: Annotated[
        bool,
        typer.Option(
            "--bids",
            help="Make OUT a BIDS derivatives dataset, or add to one: maps of further subjects, "
            "sessions and methods.",
        ),
    ] = False
    subject: Annotated[
        str | None,
        typer.Option(
            "--subject",
            metavar="LABEL",
            help="With --bids: the subject, e.g. 01. Taken from an INPUT called sub-…_… otherwise.",
        ),
    ] = None
    session: Annotated[
        str | None,
        typer.Option(
            "--session",
            metavar="LABEL",
            help="With --bids: the session, if any. Taken from an INPUT called sub-…_ses-…_… too.",
        ),
    ] = None

    def check(
        self, source: Path, out: Path, method: "str | Estimator", overwrite: bool
    ) -> "BidsNames | None":
        """Raise now what writing would; names in a BIDS dataset, None for a folder."""
        from bolus.io import check_output
        from bolus.io.bids.dataset import check_dataset

        if self.bids:
            named = self.dicom or not self.anonymize
            names = bids_names(source, self.subject, self.session, method, named=named)
            check_dataset(out, names, overwrite)
            return names
        check_only_with_bids(self.subject, self.session)
        check_output(out, overwrite)
        return None

    def write(
        self,
        result: "PatientMaps",
        out: Path,
        names: "BidsNames | None",
        *,
        source: Path,
        overwrite: bool,
    ) -> None:
        """The maps as a folder, or in a BIDS dataset."""
        from bolus.report import save_bids

        if names is None:
            result.save(out, overwrite=overwrite, dicom=self.dicom, anonymize=self.anonymize)
        else:
            save_bids(result, out, names, source=source, overwrite=overwrite)


@grouped
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
    estimation: Estimation,
    given: Given,
    prepared: Prepared,
    layout: Layout,
    reading: Reading,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Perfusion maps of one patient: CBF, CBV, MTT, Tmax, delay, TTP, quality, and a picture.

    Without an echo time, in the files or by --te, the maps are relative and say so.

    Example: bolus maps dsc.nii.gz -o maps

    In a BIDS data set: bolus maps sub-01/perf/sub-01_dsc.nii.gz -o derivatives/bolus --bids
    """
    from bolus.data import Blood
    from bolus.io import check_dicom_output
    from bolus.patient import perfusion_maps
    from bolus.report import closing_lines

    check_apart(source, out)
    if reading.echo is not None:
        check_apart(reading.echo, out)
    with reporting(quiet) as reporter:
        reporter.step("reading")
        chosen, blood = estimation.chosen(), Blood(hematocrit=given.hematocrit)
        names = layout.check(source, out, chosen, overwrite)
        series = reading.read(source)
        if layout.dicom:
            check_dicom_output(series)
        result = perfusion_maps(
            series,
            chosen,
            None if given.aif == "auto" else given.aif,
            given.mask,
            regions=given.regions(),
            preparation=replace(prepared.preparation(), blood=blood),
            reporter=reporter,
        )
        reporter.step("writing")
        layout.write(result, out, names, source=source, overwrite=overwrite)
    if not quiet:
        page = out / ("report.html" if names is None else names.path("report.html"))
        typer.echo("\n".join([*closing_lines(result), f"{page}"]))
