"""NIfTI files out: same input, same bytes."""

import gzip
import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool, Float, Shaped

from bolus.base.files import write_bytes
from bolus.base.json import write_json
from bolus.data import Grid, InputError
from bolus.io.timing import checked_te, checked_tr, sidecar_path

if TYPE_CHECKING:
    from nibabel.nifti1 import Nifti1Header
else:
    Nifti1Header = Any  # nibabel is imported with the first file

LEVEL = 2
"""Of compression. An anatomical image is packed in a fifth of the time of gzip's usual level, 6,
and is 13 % larger, a map of floats in two thirds and 3 % larger."""
_KINDS = ("uint8", "int16", "int32", "uint16", "float32", "float64")


def write_volume(
    path: str | os.PathLike[str],
    data: Shaped[np.ndarray, "x y z *t"] | Bool[np.ndarray, "x y z"],
    grid: Grid,
    dt: float | None = None,
) -> None:
    """Write (x, y, z) or, with ``dt`` in s, (x, y, z, t) as NIfTI-1 ``.nii.gz`` on a grid.

    The data type is kept, booleans become uint8. Transforms and codes are the grid's; the bytes
    depend on nothing but the arguments.

    Raises InputError for data that do not fit the grid or the format, OutputError.
    """
    path = Path(path)
    _check_volume(path, data, grid, dt)
    array = data.astype(np.uint8) if data.dtype == bool else data
    write_bytes(path, _packed(_image_bytes(array, grid, dt)))


def _check_volume(path: Path, data: np.ndarray, grid: Grid, dt: float | None) -> None:
    if not path.name.lower().endswith(".nii.gz"):
        raise InputError(f"{path}: the name of a written volume ends in .nii.gz")
    if data.dtype != bool and data.dtype.name not in _KINDS:
        raise InputError(f"{path}: {data.dtype} is not one of {', '.join(_KINDS)}")
    if data.shape[:3] != grid.shape or data.ndim != (3 if dt is None else 4):
        raise InputError(
            f"{path}: an array of shape {data.shape} does not fit a grid of {grid.shape}"
            + ("" if dt is None else " with frames")
        )


def _header(array: np.ndarray, grid: Grid, dt: float | None) -> Nifti1Header:
    import nibabel as nib

    header = nib.Nifti1Header()
    header.set_data_dtype(array.dtype)
    header.set_data_shape(array.shape)
    # The qform sets the voxel sizes, so it is written even where its code says "do not use".
    header.set_qform(grid.affine if grid.qform is None else grid.qform, code=grid.qform_code)
    header.set_sform(grid.affine, code=grid.sform_code)
    header.set_xyzt_units("mm", "unknown" if dt is None else "sec")
    if dt is not None:
        header["pixdim"][4] = dt
    return header


def nifti_image(array: np.ndarray, grid: Grid) -> Any:
    """A volume (x, y, z) as a nibabel.Nifti1Image in memory, as ``write_volume`` would write it."""
    import nibabel as nib

    return nib.Nifti1Image(array, grid.affine, _header(array, grid, None))


def _image_bytes(array: np.ndarray, grid: Grid, dt: float | None) -> bytes:
    import nibabel as nib

    return bytes(nib.Nifti1Image(array, None, _header(array, grid, dt)).to_bytes())


def _packed(content: bytes) -> bytes:
    """Gzip without a time or a file name in it."""
    buffer = io.BytesIO()
    with gzip.GzipFile(
        filename="", mode="wb", compresslevel=LEVEL, fileobj=buffer, mtime=0
    ) as file:
        file.write(content)
    return buffer.getvalue()


def write_series(
    path: str | os.PathLike[str],
    signal: Float[np.ndarray, "x y z t"],
    grid: Grid,
    dt: float,
    te: float | None,
    slice_times: Float[np.ndarray, " z"] | None = None,
) -> None:
    """Write a series (x, y, z, t) as ``.nii.gz`` with a BIDS sidecar; ``dt`` and ``te`` in s.

    ``slice_times`` are the seconds from the start of a frame to each slice.

    Raises SeriesError for times that are not seconds, InputError, OutputError.
    """
    path = Path(path)
    sidecar: dict[str, object] = {"RepetitionTime": checked_tr(dt, "to write")}
    if te is not None:
        sidecar["EchoTime"] = checked_te(te, "to write")
    if slice_times is not None:
        sidecar["SliceTiming"] = slice_times.tolist()
    write_volume(path, signal, grid, dt)
    write_json(sidecar_path(path), sidecar)
