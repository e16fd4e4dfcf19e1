"""Reading masks: NIfTI or DICOM."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from bolus.data import AnatomicalImage, Grid, MaskError, Source
from bolus.io.dicom.mask import drawn_on, is_dicom, read_dicom_mask
from bolus.io.nifti import check_nifti, is_nifti_name, load_image, read_values
from bolus.io.nifti_header import grid_of

_UNKNOWN = Source()


def read_mask(
    path: str | os.PathLike[str], grid: Grid, source: Source = _UNKNOWN
) -> Bool[np.ndarray, "x y z"]:
    """Read a mask (x, y, z) on the grid of a series.

    ``path`` is a NIfTI file on that grid, its axes in any order and direction, whose voxels above
    0.5 are inside, so labels count too;
    or a DICOM segmentation, or a folder with one or with a series of MR images of two values: what
    lies elsewhere is put onto the grid by place, the nearest voxel. Of a segmentation with several
    segments ``FILE#NUMBER`` or ``FILE#LABEL`` is one. ``source`` is the series': a DICOM mask of
    another patient, and a segmentation in another frame of reference, are refused. (Series of
    images are often made by programs that give them a frame of reference of their own, so theirs
    is not compared.)

    Raises MaskError for a file that is no mask, is empty or lies on another grid or outside.
    """
    path, segment = _split(Path(path))
    if not path.exists():
        raise MaskError(f"{path}: no such file or folder")
    if path.is_dir() or (path.is_file() and not is_nifti_name(path) and is_dicom(path)):
        return read_dicom_mask(path, segment, grid, source)
    if segment is not None:
        raise MaskError(f"{path}: '#{segment}' chooses a segment of a DICOM segmentation only")
    if not is_nifti_name(path):
        raise MaskError(
            f"{path}: a mask is a NIfTI file (.nii or .nii.gz), a DICOM segmentation or a folder "
            "with DICOM images"
        )
    return _read_nifti(path, grid)


def read_mask_on_any(
    path: str | os.PathLike[str],
    grid: Grid,
    images: Sequence[AnatomicalImage],
    source: Source = _UNKNOWN,
) -> tuple[Bool[np.ndarray, "x y z"], int | None]:
    """A mask on the grid of a series or of an anatomical image, and the number of that image.

    A NIfTI file is recognised by its place, shape and affine; on several grids, it counts as on the
    series (None), then as on the first image. A DICOM mask lies on an image where each of its
    voxels is one of the image's; another is put onto the series by the place in its headers, as
    ``read_mask`` does.

    Raises MaskError as ``read_mask``, and for a NIfTI file on none of the grids.
    """
    if not images:
        return read_mask(path, grid, source), None
    path, segment = _split(Path(path))
    if not path.exists() or path.is_dir() or not is_nifti_name(path):
        known = path.exists() and (path.is_dir() or is_dicom(path))
        for number, image in enumerate(images if known else ()):
            found = (
                None if image.grid.matches(grid) else drawn_on(path, segment, image.grid, source)
            )
            if found is not None:
                return found, number
        whole = path if segment is None else path.with_name(f"{path.name}#{segment}")
        return read_mask(whole, grid, source), None
    place = grid_of(check_nifti(path, MaskError), path, MaskError)
    grids = [(None, grid), *((number, image.grid) for number, image in enumerate(images))]
    for there, own in grids:
        if place.arranged(np.empty(place.shape, dtype=bool), own) is not None:
            return _read_nifti(path, own), there
    named = [("the series", grid), *((image.name, image.grid) for image in images)]
    raise MaskError(
        f"{path}: this mask, of shape {place.shape}, lies on no grid that is known: "
        + "; ".join(
            f"on that of {name}, of shape {own.shape}, its corners lie up to "
            f"{corner_gap(place, own):.2f} mm off"
            for name, own in named
        )
        + ". Resample it onto one of them first"
    )


def is_mask(path: str | os.PathLike[str]) -> bool:
    """Whether a path is that of a mask rather than of a table: by name, mark, or as a folder."""
    found, _ = _split(Path(path))
    return is_nifti_name(found) or found.is_dir() or (found.is_file() and is_dicom(found))


def _split(path: Path) -> tuple[Path, str | None]:
    """File and segment of FILE#SEGMENT; a file that exists under the whole name goes first."""
    if "#" not in path.name or path.exists():
        return path, None
    name, segment = path.name.rsplit("#", 1)
    return path.with_name(name) if name else path, segment


def _read_nifti(path: Path, grid: Grid) -> Bool[np.ndarray, "x y z"]:
    image = load_image(path, MaskError)
    shape = tuple(int(n) for n in image.shape)
    if len(shape) != 3 and not (len(shape) == 4 and shape[3] == 1):
        raise MaskError(f"{path}: a mask is one volume, found shape {shape}")
    found = grid_of(image.header, path, MaskError)
    stored = read_values(image, path, MaskError).reshape(found.shape)
    values = found.arranged(stored, grid)
    if values is None:
        raise MaskError(
            f"{path}: this mask lies on another grid than the series: shape {found.shape} instead "
            f"of {grid.shape}, corners up to {corner_gap(found, grid):.2f} mm apart. "
            "Resample it onto the series first"
        )
    if not np.isfinite(values).all():
        raise MaskError(f"{path}: {int((~np.isfinite(values)).sum())} values are not finite")
    mask = values > 0.5
    if not mask.any():
        raise MaskError(f"{path}: the mask is empty: no value above 0.5, the highest is "
                        f"{values.max():g}")  # fmt: skip
    return mask


def corner_gap(one: Grid, other: Grid) -> float:
    """Largest distance in mm between corresponding outer corners of two grids."""
    corners = [_corners(grid) for grid in (one, other)]
    return float(np.linalg.norm(corners[0] - corners[1], axis=1).max())


def _corners(grid: Grid) -> np.ndarray:
    ends = [(0, n - 1) for n in grid.shape]
    index = np.array([[i, j, k, 1] for i in ends[0] for j in ends[1] for k in ends[2]], dtype=float)
    return (index @ grid.affine.T)[:, :3]
