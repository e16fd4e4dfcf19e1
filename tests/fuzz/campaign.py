"""Many cases in a process of their own, and what came of them."""

import json
import os
import selectors
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from fuzz.worker import Outcome

SILENT = 600
"""Seconds of the clock without a word after which the worker is ended: on a busy machine 30 s of
processor time, which the worker itself counts, may take as long."""


@dataclass(frozen=True)
class Campaign:
    """What came of the cases of one kind."""

    kind: str
    seed: int
    outcomes: tuple[Outcome, ...]

    def of(self, *names: str) -> list[Outcome]:
        """The cases with one of some outcomes."""
        return [outcome for outcome in self.outcomes if outcome.outcome in names]

    @property
    def faults(self) -> list[Outcome]:
        """Cases that ended neither in maps that may be right nor in a named error."""
        return self.of("unnamed", "hang", "killed", "nonsense")

    @property
    def megabytes(self) -> float:
        """Largest memory of the worker or of a program it started."""
        return max((outcome.megabytes for outcome in self.outcomes), default=0.0)


def campaign(kind: str, count: int, seed: int = 0, kept: Path | None = None) -> Campaign:
    """Run ``count`` cases one after the other; a worker that dies is followed by another.

    Outcomes are added to the file ``kept``, a line each, and those in it are not made again.
    """
    outcomes = _read(kept)[:count]
    while len(outcomes) < count:
        before, begun = len(outcomes), -1
        for line in _lines(kind, seed, before, count):
            found = json.loads(line)
            if "begins" in found:
                begun = int(found["begins"])
                continue
            outcomes.append(Outcome(**found))
            _keep(kept, outcomes[-1])
        if begun < 0:
            raise RuntimeError(f"the worker of {kind} cannot start")
        if len(outcomes) < count and begun == len(outcomes):
            outcomes.append(Outcome(begun, f"{kind} ?", "?", "killed", "it died", 0.0, 0.0))
            _keep(kept, outcomes[-1])
    return Campaign(kind, seed, tuple(outcomes))


def _read(kept: Path | None) -> list[Outcome]:
    if kept is None or not kept.exists():
        return []
    return [Outcome(**json.loads(line)) for line in kept.read_text().splitlines()]


def _keep(kept: Path | None, outcome: Outcome) -> None:
    if kept is not None:
        with kept.open("a") as file:
            file.write(json.dumps(asdict(outcome)) + "\n")


def _lines(kind: str, seed: int, first: int, stop: int) -> Iterator[str]:
    """What a worker says, until it ends, dies, or says nothing for too long."""
    command = [sys.executable, "-m", "fuzz.worker", kind, str(seed), str(first), str(stop)]
    paths = [str(Path(__file__).resolve().parents[1]), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    quiet = subprocess.DEVNULL
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=quiet, env=environment) as worker,
        selectors.DefaultSelector() as ready,
    ):
        assert worker.stdout is not None
        ready.register(worker.stdout, selectors.EVENT_READ)
        rest = b""
        while ready.select(SILENT) and (part := os.read(worker.stdout.fileno(), 1 << 16)):
            *lines, rest = (rest + part).split(b"\n")
            yield from (line.decode() for line in lines)
        worker.kill()
