"""Maps and regions as DICOM objects, for the archive the series came from."""

from pathlib import Path

from bolus.data import OutputError, PerfusionMaps
from bolus.io.dicom_out.origin import check_dicom_output, read_origin
from bolus.io.dicom_out.parametric import parametric_map
from bolus.io.dicom_out.regions import segmentation
from bolus.io.silence import no_remarks

__all__ = ["REGIONS", "check_dicom_output", "write_dicom"]

REGIONS = "regions.dcm"


def write_dicom(maps: PerfusionMaps, folder: Path) -> None:
    """Write every map as a parametric map and the regions as a segmentation into a new folder.

    ``NAME.dcm`` for each name in ``maps.units``, and ``regions.dcm``: each a series of its own
    under the study, patient and frame of reference of the source. The same maps give the same
    bytes.

    Raises SeriesError for a series that did not come as DICOM or whose files lack the UIDs of
    study, series, frame of reference or object; OutputError.
    """
    origin = read_origin(maps.series.source, maps.grid)
    try:
        folder.mkdir()
        with no_remarks():
            for name in maps.units:
                parametric_map(maps, name, origin).save_as(folder / f"{name}.dcm")
            segmentation(maps, origin).save_as(folder / REGIONS)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written ({error.strerror})") from error
