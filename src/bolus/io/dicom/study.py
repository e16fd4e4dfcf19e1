"""Which series of a DICOM folder is meant."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from bolus.data import AmbiguousInputError, SeriesError
from bolus.data.plausible import SCALING, SIGNAL, VOXEL_EDGE
from bolus.io.checksums import files_below
from bolus.io.dicom.headers import FileHeader, Frame, read_header

TWO = 2
"""Echoes that can be made one series."""


@dataclass(frozen=True, eq=False)
class StudySeries:
    """The magnitude images of one SeriesInstanceUID, files in name order."""

    files: tuple[FileHeader, ...]

    @cached_property
    def by_slice(self) -> dict[tuple[float, ...], list[Frame]]:
        """The frames at each slice position; a mosaic file counts as one slice."""
        slices: dict[tuple[float, ...], list[Frame]] = defaultdict(list)
        for file in self.files:
            for frame in file.frames:
                slices[() if file.mosaic else frame.position].append(frame)
        return dict(sorted(slices.items()))

    @property
    def n_frames(self) -> int:
        """Frames at the slice that has most of them."""
        return max(map(len, self.by_slice.values()))

    @property
    def n_slices(self) -> int | None:
        """Number of slices, None where only the pixels know (mosaics)."""
        return None if self.files[0].mosaic else len(self.by_slice)

    @property
    def images(self) -> int:
        """Images of all slices and frames."""
        return sum(len(file.frames) for file in self.files)

    @property
    def diffusion(self) -> bool:
        """Whether any image is diffusion-weighted."""
        return any(file.diffusion for file in self.files)

    @cached_property
    def echo_times(self) -> tuple[float, ...]:
        """The distinct echo times in ms."""
        times = {frame.te for file in self.files for frame in file.frames if frame.te is not None}
        return tuple(sorted(times))

    @cached_property
    def echoes(self) -> tuple["StudySeries", ...]:
        """The series of each echo; itself where there is one, or where none tells them apart.

        Of a multi-frame file that holds several each has its own frames.
        """
        if len(self.echo_times) < 2:
            return (self,)
        each = ([_of_echo(file, te) for file in self.files] for te in self.echo_times)
        return tuple(StudySeries(tuple(file for file in files if file.frames)) for files in each)

    def __str__(self) -> str:
        number = self.files[0].number
        slices = "a mosaic" if self.n_slices is None else f"{self.n_slices} slices"
        te = " and ".join(f"{te:g}" for te in self.echo_times[:4]) or "unknown"
        return (
            f"series {'without number' if number is None else number}: "
            f"'{self.files[0].description}', {self.n_frames} frames of {slices}, TE {te} ms"
        )


def _of_echo(file: FileHeader, te: float) -> FileHeader:
    """A file with the frames of one echo only, which may be none."""
    kept = tuple(n for n, frame in enumerate(file.frames) if frame.te == te)
    if len(kept) == len(file.frames):
        return file
    return replace(file, frames=tuple(file.frames[n] for n in kept), kept=kept)


def read_study(folder: Path) -> list[StudySeries]:
    """The MR series below a folder by number; other files are passed over.

    Raises SeriesError when there is none, a DICOM file cannot be read, or there are several
    patients.
    """
    paths = sorted(files_below(folder))
    headers = [header for path in paths if (header := _header(path)) is not None]
    if not headers:
        nifti = sum(path.name.lower().endswith((".nii", ".nii.gz")) for path in paths)
        hint = f"; {nifti} of them NIfTI, give one of these" if nifti else ""
        raise SeriesError(
            f"{folder}: holds no DICOM MR images, among {len(paths)} files in it{hint}"
        )
    patients = len({header.patient for header in headers})
    if patients > 1:
        raise SeriesError(
            f"{folder}: holds images of {patients} patients (PatientID); give a folder with one"
        )
    groups: dict[str, list[FileHeader]] = defaultdict(list)
    for header in headers:
        groups[header.uid].append(header)
    found = [StudySeries(tuple(files)) for files in groups.values()]
    return sorted(found, key=lambda s: (s.files[0].number or 0, s.files[0].uid))


def _header(path: Path) -> FileHeader | None:
    try:
        return read_header(path)
    except OSError as error:
        raise SeriesError(f"{path}: cannot be read ({error.strerror})") from error


def choose(study: Sequence[StudySeries], number: int | None, minimum: int) -> StudySeries:
    """The one series with ``minimum`` frames or more; by SeriesNumber where one is given.

    Without a number, diffusion series are left out. Raises AmbiguousInputError for several,
    SeriesError for none.
    """
    named = [s for s in study if number is None or s.files[0].number == number]
    found = [s for s in named if s.n_frames >= minimum and (number is not None or not s.diffusion)]
    if len(found) == 1:
        return found[0]
    listing = "\n".join(f"  {s}{' (diffusion)' if s.diffusion else ''}" for s in found or study)
    if found:
        told_apart = len({s.files[0].number for s in found}) == len(found)
        by_number = "Choose one with --series NUMBER (series= in Python), or give a folder with one"
        how = by_number if told_apart else "Numbers do not tell them apart: give a folder with one"
        raise AmbiguousInputError(f"{len(found)} series could be meant:\n{listing}\n{how}")
    which = "no series" if number is None else f"no series of number {number}"
    raise SeriesError(f"{which} with at least {minimum} frames; this was found:\n{listing}")


def check_plausible(series: StudySeries) -> None:
    """Raise SeriesError for headers whose pixels or scaling no head image has."""
    for file in series.files:  # their names may hold a patient's
        where = f"image {file.instance or 'without number'}"
        if len(file.spacing) != 2:
            raise SeriesError(f"{where}: two numbers of PixelSpacing are expected, found "
                              f"{len(file.spacing)}")  # fmt: skip
        for edge in file.spacing:
            VOXEL_EDGE.check(edge, f"{where}: PixelSpacing", SeriesError)
        slope, intercept = file.scaling
        if slope is not None:
            SCALING.check(slope, f"{where}: RescaleSlope", SeriesError)
        if intercept:
            SIGNAL.check(abs(intercept), f"{where}: RescaleIntercept", SeriesError)


def check_complete(series: StudySeries) -> None:
    """Raise SeriesError when images are missing or echo times are mixed."""
    if series.echo_times and series.echo_times[-1] > 1.01 * series.echo_times[0]:
        times = ", ".join(f"{te:g}" for te in series.echo_times)
        both = len(series.echoes) == TWO
        hint = "; bolus.io.read_echoes reads both, and bolus.two_echoes makes one of them"
        raise SeriesError(
            f"one echo time is expected, found {times} ms in {series}{hint if both else ''}"
        )
    counts = Counter(len(frames) for frames in series.by_slice.values())
    if len(counts) > 1:
        found = sum(n * times for n, times in counts.items())
        spread = ", ".join(f"{times} slices with {n} frames" for n, times in sorted(counts.items()))
        raise SeriesError(
            f"images are missing: {len(series.by_slice)} slices × {series.n_frames} frames make "
            f"{len(series.by_slice) * series.n_frames}, found {found} ({spread}) in {series}"
        )
