"""Files of a result, images beside each other."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from bolus.base.parallel import cores
from bolus.report.artifacts import Artifact, Image, Summary

AHEAD = 2
"""Images besides one a core that are made before the first of them is written."""


def written(found: Iterable[Artifact], place: Callable[[str], Path]) -> Iterator[Artifact]:
    """Write each at the ``place`` of its file, and hand it back when it is there; in order.

    Images are packed by as many threads as there are cores, while others are written. The summary,
    which makes a result whole, waits for all before it. What a payload raises is raised here.
    """
    going: deque[tuple[Future[None], Artifact]] = deque()
    with ThreadPoolExecutor(max_workers=cores()) as pool:
        for artifact in found:
            target, done = place(artifact.file), Future[None]()
            if isinstance(artifact.payload, Image):
                done = pool.submit(artifact.payload.write, target)
            else:
                if isinstance(artifact.payload, Summary):
                    yield from _done(going, 0)
                artifact.payload.write(target)
                done.set_result(None)
            going.append((done, artifact))
            yield from _done(going, cores() + AHEAD)
        yield from _done(going, 0)


def _done(going: deque[tuple[Future[None], Artifact]], left: int) -> Iterator[Artifact]:
    """The first ones, until no more than so many are left."""
    while len(going) > left:
        future, artifact = going.popleft()
        future.result()
        yield artifact
