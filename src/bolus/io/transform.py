"""Rigid transforms as ITK's text files.

ITK's transform takes a place in the image that is resampled onto to the place in the one that is
resampled, in LPS. So the file of a series registered to an anatomy puts images of the series onto
the anatomy (ITK, ANTs, 3D Slicer), and takes the anatomy's places to the series'.
"""

import os
from pathlib import Path

import numpy as np
from jaxtyping import Float

from bolus.base.files import write_bytes
from bolus.data import InputError
from bolus.io.dicom.planes import TO_LPS

HEAD = "#Insight Transform File V1.0"
KIND = "AffineTransform_double_3_3"


def transform_text(to_anatomy: Float[np.ndarray, "4 4"]) -> str:
    """What the file of a transform holds; ``to_anatomy`` takes mm of the series (RAS) to mm."""
    back = np.linalg.inv(to_anatomy)
    turn, shift = TO_LPS @ back[:3, :3] @ TO_LPS, TO_LPS @ back[:3, 3]
    numbers = " ".join(f"{value:.17g}" for value in [*turn.ravel(), *shift])
    return (
        f"{HEAD}\n#Transform 0\nTransform: {KIND}\nParameters: {numbers}\nFixedParameters: 0 0 0\n"
    )


def write_transform(path: str | os.PathLike[str], to_anatomy: Float[np.ndarray, "4 4"]) -> None:
    """Write a transform of the series to an anatomy as ``.tfm``. Raises OutputError."""
    write_bytes(Path(path), transform_text(to_anatomy).encode())


def read_transform(path: str | os.PathLike[str]) -> Float[np.ndarray, "4 4"]:
    """The transform (RAS, mm of series to mm of anatomy) of a file ``write_transform`` made.

    Raises InputError for another file.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: a transform cannot be read ({error})") from error
    parts = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
    try:
        told = [float(word) for word in parts["Parameters"].split()]
        middle = [float(word) for word in parts["FixedParameters"].split()]
    except (KeyError, ValueError) as error:
        raise InputError(f"{path}: a transform of ITK as text is expected ({error})") from error
    if parts.get("Transform") != KIND or len(told) != 12 or middle != [0.0, 0.0, 0.0]:
        raise InputError(f"{path}: one {KIND} about 0 is expected, found {parts}")
    back = np.eye(4)
    back[:3, :3] = TO_LPS @ np.reshape(told[:9], (3, 3)) @ TO_LPS
    back[:3, 3] = TO_LPS @ np.array(told[9:])
    return np.asarray(np.linalg.inv(back))
