"""DICOM headers read without pydicom's remarks."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_remarks() -> Iterator[None]:
    """Keep pydicom's warnings of odd values from the terminal: they quote what may be a patient's.

    What cannot be used still raises.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
