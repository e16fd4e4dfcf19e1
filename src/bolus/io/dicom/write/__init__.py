"""Maps, regions and numbers as DICOM objects, for the archive the series came from."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bolus.base.progress import listener
from bolus.data import OutputError, PerfusionMaps
from bolus.io.dicom.silence import no_remarks
from bolus.io.dicom.write.capture import Draw, colour_capture
from bolus.io.dicom.write.origin import Origin, Reference, check_dicom_output, read_origin
from bolus.io.dicom.write.parametric import parametric_map
from bolus.io.dicom.write.regions import segmentation
from bolus.io.dicom.write.report import Written, numbers_report

if TYPE_CHECKING:
    from pydicom.dataset import Dataset
else:
    Dataset = Any  # pydicom is imported with the first object to write

__all__ = ["NUMBERS", "REGIONS", "check_dicom_output", "write_dicom"]

REGIONS, NUMBERS, PICTURE = "regions", "numbers", "_picture"
"""The names of the segmentation and of the report, beside those of maps, and what follows the name
of a map in that of its picture."""


def write_dicom(maps: PerfusionMaps, folder: Path, draw: Draw | None = None) -> None:
    """Write every map as a parametric map and the regions as a segmentation into a new folder.

    ``NAME.dcm`` for each name in ``maps.units``, ``regions.dcm``, and ``numbers.dcm``, a structured
    report, where numbers were measured: each a series of its own under the study, patient and frame
    of reference of the source. Where ``draw`` is given, so is ``NAME_picture.dcm`` of every map
    that it draws, a colour secondary capture. The same maps give the same bytes.

    Raises SeriesError for a series that did not come as DICOM, whose files lack the UIDs of
    study, series, frame of reference or object, or whose grid is skew; OutputError.
    """
    with no_remarks():
        objects = _objects(maps, read_origin(maps.series.series), draw)
        most = len(maps.units) * (1 if draw is None else 2) + 2
        try:
            folder.mkdir()
            for number, (name, made) in enumerate(objects, start=1):
                listener().advance(min(number, most), most, "DICOM objects")
                made.save_as(folder / f"{name}.dcm", enforce_file_format=True)
        except OSError as error:
            raise OutputError(f"{folder}: cannot be written ({error.strerror})") from error


def _objects(
    maps: PerfusionMaps, origin: Origin, draw: Draw | None
) -> Iterator[tuple[str, Dataset]]:
    """One after the other, as each takes its room; the report refers to those before it."""
    written: dict[str, Written] = {}
    for name in maps.units:
        made = parametric_map(maps, name, origin)
        written[name] = _reference(made)
        yield name, made
        picture = None if draw is None else colour_capture(maps, name, origin, draw)
        if picture is not None:
            yield name + PICTURE, picture
    made = segmentation(maps, origin)
    yield REGIONS, made
    if maps.measurements:
        yield NUMBERS, numbers_report(maps, origin, written, _reference(made))


def _reference(made: Dataset) -> Written:
    image = Reference(str(made.SOPClassUID), str(made.SOPInstanceUID))
    return Written(image, str(made.SeriesInstanceUID))
