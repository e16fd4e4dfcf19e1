"""Grey matter, white matter and fluid of one patient, told apart by the DSC series itself."""

from bolus.tissue.classes import CLASSES, Classes, TissueError, tissue_classes
from bolus.tissue.midline import Midline, find_midline
from bolus.tissue.reference import CHOICES, find_reference
from bolus.tissue.standard import STANDARD, standardised

__all__ = [
    "CHOICES",
    "CLASSES",
    "STANDARD",
    "Classes",
    "Midline",
    "TissueError",
    "find_midline",
    "find_reference",
    "standardised",
    "tissue_classes",
]
