"""Running dcm2niix, which knows the pixel layouts of every vendor."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

from bolus.base.json import from_text
from bolus.data import SeriesError
from bolus.io.dicom.multiframe import write_some_frames
from bolus.io.dicom.order import Number
from bolus.io.dicom.silence import no_remarks

# Sidecar without personal data, no compression, UID as name, no settings from a user's file.
_OPTIONS = ("-b", "y", "-ba", "y", "-z", "n", "-f", "%j", "-g", "i", "-x", "n", "-i", "n")


@contextmanager
def converted(
    paths: Sequence[Path],
    numbers: Mapping[Path, Number],
    kept: Mapping[Path, tuple[int, ...]] = MappingProxyType({}),
) -> Iterator[list[tuple[Path, Mapping[str, object]]]]:
    """Yield the images dcm2niix makes of some files, each with its sidecar, for as long as needed.

    Files that ``numbers`` names are numbered so for the conversion, and of those that ``kept``
    names only some frames go into it; all are only read.

    Raises SeriesError with its last line when it fails.
    """
    with tempfile.TemporaryDirectory(prefix="bolus-") as name:
        source, target = Path(name, "in"), Path(name, "out")
        source.mkdir()
        target.mkdir()
        links = {source / f"{n:06d}.dcm": path for n, path in enumerate(paths)}
        for link, path in links.items():
            if path in kept:
                write_some_frames(path, link, kept[path])
            else:
                _place(path.resolve(), link, numbers.get(path))
        _run(source, target, links)
        yield [(image, _sidecar(image)) for image in sorted(target.glob("*.nii"))]


def _place(path: Path, link: Path, number: Number | None) -> None:
    """Link, or copy where the number changes or the system does not let users make links."""
    if number is not None:
        import pydicom

        with no_remarks():
            ds = pydicom.dcmread(path)
            ds.InstanceNumber = number.instance
            ds.AcquisitionNumber = ds.TemporalPositionIdentifier = number.frame
            ds.save_as(link)
        return
    try:
        link.symlink_to(path)
    except OSError:
        shutil.copyfile(path, link)


def _run(source: Path, target: Path, links: Mapping[Path, Path]) -> None:
    import dcm2niix

    command = [dcm2niix.bin, *_OPTIONS, "-o", str(target), str(source)]
    result = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if result.returncode:
        lines = [line for line in (result.stdout + result.stderr).splitlines() if line.strip()]
        said = lines[-1].strip() if lines else "it said nothing"
        for link, path in links.items():
            said = said.replace(str(link), str(path))
        raise SeriesError(
            f"dcm2niix could not convert the series (code {result.returncode}): {said}"
        )


def _sidecar(image: Path) -> Mapping[str, object]:
    text = image.with_suffix(".json").read_text(encoding="utf-8", errors="replace")
    return from_text(text, "the sidecar that dcm2niix wrote", SeriesError)
