"""Files to data types and back: NIfTI, DICOM, arterial curves, output folders.

The only room that knows nibabel, pydicom, highdicom and dcm2niix; each is imported when first
needed.
"""

from bolus.io.anatomy import read_anatomy
from bolus.io.checksums import checksum
from bolus.io.curves import ArterialTable, read_aif, read_arterial_table, write_aif
from bolus.io.dicom.identity import read_identity
from bolus.io.dicom.write import check_dicom_output, write_dicom
from bolus.io.dicom.write.series import write_dicom_series
from bolus.io.diffusion import Diffusion, read_adc
from bolus.io.echoes import second_echo
from bolus.io.map import read_map
from bolus.io.mask import is_mask, read_mask, read_mask_on_any
from bolus.io.output import check_apart, check_output, output_folder
from bolus.io.registered import read_registered
from bolus.io.resample import resample_each, resample_linear, resample_nearest
from bolus.io.series import FORMATS, Format, read_echoes, read_series
from bolus.io.series_store import KEPT, read_kept, write_kept
from bolus.io.tables import write_table
from bolus.io.transform import read_transform, write_transform
from bolus.io.volumes import nifti_image, write_series, write_volume
from bolus.io.weighted import read_dwi

__all__ = [
    "FORMATS",
    "KEPT",
    "ArterialTable",
    "Diffusion",
    "Format",
    "check_apart",
    "check_dicom_output",
    "check_output",
    "checksum",
    "is_mask",
    "nifti_image",
    "output_folder",
    "read_adc",
    "read_aif",
    "read_anatomy",
    "read_arterial_table",
    "read_dwi",
    "read_echoes",
    "read_identity",
    "read_kept",
    "read_map",
    "read_mask",
    "read_mask_on_any",
    "read_registered",
    "read_series",
    "read_transform",
    "resample_each",
    "resample_linear",
    "resample_nearest",
    "second_echo",
    "write_aif",
    "write_dicom",
    "write_dicom_series",
    "write_kept",
    "write_series",
    "write_table",
    "write_transform",
    "write_volume",
]
