"""Who was scanned, from the DICOM files of a series."""

from bolus.data import Identity, Source
from bolus.io.dicom.silence import no_remarks


def read_identity(source: Source) -> Identity:
    """What the first of a series' DICOM files says of the patient; empty for other formats."""
    if not source.files:
        return Identity()
    import pydicom

    with no_remarks():
        ds = pydicom.dcmread(source.files[0], stop_before_pixels=True)
        return Identity(
            name=str(ds.get("PatientName") or ""),
            patient_id=str(ds.get("PatientID") or ""),
            birth_date=str(ds.get("PatientBirthDate") or ""),
            accession=str(ds.get("AccessionNumber") or ""),
            series_description=str(ds.get("SeriesDescription") or ""),
        )
