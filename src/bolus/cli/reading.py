"""Options of commands that read a series and prepare it."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bolus.cli.options import EchoTime, RepetitionTime, SeriesNumber

if TYPE_CHECKING:
    from bolus.data import (
        Censoring,
        DSCSeries,
        LeakageCorrection,
        MotionCorrection,
        Preparation,
    )


class Motion(StrEnum):
    """What is done about the motion of the head."""

    CORRECT = "correct"
    CENSOR = "censor"
    OFF = "off"


MotionChoice = Annotated[
    Motion,
    typer.Option(
        "--motion",
        help="Motion of the head: corrected; corrected, and frames that moved too much left out "
        "(by bayes) or interpolated in time (censor); or left in (off).",
    ),
]
LeakageChoice = Annotated[
    str,
    typer.Option(
        "--leakage",
        metavar="auto|off|MODEL",
        help="Correct for leaking contrast agent: cbv_corrected and k2 as well, and all maps but "
        "cbv, ttp and psr from corrected curves. By a model: Boxerman-Schmainda-Weisskoff as "
        "published (bsw), or with a vascular curve of any transit time and delay, and washout "
        "(free); auto: free where a tumour mask is given.",
    ),
]


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What the files do not say, or say wrongly."""

    te: EchoTime = None
    tr: RepetitionTime = None
    series: SeriesNumber = None
    echo: Annotated[
        Path | None,
        typer.Option(
            "--echo",
            metavar="FILE",
            help="The second echo of INPUT: the ratio of both is free of T1. Taken from beside an "
            "INPUT called …_echo-1_…, or from a DICOM series of two echo times, otherwise.",
        ),
    ] = None

    def read(self, source: Path) -> "DSCSeries":
        """The series of a file or folder, or that of two echoes. Raises InputError."""
        from bolus.data import InputError
        from bolus.io import read_echoes, read_series, second_echo
        from bolus.preprocess import two_echoes

        other = second_echo(source) if self.echo is None else self.echo
        if other is not None:
            if self.te is not None:
                raise InputError(f"--te does not go with two echoes, of {source} and {other}")
            both = (read_series(one, tr=self.tr, series=self.series) for one in (source, other))
            return two_echoes(*both)
        if self.te is not None:
            return read_series(source, te=self.te, tr=self.tr, series=self.series)
        first, *second = read_echoes(source, tr=self.tr, series=self.series)
        return two_echoes(first, *second) if second else first


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """What is done before deconvolution."""

    leakage: LeakageChoice = "auto"
    motion: MotionChoice = Motion.CORRECT
    motion_limit: Annotated[
        float,
        typer.Option(
            "--motion-limit",
            metavar="MM",
            help="Frames with a framewise displacement past this moved too much.",
        ),
    ] = 1.0
    drift: Annotated[
        bool,
        typer.Option(
            "--drift/--no-drift",
            help="Remove slow, linear drift of the signal where all voxels together show one. On.",
        ),
    ] = True
    unmix: Annotated[
        bool,
        typer.Option(
            "--unmix/--no-unmix",
            help="Take the tissue that arterial voxels hold too off the arterial input, or leave "
            "the mean of the voxels as it is.",
        ),
    ] = True

    def preparation(self) -> "Preparation":
        """The options as the package takes them. Raises InputError."""
        from bolus.data import DriftCorrection, Preparation, Unmixing

        correction, censoring = motion_options(self.motion, self.motion_limit)
        leakage = leakage_options(self.leakage)
        return Preparation(
            motion=correction,
            censoring=censoring,
            drift=DriftCorrection(use=self.drift),
            leakage=leakage,
            unmixing=Unmixing(use=self.unmix),
        )


def motion_options(
    choice: Motion, limit: float | None = None
) -> "tuple[MotionCorrection | None, Censoring]":
    """What a choice of motion is, with frames flagged past a limit in mm, or the usual one."""
    from bolus.data import Censoring, MotionCorrection

    correction = MotionCorrection() if limit is None else MotionCorrection(limit=limit)
    measured = None if choice is Motion.OFF else correction
    return measured, Censoring(moved=choice is Motion.CENSOR)


def leakage_options(choice: str) -> "LeakageCorrection":
    """What 'auto', 'off' or the name of a model is. Raises InputError for another name."""
    from bolus.data import LeakageCorrection
    from bolus.patient.leakage import find_leakage_model

    if choice == "auto":
        return LeakageCorrection()
    if choice == "off":
        return LeakageCorrection(use=False)
    return LeakageCorrection(use=True, model=find_leakage_model(choice))
