"""Who was scanned: read only where the user asks for it."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What names a patient and a scan, as text from the headers; empty where they do not say.

    Never part of a series or of maps: only output that was asked to name the patient takes it.
    """

    name: str = ""
    patient_id: str = ""
    birth_date: str = ""
    accession: str = ""
    series_description: str = ""
