"""Some frames of a multi-frame DICOM file."""

from collections.abc import Sequence
from pathlib import Path

from bolus.data import SeriesError
from bolus.io.dicom.silence import no_remarks


def write_some_frames(path: Path, target: Path, frames: Sequence[int]) -> None:
    """Write a copy of a multi-frame file that holds only the frames at some places, from 0.

    Pixels are copied as they are stored, compressed or not. Raises SeriesError where they are not
    as many as the header counts.
    """
    import pydicom
    from pydicom.encaps import encapsulate, generate_frames

    with no_remarks():
        ds = pydicom.dcmread(path)
        count, stored = int(ds.NumberOfFrames), bytes(ds.PixelData)
        if ds.file_meta.TransferSyntaxUID.is_compressed:
            images = list(generate_frames(stored, number_of_frames=count))
            ds.PixelData = encapsulate([images[n] for n in frames])
        else:
            size = ds.Rows * ds.Columns * ds.SamplesPerPixel * ds.BitsAllocated // 8
            if len(stored) < count * size:
                raise SeriesError(
                    f"{path}: {count} frames of {size} bytes are expected, found {len(stored)}"
                )
            ds.PixelData = b"".join(stored[n * size : (n + 1) * size] for n in frames)
        groups = ds.PerFrameFunctionalGroupsSequence
        ds.PerFrameFunctionalGroupsSequence = [groups[n] for n in frames]
        ds.NumberOfFrames = len(frames)
        ds.save_as(target)
