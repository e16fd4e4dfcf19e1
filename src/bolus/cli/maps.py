"""The command ``bolus maps``."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bolus.cli.bids import bids_names, check_only_with_bids
from bolus.cli.groups import grouped
from bolus.cli.options import (
    BrainMask,
    Overwrite,
    Quiet,
    burden_of,
    check_apart,
    methods,
    reporting,
)
from bolus.cli.reading import Prepared, Reading

if TYPE_CHECKING:
    from bolus.data import Blood, Burden, StrokeThresholds
    from bolus.estimators import Estimator
    from bolus.io.bids.dataset import BidsNames
    from bolus.patient import Beside, PatientMaps


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
            help="Tumour mask: a NIfTI file on the grid of the series or of the anatomy, a DICOM "
            "SEG file (of several segments: FILE#NUMBER or FILE#LABEL), or a folder with a DICOM "
            "mask series. Corrects leakage, too.",
        ),
    ] = None
    reference: Annotated[
        str | None,
        typer.Option(
            "--reference",
            metavar="auto|mirror|none|MASK",
            help="Normal tissue to which the tumour is compared: white matter that is found "
            "(auto; as usual with a tumour), the tumour's mirror region, none, or a MASK.",
        ),
    ] = None
    burden: Annotated[
        str,
        typer.Option(
            "--burden",
            metavar="LOW,HIGH",
            help="Normalised rCBV between the classes of the fractional tumour burden; 1.0 and "
            "1.75 by Iv et al., AJNR 2019.",
        ),
    ] = "1.0,1.75"
    anatomy: Annotated[
        Path | None,
        typer.Option(
            "--anatomy",
            metavar="FILE",
            help="An anatomical image of the patient, of any contrast (T1 after contrast agent, "
            "FLAIR): NIfTI, a folder with one DICOM series, or FOLDER#NUMBER of several. The "
            "series is registered to it, or refused; maps are written on its grid, too, and masks "
            "may lie on it.",
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

    def known(self) -> "tuple[Blood, Burden]":
        """Options of the preparation. Raises InputError."""
        from bolus.data import Blood

        return Blood(hematocrit=self.hematocrit), burden_of(self.burden)

    def beside(self, strokes: "Strokes") -> "Beside":
        """Regions, a map of diffusion and an anatomical image."""
        from bolus.patient import Beside

        vein = None if self.vein is None else voxel_or_path(self.vein)
        regions = {"tumor": self.tumor, "reference": self.reference, "vein": vein}
        regions |= {"adc": strokes.adc, "dwi": strokes.dwi}
        return Beside(regions=regions, anatomy=self.anatomy)


def voxel_or_path(told: str) -> tuple[int, int, int] | Path:
    """The numbers of a voxel, where ``told`` is three of them with commas between; else a path."""
    parts = told.split(",")
    if len(parts) == 3 and all(part.strip().isdecimal() for part in parts):
        i, j, k = (int(part) for part in parts)
        return i, j, k
    return Path(told)


@dataclass(frozen=True, kw_only=True)
class Strokes:
    """Volumes of an acute stroke."""

    stroke: Annotated[
        bool,
        typer.Option(
            "--stroke",
            help="Volumes of late tissue, low flow and their mismatch, each with its interval. "
            "So, too, where --adc or --dwi is given.",
        ),
    ] = False
    adc: Annotated[
        Path | None,
        typer.Option(
            "--adc",
            metavar="FILE",
            help="Map of the apparent diffusion coefficient: NIfTI on any grid, put on the series' "
            "by place. Adds the volume of the infarct core.",
        ),
    ] = None
    dwi: Annotated[
        Path | None,
        typer.Option(
            "--dwi",
            metavar="FILE",
            help="In place of --adc: diffusion-weighted images, NIfTI with four axes and its "
            "b-values in .bval beside it (as dcm2niix writes). They are registered to the series "
            "and the map is made of them.",
        ),
    ] = None
    late: Annotated[
        str,
        typer.Option(
            metavar="S,S,...",
            help="With --stroke, --adc or --dwi: Tmax above which volumes are counted.",
        ),
    ] = "4,6,8,10"
    low_flow: Annotated[
        str,
        typer.Option(
            metavar="%,%,...",
            help="With --stroke, --adc or --dwi: percent of normal CBF below which volumes are "
            "counted.",
        ),
    ] = "20,30,38"
    critical: Annotated[
        float,
        typer.Option(
            metavar="S", help="With --stroke, --adc or --dwi: Tmax of the mismatch; one of --late."
        ),
    ] = 6.0
    core_adc: Annotated[
        float,
        typer.Option(
            metavar="UM2/S", help="With --adc: ADC in 1e-6 mm2/s below which is the core."
        ),
    ] = 620.0
    cluster: Annotated[
        float,
        typer.Option(
            metavar="ML", help="With --stroke, --adc or --dwi: smaller clusters are left out."
        ),
    ] = 3.0

    def thresholds(self) -> "StrokeThresholds | None":
        """As the package takes them; None where no volumes are asked for. Raises InputError."""
        from bolus.data import StrokeThresholds

        late, low_flow = (_numbers(text) for text in (self.late, self.low_flow))
        usual = StrokeThresholds()
        made = StrokeThresholds(
            late=late,
            low_flow=low_flow,
            critical=self.critical,
            severe=usual.severe if usual.severe in late else max(late),
            core_flow=usual.core_flow if usual.core_flow in low_flow else max(low_flow),
            adc=1e-6 * self.core_adc,
            cluster=self.cluster,
        )
        given = self.adc is not None or self.dwi is not None
        return made if self.stroke or given else None


def _numbers(text: str) -> tuple[float, ...]:
    """Numbers with commas between them. Raises InputError."""
    from bolus.data import InputError

    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise InputError(f"numbers like 4,6,8,10 are expected, found '{text}'") from error


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How the maps are laid out."""

    dicom: Annotated[
        bool,
        typer.Option(
            "--dicom",
            help="Also write the maps as DICOM parametric maps, the regions as a segmentation and "
            "numbers as a report, under the study (and the patient's name) of the input.",
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
    strokes: Strokes,
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
    from bolus.io import check_dicom_output
    from bolus.patient import perfusion_maps
    from bolus.report import closing_lines

    check_apart(source, out)
    for path in (reading.echo, given.anatomy):
        if path is not None:
            check_apart(path, out)
    with reporting(quiet) as reporter:
        reporter.step("reading")
        chosen, (blood, burden) = estimation.chosen(), given.known()
        thresholds = strokes.thresholds()
        names = layout.check(source, out, chosen, overwrite)
        series = reading.read(source)
        if layout.dicom:
            check_dicom_output(series)
        result = perfusion_maps(
            series,
            chosen,
            None if given.aif == "auto" else given.aif,
            given.mask,
            regions=given.beside(strokes),
            preparation=replace(
                prepared.preparation(), blood=blood, burden=burden, stroke=thresholds
            ),
            reporter=reporter,
        )
        reporter.step("writing")
        layout.write(result, out, names, source=source, overwrite=overwrite)
    if not quiet:
        page = out / ("report.html" if names is None else names.path("report.html"))
        typer.echo("\n".join([*closing_lines(result), f"{page}"]))
