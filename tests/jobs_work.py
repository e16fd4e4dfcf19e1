"""Work for the tests of jobs, importable by name in any process."""

import os
import time
from pathlib import Path

from bolus.data import InputError


def square(x):
    return x * x


def where(x):
    time.sleep(0.05)
    return os.getpid(), len(os.sched_getaffinity(0))


def refuse(folder, x):
    """Leaves a trace of every call, and raises at 3; what is larger takes a while."""
    with (Path(folder) / f"{x}").open("a") as trace:
        trace.write("x")
    if x == 3:
        raise InputError("three is refused")
    if x > 3:
        time.sleep(0.3)
    return x


def slow(folder, x):
    """Leaves its process id, then works for a while."""
    (Path(folder) / f"{x}-{os.getpid()}").touch()
    time.sleep(0.3)
    return x


def timed(folder, x):
    """Start and end of the call, by the clock of the machine."""
    start = time.monotonic()
    time.sleep(0.1)
    return start, time.monotonic()
