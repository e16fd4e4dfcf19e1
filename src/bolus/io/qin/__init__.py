"""The collection QIN-BRAIN-DSC-MRI of The Cancer Imaging Archive, as its user has it, to a cohort.

The collection is under controlled access: nothing here fetches it. What is known of its folder:

- ``PatientID/MM-DD-YYYY-StudyDescription-suffix/SeriesNumber-SeriesDescription-suffix/*.dcm``;
  patients are told apart by the PatientID in the headers, for a patient's masks and series can lie
  in different studies.
- Every object is a classic MR image, the regions of interest too (values 0 and 1).
- A SeriesDescription that contains ``DSC`` is the time series; ``AIFx3`` or ``AIFx4``,
  ``Mask_Brain``, ``Mask_NAWM`` and ``Mask_Tumor`` are masks, with or without the underscore.
  ``Mask_NACC`` and ``Anatomic`` are not imported.
- Masks may lie on the anatomy's grid instead of the series'. Each image says where it lies, so they
  are put onto the series' grid by place, the nearest voxel, never by shape.
- The first one or two frames are not in steady state; all are kept, for bolus finds these itself.
- No header says the grade: a table with ``participant_id`` and ``grade`` does.

A patient is named by the letters and digits of the PatientID, for BIDS allows no others:
``QIN-BRAIN-DSC-01-07`` becomes ``sub-QINBRAINDSC0107``.
"""

from bolus.io.qin.collection import Imported, import_qin

__all__ = ["Imported", "import_qin"]
