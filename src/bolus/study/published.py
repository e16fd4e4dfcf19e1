"""The published study as it was done, as far as it says: what ``--as-published`` sets."""

from dataclasses import replace

import numpy as np
from jaxtyping import Bool

from bolus.data import (
    AIF,
    ArterialInputError,
    DriftCorrection,
    InputError,
    LeakageCorrection,
    Preparation,
    PreparedSeries,
    Unmixing,
)
from bolus.estimators.spectral.methods import PlainSVD, TikhonovFixed
from bolus.patient import method_name
from bolus.physics.signal import concentration
from bolus.study.settings import StudySettings

STAND_INS = (method_name(TikhonovFixed()), method_name(PlainSVD()))
"""What the program that it names for oSVD and Tikhonov computes instead."""
METHODS = ("phae-paper", "osvd", "tikhonov", *STAND_INS)
"""The three methods by name, and the stand-ins of two of them."""


def as_published(settings: StudySettings) -> StudySettings:
    """The same study without what the published one did not have.

    No leakage correction and no correction of head motion; noise in the arterial voxels too, whose
    signals are averaged before they are converted; training holds no patient out.

    Raises InputError where the settings ask for something else.
    """
    _check_free(settings)
    return replace(
        settings,
        methods=METHODS,
        noisy_aif=True,
        preparation=Preparation(
            motion=None,
            drift=DriftCorrection(use=False),
            leakage=LeakageCorrection(use=False),
            unmixing=Unmixing(use=False),
        ),
        map="cbf",
        published=True,
    )


def _check_free(settings: StudySettings) -> None:
    """InputError where something is set that the published study fixes, and set otherwise."""
    usual, own = StudySettings(), settings.preparation
    fixed = {
        "--methods": settings.methods in (usual.methods, METHODS),
        "--map": settings.map == "cbf",
        "--leakage": own.leakage in (usual.preparation.leakage, LeakageCorrection())
        or own.leakage.use is False,
        "--motion": own.motion is None,
    }
    contrary = [option for option, agrees in fixed.items() if not agrees]
    if contrary:
        raise InputError(
            f"--as-published fixes {', '.join(fixed)}; leave {' and '.join(contrary)} away, or "
            "--as-published"
        )


def signal_mean(series: PreparedSeries, mask: Bool[np.ndarray, "x y z"]) -> AIF:
    """Arterial input of marked voxels by their mean signal, converted afterwards.

    Bright voxels outweigh dark ones, and the peak is lost where the agent in some voxels leaves no
    signal above the noise; ``bolus.aif`` averages concentrations instead. Raises
    ArterialInputError when no marked voxel has a usable signal.
    """
    signal = np.asarray(series.signal[..., series.frames.used][mask], dtype=float)
    good = np.isfinite(signal).all(axis=1)
    if not good.any():
        raise ArterialInputError(f"none of the {good.size} marked voxels has a finite signal")
    mean = signal[good].mean(axis=0)
    level = float(mean[: series.frames.onset - series.frames.first].mean())
    if not level > 0:
        raise ArterialInputError("the marked voxels have no positive baseline")
    used = mask.copy()
    used[mask] = good
    curve = concentration(mean, np.array(level), series.te or 1.0)
    return AIF(curve=curve, dt=series.dt, origin="mask", mask=used)
