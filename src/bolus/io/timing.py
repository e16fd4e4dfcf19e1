"""Repetition and echo time: one rule for what is plausible and for which source wins.

Order: what the caller gives; then the BIDS sidecar; then the NIfTI header (repetition time only).
A sidecar and a header that disagree are an error, unless the header only holds a placeholder.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from bolus.base.json import read_json
from bolus.data import SeriesError

TR_RANGE = (0.1, 20.0)
TE_MAX = 0.5
_PER_SECOND = {"sec": 1.0, "msec": 1e3, "usec": 1e6}


def checked_tr(value: object, origin: str) -> float:
    """The time between frames in s. Raises SeriesError outside 0.1 to 20 s (milliseconds?)."""
    tr = _number(value, f"the repetition time {origin}")
    if not TR_RANGE[0] <= tr <= TR_RANGE[1]:
        raise SeriesError(
            f"the repetition time {origin} is {tr:g}; seconds between frames are expected, "
            f"{TR_RANGE[0]:g} to {TR_RANGE[1]:g}. Give the right one with --tr (tr= in Python)"
        )
    return tr


def checked_te(value: object, origin: str) -> float:
    """The echo time in s. Raises SeriesError outside 0 to 0.5 s (milliseconds?)."""
    te = _number(value, f"the echo time {origin}")
    if not 0 < te <= TE_MAX:
        raise SeriesError(
            f"the echo time {origin} is {te:g}; seconds are expected, above 0 and up to "
            f"{TE_MAX:g}. Give the right one with --te (te= in Python)"
        )
    return te


def _number(value: object, what: str) -> float:
    real = isinstance(value, int | float | np.integer | np.floating)
    if not real or isinstance(value, bool) or not np.isfinite(value):  # type: ignore[call-overload]
        raise SeriesError(f"{what} is {value!r}; one number of seconds is expected")
    return float(value)  # type: ignore[arg-type]


def sidecar_path(path: Path) -> Path:
    """The BIDS sidecar that belongs to a ``.nii`` or ``.nii.gz``: same stem, ``.json``."""
    stem = path.name[: -len(".nii.gz")] if path.name.lower().endswith(".nii.gz") else path.stem
    return path.with_name(f"{stem}.json")


def read_sidecar(path: Path) -> Mapping[str, object]:
    """The sidecar of an image; empty where there is none. Raises SeriesError on broken JSON."""
    sidecar = sidecar_path(path)
    if not sidecar.is_file():
        return {}
    return read_json(sidecar, SeriesError)


def header_interval(step: float, unit: str) -> float | None:
    """The time between frames in s that a NIfTI header states, None where it states nothing.

    ``step`` is pixdim[4]. Nothing is: 0, a bare 1 without a unit (what many converters leave
    there), or a number without a unit that is no plausible count of seconds (0.2 to 10).
    """
    if not np.isfinite(step) or step <= 0:
        return None
    if unit in _PER_SECOND:
        # The header holds 32-bit floats: 1.2 s comes back as 1.20000005.
        return float(f"{step / _PER_SECOND[unit]:.7g}")
    plausible = 0.2 <= step <= 10 and step != 1
    return float(f"{step:.7g}") if plausible else None


def resolve_tr(
    given: float | None, sidecar: Mapping[str, object], header: float | None, path: Path
) -> float:
    """The time between frames in s: ``given``, else the sidecar's, else the header's.

    A header of exactly 1 s counts as a placeholder where the sidecar says otherwise. Raises
    SeriesError when nothing is known, or when sidecar and header differ by more than 1 %.
    """
    if given is not None:
        return checked_tr(given, "given")
    stated = sidecar.get("RepetitionTime")
    if stated is None:
        if header is None:
            raise SeriesError(
                f"{path}: neither a sidecar ({sidecar_path(path).name}) nor the header says the "
                "time between frames. Give it in seconds with --tr (tr= in Python)"
            )
        return checked_tr(header, f"in the header of {path}")
    tr = checked_tr(stated, f"in {sidecar_path(path)}")
    if header is not None and header != 1 and abs(header - tr) > 0.01 * tr:
        raise SeriesError(
            f"{path}: its sidecar says a repetition time of {tr:g} s, its header {header:g} s. "
            "Say which with --tr (tr= in Python)"
        )
    return tr


def resolve_te(given: float | None, sidecar: Mapping[str, object], path: Path) -> float | None:
    """The echo time in s: ``given``, else the sidecar's, else None. Raises SeriesError."""
    if given is not None:
        return checked_te(given, "given")
    stated = sidecar.get("EchoTime")
    return None if stated is None else checked_te(stated, f"in {sidecar_path(path)}")
