"""NIfTI files in: one loader with one set of errors for series and masks."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from bolus.data import Grid, InputError

if TYPE_CHECKING:
    from nibabel.nifti1 import Nifti1Image
else:
    Nifti1Image = Any  # nibabel is imported with the first file

SUFFIXES = (".nii", ".nii.gz")


def is_nifti_name(path: Path) -> bool:
    """Whether the name ends like a NIfTI file's."""
    return path.name.lower().endswith(SUFFIXES)


@contextmanager
def _as_error(path: Path, error: type[InputError]) -> Iterator[None]:
    """Turn whatever a broken file makes nibabel raise into one named error."""
    from nibabel.filebasedimages import ImageFileError
    from nibabel.spatialimages import HeaderDataError
    from nibabel.wrapstruct import WrapStructError

    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as cause:
        raise error(
            f"{path}: this compressed NIfTI file is cut short or damaged ({cause})"
        ) from cause
    except (
        ImageFileError, HeaderDataError, WrapStructError, OSError, ValueError, OverflowError
    ) as cause:  # fmt: skip
        raise error(f"{path}: this is not a readable NIfTI file ({cause})") from cause


def load_image(path: Path, error: type[InputError]) -> Nifti1Image:
    """Open a NIfTI file of real numbers; raises ``error`` where that fails.

    The whole file is read at once: only its end tells whether a compressed file is intact.
    """
    if not path.exists():
        raise error(f"{path}: no such file")
    if not path.is_file() or not is_nifti_name(path):
        raise error(f"{path}: a NIfTI file (.nii or .nii.gz) is expected")
    with _as_error(path, error):
        content = path.read_bytes()
        if path.name.lower().endswith(".gz"):
            content = gzip.decompress(content)
        image = _parse(content)
    if image.get_data_dtype().kind not in "iuf":
        raise error(f"{path}: real numbers are expected, found {image.get_data_dtype()}")
    if 0 in image.shape:
        raise error(f"{path}: this image of shape {image.shape} has no voxels")
    return image


def _parse(content: bytes) -> Nifti1Image:
    import nibabel as nib

    if content[344:347] == b"n+1":
        return nib.Nifti1Image.from_bytes(content)
    if content[4:7] == b"n+2":
        return nib.Nifti2Image.from_bytes(content)
    raise ValueError(f"{len(content)} bytes without the mark of NIfTI-1 or NIfTI-2")


def read_values(
    image: Nifti1Image, path: Path, error: type[InputError]
) -> Float[np.ndarray, "..."]:
    """All values as float32 with the file's scaling applied; raises ``error`` on damaged files."""
    with _as_error(path, error), np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(image.get_fdata(dtype=np.float32, caching="unchanged"))


def grid_of(image: Nifti1Image, path: Path, error: type[InputError]) -> Grid:
    """Where the first three axes lie; raises ``error`` for an affine that is not invertible."""
    with _as_error(path, error):
        qform, qform_code = image.get_qform(coded=True)
    affine = np.asarray(image.affine, dtype=np.float64)
    edges = np.linalg.norm(affine[:3, :3], axis=0)
    if not (np.isfinite(affine).all() and edges.all()) or (
        abs(np.linalg.det(affine[:3, :3] / edges)) < 1e-6
    ):
        raise error(f"{path}: its affine does not place voxels in space:\n{affine}")
    x, y, z = (int(n) for n in image.shape[:3])
    return Grid(
        shape=(x, y, z),
        affine=affine,
        qform=None if qform is None or np.array_equal(qform, affine) else qform,
        sform_code=int(image.header["sform_code"]),
        qform_code=int(qform_code),
    )
