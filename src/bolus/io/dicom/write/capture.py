"""A map as pictures that any archive shows: a multi-frame true colour secondary capture.

One object a map, a frame a slice, for archives and viewers that show neither parametric maps nor
segmentations (PS3.3, section A.8.5). highdicom writes captures of a single frame only, so that
this one is put together here.
"""

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from bolus.base.about import NOTICE, software
from bolus.data import PerfusionMaps
from bolus.data.stack import Pictures, Stack, edges_of
from bolus.io.dicom.write.codes import PERFUSION_ANALYSIS, PICTURE_NUMBER, number_of, told_of
from bolus.io.dicom.write.origin import Origin
from bolus.io.dicom.write.place import volume_of
from bolus.io.dicom.write.stamp import Stamp

if TYPE_CHECKING:
    from highdicom import Volume
    from pydicom.dataset import Dataset
else:
    Dataset = Volume = Any  # both are imported with the first object

TRUE_COLOUR = "1.2.840.10008.5.1.4.1.1.7.4"
"""Multi-frame True Color Secondary Capture Image Storage."""
_HEADS = str.maketrans("SI", "HF")
"""PatientOrientation has H and F (head, foot) for what images call S and I."""


_EMPTY = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime",
    "AccessionNumber", "ReferringPhysicianName", "StudyID",
)  # fmt: skip
"""What every object has, if without a value: the source's is put over it."""


class Draw(Protocol):
    """What draws the slices of a map."""

    def __call__(self, maps: PerfusionMaps, name: str, stack: Stack) -> Pictures | None:
        """Pictures of all slices; None for a map that is not to be drawn."""
        ...


def colour_capture(maps: PerfusionMaps, name: str, origin: Origin, draw: Draw) -> Dataset | None:
    """The pictures of a map's slices as one object, under the study of its source.

    Rows and columns run as those of the source, slices along their normal: from the feet to the
    head in most series. Nothing in the pictures names the
    patient; the attributes do, as the source does. None for a map that is not drawn.
    """
    values = np.ascontiguousarray(maps.volume(name), dtype=np.float32)
    stack = _stack(*(volume_of(array, maps.grid, origin) for array in (values, maps.mask)))
    pictures = draw(maps, name, stack)
    if pictures is None:
        return None
    stamp = Stamp(
        origin=origin,
        grid=maps.grid,
        name=f"{name} picture",
        number=origin.first_number + PICTURE_NUMBER + number_of(name),
        content=pictures.pixels.tobytes(),
        told=f"Colour picture of: {told_of(name)}; by {maps.method} of {maps.series.n_frames} "
        f"frames. Research use only. {NOTICE}",
    )
    ds = _named(stamp, f"{name.upper().replace('_', ' ')} {maps.method} picture, research (bolus)")
    ds.PatientOrientation = [
        edge.translate(_HEADS) for edge in (stack.edges.right, stack.edges.bottom)
    ]
    _set_frames(ds, pictures)
    stamp.own(ds)
    stamp.derived(ds, PERFUSION_ANALYSIS)
    return ds


def _stack(volume: Volume, inside: Volume) -> Stack:
    """The slices of volumes of highdicom, with the patient's sides at the edges."""
    _, down, along = (volume.affine[:3, axis] for axis in range(3))
    return Stack(
        values=volume.array,
        inside=inside.array,
        spacing=(float(np.linalg.norm(down)), float(np.linalg.norm(along))),
        edges=edges_of(along, down),
    )


def _named(stamp: Stamp, description: str) -> Dataset:
    """The object with what it is, who made it, and no pixels yet."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    ds, header = Dataset(), stamp.origin.header
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = TRUE_COLOUR
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = stamp.uid("instance")
    for name in _EMPTY:
        setattr(ds, name, "")
    ds.StudyInstanceUID = str(header.StudyInstanceUID)
    ds.SeriesInstanceUID, ds.SeriesNumber = stamp.uid("series"), stamp.number
    ds.Modality, ds.BodyPartExamined = "MR", "BRAIN"
    ds.SeriesDescription = description[:64]
    ds.Manufacturer, ds.ManufacturerModelName = "bolus", "bolus (research software)"
    ds.SoftwareVersions = ds.DeviceSerialNumber = software()
    ds.ConversionType = "WSD"
    ds.ImageType = ["DERIVED", "SECONDARY"]
    ds.InstanceNumber = 1
    ds.ContentDate, ds.ContentTime = stamp.origin.date, stamp.origin.time
    ds.BurnedInAnnotation, ds.RecognizableVisualFeatures = "NO", "NO"
    ds.LossyImageCompression = "00"
    ds.ImageComments = f"Research use only. {NOTICE}"
    return ds


def _set_frames(ds: Dataset, pictures: Pictures) -> None:
    """The pixels, one frame a slice, counted from 1."""
    from pydicom.tag import Tag
    from pydicom.valuerep import format_number_as_ds

    count, ds.Rows, ds.Columns, ds.SamplesPerPixel = pictures.pixels.shape
    ds.NumberOfFrames = count
    ds.FrameIncrementPointer = Tag("PageNumberVector")
    ds.PageNumberVector = list(range(1, count + 1))
    ds.PixelSpacing = [format_number_as_ds(pictures.edge)] * 2
    ds.PhotometricInterpretation, ds.PlanarConfiguration = "RGB", 0
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 8, 8, 7, 0
    pixels = pictures.pixels.tobytes()
    ds.PixelData = pixels + b"\0" * (len(pixels) % 2)
