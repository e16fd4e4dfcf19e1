"""The process that the mutations run in: limited in memory and time, it may die.

``python -m fuzz.worker KIND SEED FIRST STOP`` prints one line of JSON before and after each case.
"""

import json
import resource
import signal
import sys
import tempfile
import time
import traceback
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from bolus.data import BolusError
from bolus.data.options import MotionCorrection, Preparation
from fuzz.case import Written
from fuzz.dicom import DICOM
from fuzz.nifti import NIFTI
from fuzz.sidecar import SIDECAR

KINDS = {"nifti": NIFTI, "sidecar": SIDECAR, "dicom": DICOM}
ADDRESSES = 6 << 30
"""Bytes of address space: what asks for more gets a MemoryError instead of the machine's swap."""
HANG = 30
"""Seconds of processor time of one case after which it counts as hanging."""
MOVING, SAVED = 12, 15
"""Every so-manieth case that is read corrects motion, or saves the whole result with its page."""


@dataclass(frozen=True)
class Outcome:
    """What became of a case: refused, read, nonsense, unnamed, or hang; seconds of processor."""

    case: int
    mutation: str
    change: str
    outcome: str
    told: str
    seconds: float
    megabytes: float


class HangError(Exception):
    """A case took more than HANG seconds of processor time."""


def _hang(signum: int, frame: object) -> None:
    raise HangError(f"more than {HANG} s")


def run(kind: str, seed: int, case: int) -> Outcome:
    """Mutate, and go the way of ``bolus maps``."""
    rng = np.random.default_rng([seed, sorted(KINDS).index(kind), case])
    mutate = KINDS[kind][case % len(KINDS[kind])]
    with tempfile.TemporaryDirectory(prefix="fuzz-") as name:
        written = mutate(Path(name), rng)
        start = _seconds()
        signal.setitimer(signal.ITIMER_PROF, HANG)
        try:
            outcome, told = _maps(written, Path(name), case)
        except BolusError as error:
            outcome, told = "refused", f"{type(error).__name__}: {error}"
        except HangError as error:
            outcome, told = "hang", str(error)
        except Exception as error:
            outcome, told = "unnamed", _where(error)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        return Outcome(
            case=case,
            mutation=f"{kind} {mutate.__name__}",
            change=written.change,
            outcome=outcome,
            told=told.replace(name, "")[:400],
            seconds=round(_seconds() - start, 3),
            megabytes=round(peak(), 1),
        )


def _maps(written: Written, folder: Path, case: int) -> tuple[str, str]:
    from bolus import perfusion_maps, read_series

    series = read_series(written.path, **(written.options or {}))
    motion = MotionCorrection() if written.moving or case % MOVING == 0 else None
    result = perfusion_maps(series, "osvd", preparation=Preparation(motion=motion))
    if case % SAVED == 0:
        result.save(folder / "out")
    if written.nonsense:
        return "nonsense", written.nonsense
    return ("nonsense", odd) if (odd := _odd(result)) else ("read", "")


def _odd(result: object) -> str:
    """What no map can be, whatever the input was."""
    names = ("cbf", "cbv", "mtt") if not result.relative else ("mtt",)
    highest = {"cbf": 2000.0, "cbv": 100.0, "mtt": 200.0}
    for name in names:
        values = result.volume(name)[result.mask]
        values = values[np.isfinite(values)]
        if values.size and not -highest[name] < np.median(values) < highest[name]:
            return f"median {name} {np.median(values):.3g}"
    return ""


def _where(error: Exception) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({Path(last.filename).name}:{last.lineno})"


def _seconds() -> float:
    times = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + times.ru_utime + times.ru_stime


def peak() -> float:
    """Largest memory so far in MB, of this process or of one it started."""
    own, other = (
        resource.getrusage(who).ru_maxrss
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return max(own, other) / 1024


def main(kind: str, seed: str, first: str, stop: str) -> None:
    """Run cases ``first`` to below ``stop``."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGPROF, _hang)
    for case in range(int(first), int(stop)):
        print(json.dumps({"begins": case}), flush=True)  # noqa: T201
        print(json.dumps(asdict(run(kind, int(seed), case))), flush=True)  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
