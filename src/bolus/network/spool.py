"""The folders of a listener, and images that are on disk before their sender is told so."""

from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex
from threading import Lock

from bolus.data import OutputError
from bolus.network import durable
from bolus.network.header import Header, key_of
from bolus.network.records import RECORD


class SpoolFullError(OutputError):
    """A spool that holds as much as it may."""


class Spool:
    """``OUT``: images that come in, jobs with their images and records, and results.

    ``incoming/STUDY/SERIES/IMAGE.dcm``, ``jobs/JOB/images/IMAGE.dcm``, ``jobs/JOB/job.json`` and
    ``results/JOB``. Names are made of UIDs, and say nothing of the patient.
    """

    def __init__(self, folder: Path, most: int) -> None:
        self.folder = folder
        self.most = most
        self.incoming, self.jobs, self.results, self._partial = (
            folder / name for name in ("incoming", "jobs", "results", "partial")
        )
        self.moving = Lock()
        self._counting = Lock()
        self.held = 0

    def prepare(self) -> None:
        """Make the folders, remove what never became whole, count what is there."""
        for folder in (self.incoming, self.jobs, self.results):
            durable.make(folder)
        durable.remove(self._partial)
        durable.make(self._partial)
        found = [*self.incoming.rglob("*.dcm"), *self.jobs.glob("*/images/*.dcm")]
        self.held = sum(path.stat().st_size for path in found)

    def take(self, header: Header, content: bytes) -> None:
        """Put an image on disk; it is there, whole and synced, when this returns.

        Raises SpoolFullError, OutputError.
        """
        with self._counting:
            if self.held + len(content) > self.most:
                raise SpoolFullError(
                    f"{self.folder}: the spool may hold {self.most / 1e9:g} GB, and does"
                )
            self.held += len(content)
        partial = self._partial / token_hex(8)
        try:
            durable.write_new(partial, content)
            with self.moving:
                series = self.incoming / key_of(header.study) / key_of(header.series)
                durable.make(series)
                place = series / f"{key_of(header.instance)}.dcm"
                replaced = place.stat().st_size if place.exists() else 0
                durable.move(partial, place)
            self._let_go(replaced)
        except BaseException:
            self._let_go(len(content))
            raise

    def drop(self, path: Path) -> None:
        """Remove an image, or a folder of images. Raises OutputError."""
        size = sum(one.stat().st_size for one in images_in(path))
        durable.remove(path)
        self._let_go(size)

    def _let_go(self, size: int) -> None:
        with self._counting:
            self.held = max(0, self.held - size)

    def job(self, name: str) -> Path:
        """The folder of a job."""
        return self.jobs / name

    def images(self, name: str) -> Path:
        """The folder of its images."""
        return self.jobs / name / "images"

    def result(self, name: str) -> Path:
        """Where its maps are, or will be."""
        return self.results / name

    def known(self, name: str) -> bool:
        """Whether there is a record of the job."""
        return (self.jobs / name / RECORD).exists()


def images_in(path: Path) -> list[Path]:
    """The images in a folder by name, or the one that ``path`` is; none where there is nothing."""
    return sorted(path.glob("*.dcm")) if path.is_dir() else [path] if path.exists() else []


def objects_in(folder: Path) -> Iterator[Path]:
    """The DICOM objects of a result, in the order of their names."""
    yield from sorted((folder / "dicom").glob("*.dcm"))
