"""Maps and regions as DICOM objects, for the archive the series came from."""

from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bolus.data import OutputError, PerfusionMaps
from bolus.io.dicom.silence import no_remarks
from bolus.io.dicom.write.origin import check_dicom_output, read_origin
from bolus.io.dicom.write.parametric import parametric_map
from bolus.io.dicom.write.regions import segmentation

if TYPE_CHECKING:
    from pydicom.dataset import Dataset
else:
    Dataset = Any  # pydicom is imported with the first object to write

__all__ = ["REGIONS", "check_dicom_output", "write_dicom"]

REGIONS = "regions"
"""The name of the segmentation, beside those of maps."""


def write_dicom(maps: PerfusionMaps, folder: Path) -> None:
    """Write every map as a parametric map and the regions as a segmentation into a new folder.

    ``NAME.dcm`` for each name in ``maps.units``, and ``regions.dcm``: each a series of its own
    under the study, patient and frame of reference of the source. The same maps give the same
    bytes.

    Raises SeriesError for a series that did not come as DICOM, whose files lack the UIDs of
    study, series, frame of reference or object, or whose grid is skew; OutputError.
    """
    with no_remarks():
        origin = read_origin(maps.series.series)
        objects = ((name, parametric_map(maps, name, origin)) for name in maps.units)
        _write(folder, chain(objects, [(REGIONS, segmentation(maps, origin))]))


def _write(folder: Path, objects: Iterable[tuple[str, Dataset]]) -> None:
    try:
        folder.mkdir()
        for name, made in objects:
            made.save_as(folder / f"{name}.dcm")
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written ({error.strerror})") from error
