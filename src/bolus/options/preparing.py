"""What is done to a series before deconvolution."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from bolus.base.options import option

if TYPE_CHECKING:
    from bolus.data import Censoring, LeakageCorrection, MotionCorrection, Preparation


class Motion(StrEnum):
    """What is done about the motion of the head."""

    CORRECT = "correct"
    CENSOR = "censor"
    OFF = "off"


def motion_option(usual: Motion) -> Any:
    """The option of what is done about motion, with what is usual."""
    return option(
        usual,
        "--motion",
        help="Motion of the head: corrected; corrected, and frames that moved too much left out "
        "(by bayes) or interpolated in time (censor); or left in (off).",
    )


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """What is done before deconvolution."""

    panel: ClassVar[str] = "Corrections"

    leakage: str = option(
        "auto",
        "--leakage",
        metavar="auto|off|MODEL",
        help="Correct for leaking contrast agent: cbv_corrected and k2 as well, and all maps but "
        "cbv, ttp and psr from corrected curves. By a model: Boxerman-Schmainda-Weisskoff as "
        "published (bsw), or with a vascular curve of any transit time and delay, and washout "
        "(free); auto: free where a tumour mask is given.",
    )
    motion: Motion = motion_option(Motion.CORRECT)
    motion_limit: float = option(
        1.0,
        "--motion-limit",
        metavar="MM",
        help="Frames with a framewise displacement past this moved too much.",
    )
    drift: bool = option(
        True,
        "--drift/--no-drift",
        help="Remove slow, linear drift of the signal where all voxels together show one.",
    )
    unmix: bool = option(
        True,
        "--unmix/--no-unmix",
        help="Take the tissue that arterial voxels hold too off the arterial input, or leave "
        "the mean of the voxels as it is.",
    )

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

    @classmethod
    def of(cls, preparation: "Preparation") -> "Prepared":
        """The options that make a preparation, but for blood, burden and stroke."""
        motion, censored = preparation.motion, preparation.censoring.moved
        still = Motion.OFF if motion is None else Motion.CORRECT
        leakage = preparation.leakage
        model = {None: "auto", False: "off", True: leakage.name}[leakage.use]
        return cls(
            leakage=model,
            motion=Motion.CENSOR if censored else still,
            motion_limit=cls.motion_limit if motion is None else motion.limit,
            drift=preparation.drift.use,
            unmix=preparation.unmixing.use,
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
