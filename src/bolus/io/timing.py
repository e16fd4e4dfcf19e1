"""Repetition and echo time: one rule for what is plausible and for which source wins.

Order: what the caller gives; then the BIDS sidecar; then the NIfTI header (repetition time only).
A sidecar and a header that disagree are an error, unless the header only holds a placeholder.
"""

import math
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np

from bolus.base.json import read_json
from bolus.data import SeriesError
from bolus.data.plausible import ECHO_TIME, REPETITION_TIME, Plausible

_PER_SECOND = {"sec": 1.0, "msec": 1e3, "usec": 1e6}


def checked_tr(value: object, origin: str) -> float:
    """The time between frames in s. Raises SeriesError outside REPETITION_TIME (milliseconds?)."""
    tr = _number(value, f"the repetition time {origin}")
    return _checked(tr, REPETITION_TIME, f"the repetition time {origin}", "--tr (tr= in Python)")


def checked_te(value: object, origin: str) -> float:
    """The echo time in s. Raises SeriesError outside ECHO_TIME (milliseconds?)."""
    te = _number(value, f"the echo time {origin}")
    return _checked(te, ECHO_TIME, f"the echo time {origin}", "--te (te= in Python)")


def _checked(value: float, plausible: Plausible, what: str, option: str) -> float:
    if not plausible.holds(value):
        raise SeriesError(
            f"{what} is {value:g}; seconds are expected, {plausible.range} "
            f"({plausible.origin}). Give the right one with {option}"
        )
    return value


def _number(value: object, what: str) -> float:
    if isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool):
        with suppress(OverflowError):  # a whole number with hundreds of digits
            if math.isfinite(number := float(value)):
                return number
    found = repr(value)
    shown = found if len(found) <= 60 else f"{found[:60]}…"
    raise SeriesError(f"{what} is {shown}; one number of seconds is expected")


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


def header_interval(step: float, unit: str | None) -> float | None:
    """The time between frames in s that a NIfTI header states, None where it states nothing.

    ``step`` is pixdim[4]. Nothing is: 0, a step that is no time (``unit`` None), a bare 1 without a
    unit (what many converters leave there), or a number without a unit that is no plausible count
    of seconds.
    """
    if unit is None or not np.isfinite(step) or step <= 0:
        return None
    if unit in _PER_SECOND:
        # The header holds 32-bit floats: 1.2 s comes back as 1.20000005.
        return float(f"{step / _PER_SECOND[unit]:.7g}")
    plausible = REPETITION_TIME.holds(step) and step != 1
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
