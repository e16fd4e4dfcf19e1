"""Which series lie in a folder, from headers alone: what a user may choose of."""

from dataclasses import dataclass
from pathlib import Path

from bolus.data import InputError, SeriesError
from bolus.data.plausible import MIN_FRAMES
from bolus.io.checksums import files_below
from bolus.io.dicom.headers import begins_like_dicom
from bolus.io.dicom.study import read_study
from bolus.io.nifti import check_nifti, is_nifti_name

LARGEST = 20_000
"""Files that are looked at; a folder with more is no patient's."""


@dataclass(frozen=True, kw_only=True)
class FoundSeries:
    """A series that lies in a folder, and whether perfusion maps can be made of it.

    ``path`` and ``number`` are what ``bolus.io.read_series`` takes; ``problem`` says in words why
    it cannot be one of DSC-MRI, None where it can.
    """

    path: Path
    number: int | None
    title: str
    frames: int
    problem: str | None


def list_series(path: Path) -> tuple[FoundSeries, ...]:
    """The series in a folder or file, those that can be of DSC-MRI first.

    DICOM folders are read as ``bolus.io.read_series`` reads them; NIfTI files are looked for below
    the folder, too, and images of one volume among them left out.

    Raises InputError for a path that is not there, a folder with more than LARGEST files, and
    where nothing is found; SeriesError for DICOM files of several patients.
    """
    if not path.exists():
        raise InputError(f"{path}: no such file or folder")
    if path.is_file():
        if not is_nifti_name(path):
            raise InputError(f"{path}: a NIfTI file, or a folder with DICOM files, is expected")
        return (_nifti(path),)
    files = []
    for file in files_below(path):
        files.append(file)
        if len(files) > LARGEST:
            raise InputError(f"{path}: holds more than {LARGEST} files; give the patient's folder")
    names = [file for file in files if is_nifti_name(file)]
    found = [one for file in names if (one := _nifti(file)).frames > 1 or len(names) == 1]
    if any(begins_like_dicom(file) for file in files if file not in set(names)):
        found += _dicom(path)
    if not found:
        raise InputError(
            f"{path}: no DICOM series and no NIfTI file with several volumes among {len(files)} "
            "files"
        )
    return tuple(sorted(found, key=lambda one: one.problem is not None))


def _dicom(folder: Path) -> list[FoundSeries]:
    found = []
    for series in read_study(folder):
        problem = _too_few(series.n_frames)
        if series.diffusion:
            problem = "diffusion images"
        number = series.files[0].number
        found.append(
            FoundSeries(
                path=folder,
                number=number,
                title=str(series),
                frames=series.n_frames,
                problem=problem,
            )
        )
    numbers = [one.number for one in found]
    return [one for one in found if one.number is not None or len(numbers) == 1]


def _nifti(path: Path) -> FoundSeries:
    try:
        shape = check_nifti(path, SeriesError).get_data_shape()
    except SeriesError as error:
        return FoundSeries(path=path, number=None, title=path.name, frames=0, problem=str(error))
    frames = int(shape[3]) if len(shape) == 4 else 1
    size = " × ".join(str(n) for n in shape[:3])
    title = f"{path.name}: {frames} frames of {size} voxels"
    return FoundSeries(path=path, number=None, title=title, frames=frames, problem=_too_few(frames))


def _too_few(frames: int) -> str | None:
    return None if frames >= MIN_FRAMES else f"fewer than {MIN_FRAMES} frames"
