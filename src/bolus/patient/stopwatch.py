"""The seconds of every step."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from bolus.base.progress import QUIET, Reporter, heard_by


class Stopwatch:
    """Reports each step and keeps its time in seconds."""

    def __init__(self, reporter: Reporter = QUIET) -> None:
        self.seconds: dict[str, float] = {}
        self.reporter = reporter

    @contextmanager
    def __call__(self, step: str) -> Iterator[None]:
        """Time what is done within."""
        self.reporter.step(step)
        start = time.perf_counter()
        with heard_by(self.reporter):
            yield
        self.seconds[step] = self.seconds.get(step, 0.0) + time.perf_counter() - start
