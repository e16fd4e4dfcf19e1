"""Making the maps of one job, in a process of its own, so that its memory goes with it."""

import subprocess
import sys
from pathlib import Path
from threading import Lock
from typing import Protocol

from bolus.data import BolusError, InputError
from bolus.data.plausible import MIN_FRAMES
from bolus.io.dicom.study import read_study

SAID, ASKED = "maps.log", "options.toml"
"""What the process said, and its options, beside the record of its job."""
LONGEST = 65536
"""Bytes of it that are read."""


class StoppedError(BolusError):
    """Maps that were not finished since the listener ends."""


class Maps(Protocol):
    """What makes maps by ``options`` (TOML): a folder with DICOM objects in ``dicom``."""

    def __call__(self, images: Path, result: Path, options: str) -> None:
        """Make them. Raises InputError with the reason where none can be made."""
        ...


class ChildMaps:
    """``bolus maps --dicom`` in a process of its own, ended after ``timeout`` seconds."""

    def __init__(self, timeout: float = 3600.0) -> None:
        self._timeout = timeout
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False
        self._lock = Lock()

    def __call__(self, images: Path, result: Path, options: str) -> None:
        """Make maps. Raises InputError with what ``bolus maps`` said, StoppedError."""
        told, asked = images.parent / SAID, images.parent / ASKED
        asked.write_text(options, encoding="utf-8")
        command = [sys.executable, "-m", "bolus.network.child", "maps", str(images), "-o",
                   str(result), "--dicom", "--quiet", "--config", str(asked)]  # fmt: skip
        with told.open("wb") as said:
            with self._lock:
                if self._stopped:
                    raise StoppedError("the listener ends")
                self._process = subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said
                )
            code = self._wait(self._process)
        if self._stopped and code:
            raise StoppedError("the listener ends")
        if code:
            raise InputError(reason_of(code, told))

    def _wait(self, process: subprocess.Popen[bytes]) -> int:
        with process:
            try:
                return process.wait(self._timeout)
            except subprocess.TimeoutExpired as error:
                process.kill()
                raise InputError(
                    f"no maps within {self._timeout:g} s, after which they were given up"
                ) from error

    def stop(self) -> None:
        """End what is being made; nothing is made from now on."""
        with self._lock:
            self._stopped = True
            if self._process is not None:
                self._process.kill()


def reason_of(code: int, said: Path) -> str:
    """Why a process failed: its last line, with the name of its folder for the path to it."""
    if code < 0:
        return f"the process of bolus maps was ended by signal {-code}"
    text = said.read_bytes()[-LONGEST:].decode(errors="replace")
    lines = [line for line in text.replace(str(said.parent), said.parent.name).splitlines() if line]
    return (
        lines[-1].strip().removeprefix("bolus").lstrip(": ") if lines else ""
    ) or f"exit code {code}"


def why_not_dynamic(images: Path) -> str | None:
    """Why a series is not of the kind that maps are made of; None where it may be.

    Raises InputError for images that cannot be read.
    """
    found = read_study(images)
    if all(series.diffusion for series in found):
        return "a diffusion series"
    most = max(series.n_frames for series in found)
    if most < MIN_FRAMES:
        return f"no dynamic series: {most} frames at a slice, {MIN_FRAMES} are the fewest for maps"
    return None
