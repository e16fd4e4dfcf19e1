"""NIfTI files in: one loader with one set of errors for series and masks."""

import gzip
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from bolus.data import InputError
from bolus.io.nifti_header import as_error, opened, read_nifti_header, size_of

if TYPE_CHECKING:
    from nibabel.nifti1 import Nifti1Header, Nifti1Image
else:
    Nifti1Header = Nifti1Image = Any  # nibabel is imported with the first file

SUFFIXES = (".nii", ".nii.gz")
_CHUNK = 1 << 22
_REST = 4


def is_nifti_name(path: Path) -> bool:
    """Whether the name ends like a NIfTI file's."""
    return path.name.lower().endswith(SUFFIXES)


def check_nifti(path: Path, error: type[InputError]) -> Nifti1Header:
    """The header of a NIfTI file, as ``read_nifti_header``; ``error`` also where there is none."""
    if not path.exists():
        raise error(f"{path}: no such file")
    if not path.is_file() or not is_nifti_name(path):
        raise error(f"{path}: a NIfTI file (.nii or .nii.gz) is expected")
    return read_nifti_header(path, error)


def load_image(path: Path, error: type[InputError]) -> Nifti1Image:
    """Open a NIfTI file of real numbers; raises ``error`` where that fails.

    No more is kept than the header needs, but the whole file is read: only its end shows whether
    a compressed file is intact (but see ``_content``).
    """
    header = check_nifti(path, error)
    with as_error(path, error):
        content = _content(path, size_of(header))
        return _parsed(content)


def _content(path: Path, needed: int) -> bytes:
    """The first bytes of a file, all that are needed.

    What follows in a compressed file is read too, for the checksum at its end, but no more than
    _REST times the image: zeros without end pack well. Raises EOFError where there are fewer.
    """
    with opened(path) as file:
        parts, missing = [], needed
        while missing and (part := file.read(min(missing, _CHUNK))):
            parts.append(part)
            missing -= len(part)
        left = max(_REST * needed, _CHUNK)
        while isinstance(file, gzip.GzipFile) and left > 0 and (part := file.read(_CHUNK)):
            left -= len(part)
    if missing:
        raise EOFError(f"{missing} of {needed} bytes are missing")
    return b"".join(parts)


def _parsed(content: bytes) -> Nifti1Image:
    import nibabel as nib

    kind = nib.Nifti1Image if content[344:347] == b"n+1" else nib.Nifti2Image
    return kind.from_bytes(content)


def read_values(
    image: Nifti1Image, path: Path, error: type[InputError]
) -> Float[np.ndarray, "..."]:
    """All values as float32 with the file's scaling applied; raises ``error`` on damaged files."""
    with as_error(path, error), np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(image.get_fdata(dtype=np.float32, caching="unchanged"))
