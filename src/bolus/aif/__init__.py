"""The arterial input: found, or averaged over marked voxels, and freed of the tissue in them."""

from bolus.aif.automatic import check_score, find_aif
from bolus.aif.average import aif_from_mask
from bolus.aif.score import arterial_score
from bolus.aif.unmix import without_tissue
from bolus.aif.venous import find_vein, vein_of

__all__ = [
    "aif_from_mask",
    "arterial_score",
    "check_score",
    "find_aif",
    "find_vein",
    "vein_of",
    "without_tissue",
]
