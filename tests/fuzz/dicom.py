"""Mutations of a classic DICOM series: tags, files, pixels, transfer syntaxes."""

import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset

from bolus.data import Grid
from bolus.io import write_dicom_series
from fuzz.case import Rng, Written, one_of
from fuzz.small_head import files_of, small_head

FRAMES, SLICES = 24, 2
_NUMBERS = ("0", "-1", "1e30", "-1e30", "1e-30", "nan", "inf", "abc", "", "2147483648", "3",
            "65535", "0.02", "500", "99999999999999")  # fmt: skip
_DECIMALS = ("EchoTime", "RepetitionTime", "RescaleSlope", "RescaleIntercept", "SliceThickness",
             "SpacingBetweenSlices", "TriggerTime", "SliceLocation", "FlipAngle")  # fmt: skip
_WHOLE = ("InstanceNumber", "AcquisitionNumber", "SeriesNumber", "TemporalPositionIdentifier",
          "NumberOfTemporalPositions", "NumberOfFrames", "EchoTrainLength")  # fmt: skip
_SHORTS = ("Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation",
           "SamplesPerPixel")  # fmt: skip
_TEXTS = ("AcquisitionTime", "ContentTime", "AcquisitionDate", "PatientID", "SeriesInstanceUID",
          "SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "ImageType", "Modality",
          "PatientName", "Manufacturer", "SpecificCharacterSet", "PhotometricInterpretation",
          "SeriesDescription", "ScanningSequence", "MRAcquisitionType",
          "FrameOfReferenceUID")  # fmt: skip
_SYNTAXES = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.4.50",
             "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.5",
             "1.2.840.10008.1.2.1.99", "1.2.3.4", "")  # fmt: skip


@cache
def _series() -> tuple[bytes, ...]:
    """The files of the series, slices fastest."""
    head = small_head()
    signal = np.ascontiguousarray(head.signal[:, :, :SLICES, 4 : 4 + FRAMES])
    grid = Grid(shape=signal.shape[:3], affine=head.grid.affine)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "series")
        write_dicom_series(folder, replace(head, signal=signal, grid=grid))
        return tuple(path.read_bytes() for path in files_of(folder))


def _write(folder: Path, change: Callable[[Dataset], None], which: set[int] | None = None) -> Path:
    """All files, of which some (None: all) are changed."""
    out = folder / "series"
    out.mkdir()
    for n, content in enumerate(_series()):
        path = out / f"{n:04d}.dcm"
        if which is not None and n not in which:
            path.write_bytes(content)
            continue
        ds = pydicom.dcmread(BytesIO(content))
        change(ds)
        try:
            ds.save_as(path, enforce_file_format=False)
        except Exception:  # pydicom does not write everything that others have written
            path.write_bytes(content[: len(content) // 2])
    return out


def _some(rng: Rng) -> tuple[set[int] | None, str]:
    """Which files are changed: all, one, those of a frame or of a slice."""
    n, way = FRAMES * SLICES, int(rng.integers(5))
    one = int(rng.integers(n))
    which = (None, None, {one}, set(range(one - one % SLICES, one - one % SLICES + SLICES)),
             set(range(one % SLICES, n, SLICES)))[way]  # fmt: skip
    return which, ("all", "all", "one", "a frame", "a slice")[way]


def _set(ds: Dataset, name: str, value: object) -> None:
    """Set an element to what pydicom itself would refuse."""
    vr = pydicom.datadict.dictionary_VR(name)
    if value is None:
        ds.pop(pydicom.datadict.tag_for_keyword(name), None)
        return
    try:
        ds[name] = pydicom.DataElement(name, vr, value, validation_mode=pydicom.config.IGNORE)
    except Exception:  # a value that no element can hold
        text = str(value).encode("ascii", "replace")
        tag = pydicom.tag.Tag(name)
        ds[tag] = pydicom.dataelem.RawDataElement(tag, vr, len(text), text, 0, False, True)


def _tag(folder: Path, rng: Rng, names: tuple[str, ...], values: object) -> Written:
    name, value = str(one_of(rng, names)), one_of(rng, values)
    which, whom = _some(rng)
    path = _write(folder, lambda ds: _set(ds, name, value), which)
    return Written(path, f"{name} = {value!r} in {whom}", moving=bool(rng.integers(25) == 0))


def removed(folder: Path, rng: Rng) -> Written:
    """A tag is missing."""
    more = "PixelSpacing", "PixelData", "ImagePositionPatient", "ImageOrientationPatient"
    return _tag(folder, rng, (*_DECIMALS, *_WHOLE, *_SHORTS, *_TEXTS, *more), (None,))


def decimal(folder: Path, rng: Rng) -> Written:
    """A number in text is another, or none."""
    return _tag(folder, rng, _DECIMALS, _NUMBERS)


def whole(folder: Path, rng: Rng) -> Written:
    """A whole number in text is another, or none."""
    return _tag(folder, rng, _WHOLE, _NUMBERS)


def short(folder: Path, rng: Rng) -> Written:
    """Sizes and layouts of pixels are others."""
    return _tag(folder, rng, _SHORTS, (0, 1, 3, 8, 12, 15, 16, 28, 29, 32, 64, 512, 65535))


def text(folder: Path, rng: Rng) -> Written:
    """A text is another, empty, long, or of other letters."""
    return _tag(
        folder, rng, _TEXTS, ("", "X", "1.2.3", "A\\B", "é脑", "250000.1", "PHASE", "x" * 70)
    )


def echo_time(folder: Path, rng: Rng) -> Written:
    """An echo time of 1e-3 to 1e4 ms."""
    te = float(f"{10 ** rng.uniform(-3, 4):.4g}")
    path = _write(folder, lambda ds: _set(ds, "EchoTime", f"{te:g}"))
    nonsense = "" if 3 <= te <= 150 else "an echo time that no scanner has"
    return Written(path, f"TE {te:g} ms", nonsense)


def spacing(folder: Path, rng: Rng) -> Written:
    """Pixel spacings that are negative, tiny, huge, few or none."""
    values = ([-5.0, 5.0], [5.0, -5.0], [0, 5], [1e-20, 1e-20], [0.01, 0.01], [300, 300], [5.0], [],
              [5, 5, 5], ["nan", "5"], ["1e30", "1e30"])  # fmt: skip
    value = one_of(rng, values)
    which, whom = _some(rng)
    path = _write(folder, lambda ds: _set(ds, "PixelSpacing", [str(v) for v in value]), which)
    nonsense = "no size" if whom == "all" else ""
    return Written(path, f"PixelSpacing {value} in {whom}", nonsense)


def place(folder: Path, rng: Rng) -> Written:
    """Positions and orientations that are alike, far, skewed or no numbers."""
    name = str(one_of(rng, ("ImagePositionPatient", "ImageOrientationPatient")))
    count = 3 if name.startswith("ImageP") else 6
    values = [str(one_of(rng, (*_NUMBERS[:7], "1", "0.7"))) for _ in range(count)]
    which, whom = _some(rng)
    path = _write(folder, lambda ds: _set(ds, name, values), which)
    return Written(path, f"{name} {values} in {whom}", moving=bool(rng.integers(10) == 0))


def clocks(folder: Path, rng: Rng) -> Written:
    """Acquisition times of every file at random, backwards, alike or absurd."""
    way = int(rng.integers(4))
    count = iter(range(10_000))

    def change(ds: Dataset) -> None:
        n = next(count) // SLICES
        seconds = (rng.uniform(0, 86_400), 600 - 1.5 * n, 5.0, 1.5 * n * n)[way]
        clock = f"{int(seconds) // 3600:02d}{int(seconds) // 60 % 60:02d}{seconds % 60:09.6f}"
        _set(ds, "AcquisitionTime", clock)

    told = ("at random", "backwards", "all alike", "faster and faster")[way]
    return Written(_write(folder, change), f"acquisition times {told}",
                   "reversed in time" if way == 1 else "")  # fmt: skip


def files(folder: Path, rng: Rng) -> Written:
    """Files are missing, twice there, cut, empty, of other bytes, or flipped."""
    path = _write(folder, lambda ds: None, set())
    found = files_of(path)
    victims = [found[int(n)] for n in rng.integers(0, len(found), int(rng.integers(1, 4)))]
    way = int(rng.integers(6))
    for n, victim in enumerate(dict.fromkeys(victims)):
        content = victim.read_bytes()
        cut = int(rng.integers(len(content)))
        if way == 0:
            victim.unlink()
        elif way == 1:
            victim.with_name(f"again{n}.dcm").write_bytes(content)
        elif way == 2:
            victim.write_bytes(content[:cut])
        elif way == 3:
            victim.write_bytes(content[:132] + rng.bytes(len(content) - 132))
        elif way == 4:
            flipped = bytearray(content)
            for at in rng.integers(132, 900, 5):
                flipped[at] ^= int(rng.integers(1, 256))
            victim.write_bytes(flipped)
        else:
            victim.write_bytes(b"")
    told = ("missing", "twice", "cut", "noise", "flipped", "empty")[way]
    return Written(path, f"{len(victims)} files {told}")


def syntax(folder: Path, rng: Rng) -> Written:
    """A transfer syntax that is not that of the pixels."""
    name = str(one_of(rng, _SYNTAXES))
    path = _write(folder, lambda ds: None)
    old = b"1.2.840.10008.1.2.1\0"
    for file in files_of(path):
        content = file.read_bytes()
        file.write_bytes(content.replace(old, name.encode().ljust(20, b"\0")[:20], 1))
    return Written(path, f"transfer syntax '{name}'")


def pixels(folder: Path, rng: Rng) -> Written:
    """Pixels that are short, long, alike or of two values."""
    way = int(rng.integers(4))

    def change(ds: Dataset) -> None:
        content = ds.PixelData
        values = np.frombuffer(content, "<u2")
        ds.PixelData = (
            content[: len(content) // 2], content * 2, np.full_like(values, 9).tobytes(),
            (900 * (values > values.mean())).astype("<u2").tobytes(),
        )[way]  # fmt: skip

    told = ("short", "long", "constant", "of two values")[way]
    return Written(_write(folder, change), f"pixels {told}", "few values" if way > 1 else "")


DICOM = (removed, removed, decimal, decimal, whole, short, text, echo_time, echo_time, spacing,
         place, clocks, files, files, syntax, pixels)  # fmt: skip
