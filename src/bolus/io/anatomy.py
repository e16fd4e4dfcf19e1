"""Reading an anatomical image: a NIfTI file, or a folder with one DICOM series."""

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from bolus.data import AmbiguousInputError, AnatomicalImage, InputError, SeriesError, Source
from bolus.data.plausible import VOXEL_EDGE
from bolus.io.nifti import is_nifti_name, load_image, read_values
from bolus.io.nifti_header import check_affine, grid_of

_UNKNOWN = Source()


def read_anatomy(path: str | os.PathLike[str], source: Source = _UNKNOWN) -> AnatomicalImage:
    """Read one volume of any contrast: a NIfTI file, or a folder with one DICOM series.

    Of a folder with several series FOLDER#NUMBER is the one of that SeriesNumber. ``source`` is
    that of the perfusion series, whose patient a DICOM image must have where both name one. Values
    that are not finite become 0. Errors call the image as its path.

    Raises InputError for what is not one volume with contrast; AmbiguousInputError for a folder
    with several series, SeriesError for one whose images are missing or cannot be read.
    """
    path, series = _split(Path(path))
    if not path.exists():
        raise InputError(f"{path}: no such file or folder")
    if path.is_dir():
        return _from_dicom(path, source, series)
    if series is not None:
        raise InputError(f"{path}: '#{series}' chooses a series of a DICOM folder only")
    if not is_nifti_name(path):
        raise InputError(
            f"{path}: an anatomical image is a NIfTI file (.nii or .nii.gz), or a folder with "
            "DICOM images"
        )
    return _from_nifti(path, path)


def _split(path: Path) -> tuple[Path, int | None]:
    """Folder and number of FOLDER#NUMBER; what exists under the whole name goes first."""
    name, _, number = path.name.rpartition("#")
    if path.exists() or not name or not number.isdecimal():
        return path, None
    return path.with_name(name), int(number)


def _from_nifti(path: Path, said: Path) -> AnatomicalImage:
    """One volume; ``said`` is what errors call it."""
    image = load_image(path, InputError)
    shape = tuple(int(n) for n in image.shape)
    if len(shape) != 3 and not (len(shape) == 4 and shape[3] == 1):
        raise InputError(f"{said}: an anatomical image is one volume, found shape {shape}")
    grid = grid_of(image.header, said, InputError)
    check_affine(grid.affine, said, InputError)
    for edge in grid.voxel_size:
        VOXEL_EDGE.check(edge, f"{said}: voxels", InputError)
    values = read_values(image, said, InputError).reshape(grid.shape)
    volume = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    if not volume.min() < volume.max():
        raise InputError(f"{said}: an image with contrast is expected, all is {volume.min():g}")
    return AnatomicalImage(volume=volume, grid=grid, name=str(said))


def _from_dicom(folder: Path, source: Source, number: int | None) -> AnatomicalImage:
    """The one series of a folder, as dcm2niix converts it."""
    from bolus.io.dicom.convert import converted
    from bolus.io.dicom.headers import read_header
    from bolus.io.dicom.study import check_complete, choose, read_study

    study = read_study(folder)
    try:
        chosen = choose(study, number, 1)
        check_complete(chosen)
    except AmbiguousInputError as error:
        listed = "\n".join(f"  {one}" for one in study)
        raise AmbiguousInputError(
            f"{folder}: {len(study)} series could be meant:\n{listed}\n"
            "Choose one with FOLDER#NUMBER"
        ) from error
    except SeriesError as error:
        raise type(error)(f"{folder}: {error}") from error
    own = read_header(source.files[0]) if source.files else None
    patient = chosen.files[0].patient
    if own is not None and own.patient and patient and own.patient != patient:
        raise InputError(f"{folder}: this image is of another patient than the series (PatientID)")
    with converted([file.path for file in chosen.files], {}) as images:
        return _from_nifti(_only(images, folder), folder)


def _only(images: list[tuple[Path, Mapping[str, object]]], folder: Path) -> Path:
    if len(images) != 1:
        raise SeriesError(
            f"{folder}: one volume is expected of these images, dcm2niix makes {len(images)}"
        )
    return images[0][0]
