"""A computation beside the page: one at a time, its steps reported as it goes."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bolus.base.progress import Quiet, Reporter
from bolus.data import BolusError

WRITING = "writing"
"""The step that is not broken off."""


class Stopped(Exception):  # noqa: N818  (nothing went wrong)
    """The viewer closes, so the computation ends."""


class BusyError(BolusError):
    """A computation is running already."""


@dataclass
class Job(Quiet):
    """Runs one piece of ``work`` in a thread; ``state`` is idle, running, done or failed."""

    state: str = "idle"
    problem: str | None = None
    _steps: list[tuple[str, float]] = field(default_factory=list)
    _ended: float = 0.0
    _progress: tuple[int, int, str] | None = None
    _thread: threading.Thread | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _closing: threading.Event = field(default_factory=threading.Event)

    def start(self, work: Callable[[Reporter], None]) -> None:
        """Run ``work``, which reports its steps here. Raises BusyError."""
        with self._lock:
            if self.state == "running":
                raise BusyError("a computation is running already; wait until it has ended")
            self.state, self.problem, self._steps = "running", None, []
            self._progress = None
            self._thread = threading.Thread(target=self._run, args=(work,), daemon=True)
        self._thread.start()

    def told(self) -> dict[str, object]:
        """State, steps with the seconds each has taken so far, and the problem if it failed.

        ``progress`` are parts done of the running step, all of them, and what is at hand.
        """
        steps, running = list(self._steps), self.state == "running"
        ends = [start for _, start in steps[1:]]
        ends.append(time.perf_counter() if running else self._ended)
        return {
            "state": self.state,
            "problem": self.problem,
            "progress": self._progress if running else None,
            "steps": [
                {"name": name, "seconds": end - start, "done": not running or n + 1 < len(steps)}
                for n, ((name, start), end) in enumerate(zip(steps, ends, strict=False))
            ],
        }

    def close(self) -> None:
        """Break off what runs at its next step; wait only where it is writing."""
        self._closing.set()
        writing = bool(self._steps) and self._steps[-1][0] == WRITING
        if self._thread is not None and self.state == "running" and writing:
            self._thread.join()

    def wait(self, seconds: float) -> None:
        """Wait until the work has ended, at most so long."""
        if self._thread is not None:
            self._thread.join(seconds)

    def step(self, name: str) -> None:
        """The next step begins. Raises Stopped where the viewer closes."""
        if self._closing.is_set():
            raise Stopped
        self._progress = None
        self._steps.append((name, time.perf_counter()))

    def advance(self, done: int, total: int, label: str) -> None:
        """Of the running step so many parts are done. Raises Stopped where the viewer closes."""
        if self._closing.is_set():
            raise Stopped
        self._progress = (done, total, label)

    def _run(self, work: Callable[[Reporter], None]) -> None:
        state = "failed"
        try:
            work(self)
            state = "done"
        except Stopped:
            self.problem = "broken off"
        except BolusError as error:
            self.problem = str(error)
        except BaseException:
            self.problem = "this is a bug in bolus: the terminal shows where"
            raise
        finally:
            self._ended, self.state = time.perf_counter(), state
