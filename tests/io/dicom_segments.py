"""Small DICOM segmentations as other programs write them, for tests."""

from pathlib import Path

import highdicom as hd
import numpy as np
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import MRImageStorage, generate_uid

from bolus.data import Grid


def source_image(patient: str, frame: str) -> Dataset:
    """An image that a segmentation was drawn on."""
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = MRImageStorage, generate_uid()
    ds.StudyInstanceUID, ds.SeriesInstanceUID = generate_uid(), generate_uid()
    ds.FrameOfReferenceUID = frame
    ds.PatientID, ds.PatientName, ds.PatientBirthDate, ds.PatientSex = patient, "Doe^Jane", "", "O"
    ds.AccessionNumber = ds.StudyID = ds.StudyDate = ds.StudyTime = ""
    ds.Modality, ds.Manufacturer, ds.Rows, ds.Columns = "MR", "Nobody", 4, 4
    ds.ImagePositionPatient, ds.ImageOrientationPatient = [0, 0, 0], [1, 0, 0, 0, 1, 0]
    ds.PixelSpacing, ds.SliceThickness = [7, 7], 7  # like no mask: its own would be taken over
    return ds


def write_segmentation(
    path: Path,
    masks: dict[str, np.ndarray],
    grid: Grid,
    *,
    patient: str = "PATIENT-1",
    frame: str = "1.2.3",
    kind: str = "BINARY",
    omit: bool = True,
) -> Path:
    """Write masks by label as segments of one file; empty slices are left out unless told."""
    segments = [
        hd.seg.SegmentDescription(
            segment_number=n,
            segment_label=label,
            segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
            segmented_property_type=codes.SCT.Neoplasm,
            algorithm_type="MANUAL",
        )
        for n, label in enumerate(masks, start=1)
    ]
    stack = np.stack([np.asarray(mask) for mask in masks.values()], axis=-1)
    values = stack.astype(np.float32 if kind == "FRACTIONAL" else np.uint8)
    volume = hd.Volume(
        np.swapaxes(values, 0, 2),
        grid.affine[:, [2, 1, 0, 3]],
        coordinate_system="PATIENT",
        channels={"SegmentNumber": list(range(1, len(masks) + 1))},
        from_reference_convention="RAS",
    )
    hd.seg.Segmentation(
        source_images=[source_image(patient, frame)],
        pixel_array=volume,
        segmentation_type=kind,
        segment_descriptions=segments,
        series_instance_uid=generate_uid(),
        series_number=9,
        sop_instance_uid=generate_uid(),
        instance_number=1,
        manufacturer="Nobody",
        manufacturer_model_name="none",
        software_versions="0",
        device_serial_number="0",
        omit_empty_frames=omit,
    ).save_as(path)
    return path
