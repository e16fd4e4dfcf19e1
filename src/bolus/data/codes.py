"""Coded terms as DICOM takes them: a value, the scheme it is defined in, and its meaning."""

from typing import NamedTuple


class Concept(NamedTuple):
    """A code, the scheme it belongs to, and what it means."""

    value: str
    scheme: str
    meaning: str


PRIVATE = "99BOLUS"
"""The scheme of terms that neither DICOM (DCM), SNOMED CT (SCT), NCIt nor UCUM has."""
PRIVATE_NAME = "Terms of the perfusion software bolus"
