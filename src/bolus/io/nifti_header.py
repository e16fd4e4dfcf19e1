"""What a NIfTI header alone says, checked before anything of its size is read or allocated."""

import gzip
import math
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedIOBase
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from bolus.data import Grid, InputError
from bolus.data.plausible import ORIGIN, SQUARENESS, VOXEL_EDGE

if TYPE_CHECKING:
    from nibabel.nifti1 import Nifti1Header
else:
    Nifti1Header = Any  # nibabel is imported with the first file

_LONGEST = 540
"""Bytes of a NIfTI-2 header; one of NIfTI-1 has 348."""
_DEFLATION = 1032
"""Bytes that one byte of a deflated stream can stand for, at the most."""
_TIMES = {8: "sec", 16: "msec", 24: "usec"}


@contextmanager
def as_error(path: Path, error: type[InputError]) -> Iterator[None]:
    """Turn whatever a broken file makes nibabel raise into one named error."""
    from nibabel.filebasedimages import ImageFileError
    from nibabel.spatialimages import HeaderDataError
    from nibabel.wrapstruct import WrapStructError

    try:
        yield
    except MemoryError as cause:
        raise error(f"{path}: this image does not fit into this machine's memory") from cause
    except (EOFError, zlib.error, gzip.BadGzipFile) as cause:
        raise error(
            f"{path}: this compressed NIfTI file is cut short or damaged ({cause})"
        ) from cause
    except (
        ImageFileError, HeaderDataError, WrapStructError, OSError, ValueError, OverflowError,
        KeyError,
    ) as cause:  # fmt: skip
        raise error(f"{path}: this is not a readable NIfTI file ({cause})") from cause


def opened(path: Path) -> BufferedIOBase:
    """The file's bytes, decompressed where its name ends in ``.gz``."""
    if path.name.lower().endswith(".gz"):
        return gzip.GzipFile(path, "rb")
    return path.open("rb")


def read_nifti_header(path: Path, error: type[InputError]) -> Nifti1Header:
    """The header of a NIfTI-1 or -2 file of real numbers that can be as large as it says.

    Raises ``error`` for anything else: a file shorter than its header claims, no voxels, other
    numbers, or a scaling that is no number.
    """
    with as_error(path, error):
        with opened(path) as file:
            header = _parse(file.read(_LONGEST))
        kind = header.get_data_dtype()
        if kind.kind not in "iuf":
            raise error(f"{path}: real numbers are expected, found {kind}")
        shape = _shape(header)
    if shape is None:
        dim = header["dim"].tolist()
        raise error(f"{path}: this image has no voxels, its header says dimensions {dim}")
    slope, intercept = (float(header[name]) for name in ("scl_slope", "scl_inter"))
    if math.isinf(slope) or (not math.isfinite(intercept) and slope not in (0.0, 1.0)
                             and not math.isnan(slope)):  # fmt: skip
        raise error(f"{path}: its header scales the values by {slope:g} and adds {intercept:g}")
    _check_size(path, header, error)
    return header


def _parse(content: bytes) -> Nifti1Header:
    import nibabel as nib

    if content[344:347] == b"n+1":
        return nib.Nifti1Header(content[:348])
    if content[4:7] == b"n+2":
        return nib.Nifti2Header(content)
    raise ValueError(f"{len(content)} bytes without the mark of NIfTI-1 or NIfTI-2")


def _shape(header: Nifti1Header) -> tuple[int, ...] | None:
    """The dimensions, None where they are none."""
    dim = [int(n) for n in header["dim"]]
    shape = tuple(dim[1 : dim[0] + 1])
    return shape if 1 <= dim[0] <= 7 and min(shape) >= 1 else None


def size_of(header: Nifti1Header) -> int:
    """Bytes from the start of the file to the end of the image."""
    offset = float(header["vox_offset"])
    if not 0 <= offset < 2**62:
        raise ValueError(f"the voxels begin at byte {offset:g}")
    return int(offset) + math.prod(_shape(header) or ()) * int(header.get_data_dtype().itemsize)


def _check_size(path: Path, header: Nifti1Header, error: type[InputError]) -> None:
    """Raise ``error`` where the file is shorter than the image in it."""
    with as_error(path, error):
        size, packed = path.stat().st_size, path.name.lower().endswith(".gz")
        needed = size_of(header)
    if needed > (_DEFLATION * size if packed else size):
        raise error(
            f"{path}: this is not a readable NIfTI file: dimensions {_shape(header)} need "
            f"{needed} bytes, the file has {size}{', compressed' if packed else ''}; is it cut "
            "short?"
        )


def time_unit(header: Nifti1Header) -> str | None:
    """The unit of the step in time: "sec", "msec", "usec", "unknown"; None for another quantity.

    NIfTI also has Hz, ppm and rad/s, and codes without a meaning: none is a time.
    """
    code = int(header["xyzt_units"]) & 0x38
    return "unknown" if code == 0 else _TIMES.get(code)


def grid_of(header: Nifti1Header, path: Path, error: type[InputError]) -> Grid:
    """Where the first three axes lie; raises ``error`` for a place that no head image has.

    A qform that no head image has is dropped where the sform says the place.
    """
    with as_error(path, error):
        affine = np.asarray(header.get_best_affine(), dtype=np.float64)
        qform, qform_code = header.get_qform(coded=True)
        x, y, z = ((*(_shape(header) or ()), 1, 1))[:3]
    check_affine(affine, path, error)
    try:
        if qform is not None:
            check_affine(qform, path, InputError)
    except InputError:  # of no use: the affine is the sform's
        qform, qform_code = None, 0
    return Grid(
        shape=(x, y, z),
        affine=affine,
        qform=None if qform is None or np.array_equal(qform, affine) else qform,
        sform_code=int(header["sform_code"]),
        qform_code=int(qform_code),
    )


def check_affine(affine: Float[np.ndarray, "4 4"], path: Path, error: type[InputError]) -> None:
    """Raise ``error`` unless voxels have plausible edges, directions and places (mm)."""
    with np.errstate(all="ignore"):
        edges = np.linalg.norm(affine[:3, :3], axis=0)
        if not (np.isfinite(affine).all() and edges.all()):
            raise error(f"{path}: its affine does not place voxels in space:\n{affine}")
        square = abs(np.linalg.det(affine[:3, :3] / edges))
    where = f"{path}: its affine is not that of a head image"
    for edge in edges.tolist():
        VOXEL_EDGE.check(edge, where, error)
    SQUARENESS.check(float(square), where, error)
    for place in affine[:3, 3].tolist():
        ORIGIN.check(place, where, error)
