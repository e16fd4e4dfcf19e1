"""Maps and regions as DICOM objects, for the archive the series came from."""

from pathlib import Path

from bolus.data import PerfusionMaps


def write_dicom(maps: PerfusionMaps, folder: Path) -> None:
    """Write every map as a parametric map and the regions as segmentations into a new folder."""
    raise NotImplementedError
