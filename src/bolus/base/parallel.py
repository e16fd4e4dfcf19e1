"""Many patients at once: on the cores of this machine, or on a Dask cluster."""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from bolus.data.errors import InputError

if TYPE_CHECKING:
    from distributed import Client

R = TypeVar("R")
PATIENCE = 20
"""Seconds that a Dask scheduler has to answer."""
AHEAD = 2
"""Tasks a worker of a cluster has in hand: the one it does and the next."""


def cores() -> int:
    """Cores that this process may use."""
    usable = getattr(os, "sched_getaffinity", None)
    return len(usable(0)) if usable is not None else os.cpu_count() or 1


def run_all(
    function: Callable[..., R],
    tasks: Mapping[str, tuple[Any, ...]],
    *,
    jobs: int | None = None,
    dask: str | None = None,
) -> Iterator[tuple[str, R]]:
    """``function(*arguments)`` of every task, as each is done: its name and result.

    ``jobs`` local processes, each on one core where the system lets it choose (None: as many as
    there are cores; 1: in this process), or the cluster whose scheduler listens at the address
    ``dask``, with a file system that all its workers see. No more tasks are in flight than there
    are workers (on a cluster, AHEAD for each). ``function`` and arguments must be picklable. A
    task whose Dask worker dies is done again by another. What ``function`` raises is raised here.

    Raises InputError for less than one job, or a cluster that cannot be reached or whose scheduler
    is lost; what was handed back before stays good.
    """
    if jobs is not None and jobs < 1:
        raise InputError(f"at least one job is needed, found {jobs}")
    if dask is not None:
        yield from _on_cluster(function, tasks, dask)
        return
    wanted = min(cores() if jobs is None else jobs, max(1, len(tasks)))
    if wanted == 1:
        for name, arguments in tasks.items():
            yield name, function(*arguments)
        return
    yield from _on_cores(function, tasks, wanted)


def _on_cores(
    function: Callable[..., R], tasks: Mapping[str, tuple[Any, ...]], jobs: int
) -> Iterator[tuple[str, R]]:
    context = multiprocessing.get_context("spawn")
    places = context.Queue()
    for place in range(jobs):
        places.put(place)
    left = iter(tasks.items())
    with ProcessPoolExecutor(
        max_workers=jobs, mp_context=context, initializer=_settle, initargs=(places,)
    ) as pool:
        try:
            flying: dict[Future[R], str] = {}
            while True:
                while len(flying) < jobs and (task := next(left, None)) is not None:
                    flying[pool.submit(function, *task[1])] = task[0]
                if not flying:
                    return
                done, _ = wait(flying, return_when=FIRST_COMPLETED)
                for one in done:
                    yield flying.pop(one), one.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _settle(places: Any) -> None:
    """Take one core for this process, so that what it does is timed alone."""
    place = places.get()
    if hasattr(os, "sched_setaffinity"):
        usable = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {usable[place % len(usable)]})


def _on_cluster(
    function: Callable[..., R], tasks: Mapping[str, tuple[Any, ...]], address: str
) -> Iterator[tuple[str, R]]:
    with _client(address) as client:
        from distributed import as_completed
        from distributed.client import FutureCancelledError

        left = iter(tasks.items())
        names: dict[Any, str] = {}

        def send() -> Any:
            task = next(left, None)
            if task is None:
                return None
            future = client.submit(function, *task[1], pure=False)
            names[future.key] = task[0]
            return future

        at_once = AHEAD * max(1, sum(client.nthreads().values()))
        first = [future for _ in range(at_once) if (future := send()) is not None]
        arriving = as_completed(first, loop=client.loop)
        for future in arriving:
            try:
                result = future.result()
            except FutureCancelledError as error:
                raise InputError(
                    f"{address}: the Dask scheduler was lost before all {len(tasks)} tasks were "
                    "done; what is done is kept: start it again, and resume"
                ) from error
            yield names.pop(future.key), result
            future.release()
            following = send()
            if following is not None:
                arriving.add(following)


@contextmanager
def _client(address: str) -> "Iterator[Client]":
    try:
        from distributed import Client
    except ImportError as error:
        raise InputError("a Dask cluster needs dask: pip install 'bolus[dask]'") from error
    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise InputError(f"{address}: no Dask scheduler answers there ({error})") from error
    with client:
        yield client
