"""The command ``bolus simulate``."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from bolus.cli.groups import grouped
from bolus.cli.options import Jobs, Overwrite, Quiet, matrix_of, pose_of, reporting


@dataclass(frozen=True, kw_only=True)
class Scan:
    """The scanner and its protocol."""

    snr: Annotated[float, typer.Option(help="Baseline signal of the brain over noise SD.")] = 50.0
    field: Annotated[float, typer.Option(help="Field strength, 1.5 or 3 T.")] = 3.0
    tr: Annotated[float, typer.Option(help="Time between frames in seconds.")] = 1.5
    te: Annotated[
        float | None, typer.Option(help="Echo time in seconds; 0.025 at 1.5 T, 0.02 at 3 T.")
    ] = None
    frames: Annotated[int, typer.Option(help="Number of frames.")] = 60


@dataclass(frozen=True, kw_only=True)
class Anatomical:
    """Anatomical images beside the series, and where they lie."""

    anatomy: Annotated[
        bool,
        typer.Option(
            "--anatomy",
            help="Also a T1-weighted image after contrast agent and a FLAIR image of 1 mm, "
            "elsewhere than the series and undistorted, with the true transforms to them.",
        ),
    ] = False
    pose: Annotated[
        str,
        typer.Option(
            metavar="X,Y,Z,A,B,C",
            help="With --anatomy: shifts in mm and turns in degrees of the head between series "
            "and images.",
        ),
    ] = "4,-3,5,3,-2,4"
    distortion: Annotated[
        float,
        typer.Option(help="With --anatomy: largest displacement of the series along y, mm."),
    ] = 3.0


@dataclass(frozen=True, kw_only=True)
class Grades:
    """How many patients of either grade, and who is for training."""

    low: Annotated[int, typer.Option(help="Patients with a low-grade glioma.")] = 13
    high: Annotated[int, typer.Option(help="Patients with a high-grade glioma.")] = 36
    train: Annotated[
        str,
        typer.Option(
            metavar="N|LOW,HIGH",
            help="Mark N patients for training (or so many of either grade), the others for "
            "testing. As in the published study: --low 21 --high 43 --train 9,30.",
        ),
    ] = "0"


@grouped
def simulate_patient(
    out: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Folder to make for the patient.")
    ],
    scan: Scan,
    anatomical: Anatomical,
    seed: Annotated[int, typer.Option(help="Same seed, same patient.")] = 0,
    tumor: Annotated[str, typer.Option(help="none, low or high (grade).")] = "none",
    stroke: Annotated[
        bool,
        typer.Option(
            "--stroke",
            help="An acute stroke of any size by the seed: infarct core, penumbra, late side; "
            "and a map of diffusion, adc.nii.gz.",
        ),
    ] = False,
    matrix: Annotated[
        str, typer.Option(metavar="X,Y,Z", help="Voxels along each axis.")
    ] = "64,64,12",
    dicom: Annotated[
        bool,
        typer.Option(
            "--dicom", help="The series also as a folder of DICOM images, of a patient of no name."
        ),
    ] = False,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """One digital patient: series, masks, true arterial input and truth maps.

    Anatomy comes from the MNI152 tissue maps.

    Example: bolus simulate patient -o patient --tumor high
    """
    from bolus.io import check_output, output_folder, write_dicom_series
    from bolus.phantom import Displaced, stroke_patient, write_anatomy, write_patient
    from bolus.phantom import simulate_patient as simulated
    from bolus.phantom.realism import PLAIN

    check_output(out, overwrite)
    displaced = Displaced(
        pose=pose_of(anatomical.pose), distortion=anatomical.distortion, seed=seed
    )
    realism = stroke_patient(seed) if stroke else PLAIN
    with reporting(quiet) as reporter:
        reporter.step("simulating")
        patient = simulated(
            seed=seed, tumor=tumor, shape=matrix_of(matrix), realism=realism, **asdict(scan)
        )
        reporter.step("writing")
        with output_folder(out, overwrite) as folder:
            write_patient(patient, folder)
            if anatomical.anatomy:
                write_anatomy(patient, displaced, folder)
            if dicom:
                write_dicom_series(folder / "dicom", patient.series)
    if not quiet:
        typer.echo("\n".join([f"{out / 'dsc.nii.gz'}", *([f"{out / 'dicom'}"] if dicom else [])]))


@grouped
def simulate_cohort(
    out: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="COHORT", help="Folder to make."),
    ],
    grades: Grades,
    seed: Annotated[int, typer.Option(help="Same seed, same patients.")] = 0,
    protocol: Annotated[
        str,
        typer.Option(metavar="1.5T|3T|mixed|qin", help="Scanners; qin: as in the published study."),
    ] = "mixed",
    frames: Annotated[int, typer.Option(help="Number of frames.")] = 60,
    matrix: Annotated[
        str, typer.Option(metavar="X,Y,Z", help="Voxels along each axis.")
    ] = "64,64,10",
    jobs: Jobs = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Digital glioma patients for bolus study, with masks, grades and truth maps.

    They have what the curves that train phae do not: arterial dispersion, leaking tumours, head
    motion, Rician noise, partial volume.

    Example: bolus simulate cohort -o cohort
    """
    from bolus.io import check_output
    from bolus.phantom import simulate_cohort as simulated

    check_output(out, overwrite)
    with reporting(quiet) as reporter:
        made = simulated(
            out,
            low=grades.low,
            high=grades.high,
            seed=seed,
            protocol=protocol,
            train=_numbers(grades.train),
            size=(*matrix_of(matrix), frames),
            jobs=jobs,
            overwrite=overwrite,
            reporter=reporter,
        )
    if not quiet:
        typer.echo(f"{len(made.plans)} patients in {made.folder}")


def _numbers(text: str) -> int | tuple[int, int]:
    """N, or LOW,HIGH. Raises InputError."""
    from bolus.data import InputError

    parts = text.split(",")
    if len(parts) > 2 or not all(part.strip().isdecimal() for part in parts):
        raise InputError(f"patients to train are N or LOW,HIGH, found '{text}'")
    found = [int(part) for part in parts]
    return found[0] if len(found) == 1 else (found[0], found[1])
