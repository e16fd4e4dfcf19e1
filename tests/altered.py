"""Prepared series that differ in what was read, preparations, and results saved in less time."""

from dataclasses import replace

from matplotlib.image import imsave
from numpy import zeros

from bolus.data import DriftCorrection, LeakageCorrection, Preparation, Unmixing

STILL = Preparation(motion=None)
"""No motion correction."""
STEADY = DriftCorrection(use=False)
MIXED = Preparation(motion=None, drift=STEADY, unmixing=Unmixing(use=False))
"""The same, no drift removed, and arterial inputs as their voxels have them."""
BARE = Preparation(
    motion=None,
    drift=STEADY,
    leakage=LeakageCorrection(use=False),
    unmixing=Unmixing(use=False),
)
"""Nothing is corrected."""
LIGHT = ("--motion", "off", "--no-drift", "--no-unmix", "-m", "osvd")
"""MIXED from the shell, by a method that takes no time, for what neither changes."""


def leaking(use=True, model="free", unmix=True):
    """No motion correction, and leakage corrected or not."""
    leakage = LeakageCorrection(use=use, model=model)
    return Preparation(motion=None, drift=STEADY, leakage=leakage, unmixing=Unmixing(use=unmix))


def altered(prepared, **fields):
    """The same preparation of a series whose ``fields`` are others."""
    return replace(prepared, series=replace(prepared.series, **fields))


def undraw(patch):
    """Save results with a black dot for their picture and none in DICOM: drawing takes longest."""
    patch.setattr("bolus.patient.result.capture", lambda maps, name, stack: None)
    patch.setattr(
        "bolus.report.artifacts.save_overview", lambda maps, path: imsave(path, zeros((1, 1, 3)))
    )
