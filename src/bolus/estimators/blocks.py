"""Work through voxels in blocks, on all cores."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import cache

import numpy as np
from threadpoolctl import ThreadpoolController

from bolus.base.parallel import cores
from bolus.base.progress import listener

BLOCK = 5120


def in_blocks(
    function: Callable[..., tuple[np.ndarray, ...]], *rows: np.ndarray, size: int = BLOCK
) -> tuple[np.ndarray, ...]:
    """``function`` of ``size`` rows of every array at a time; each output joined again.

    Blocks run side by side, one a core, and are counted to the ``listener``. Inside
    ``one_blas_thread`` the result does not depend on the number of cores.
    """
    count = len(rows[0])
    if count <= size:
        return function(*rows)
    starts, reporter = range(0, count, size), listener()
    with ThreadPoolExecutor(max_workers=cores()) as pool:
        parts = []
        for part in pool.map(lambda at: function(*(r[at : at + size] for r in rows)), starts):
            parts.append(part)
            reporter.advance(min(len(parts) * size, count), count, "voxels")
        return tuple(np.concatenate(column) for column in zip(*parts, strict=True))


def one_blas_thread() -> AbstractContextManager[object]:
    """Matrix products on one thread each: the cores are taken by blocks, and sums keep one order.

    A product split over threads rounds differently for every number of threads.
    """
    return _controller().limit(limits=1, user_api="blas")


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()
