"""Arterial inputs: from marked voxels, found automatically, and how good either is."""

from bolus.aif.automatic import find_aif
from bolus.aif.average import aif_from_mask
from bolus.aif.score import arterial_score
from bolus.aif.unmix import without_tissue

__all__ = ["aif_from_mask", "arterial_score", "find_aif", "without_tissue"]
