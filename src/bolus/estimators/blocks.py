"""Work through voxels in blocks that fit a processor's cache, on all cores."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

BLOCK = 1024


def in_blocks(
    function: Callable[..., tuple[np.ndarray, ...]], *rows: np.ndarray, size: int = BLOCK
) -> tuple[np.ndarray, ...]:
    """``function`` of ``size`` rows of every array at a time; each output joined again.

    The result does not depend on the number of threads.
    """
    count = len(rows[0])
    if count <= size:
        return function(*rows)
    starts = range(0, count, size)
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        parts = pool.map(lambda start: function(*(r[start : start + size] for r in rows)), starts)
        return tuple(np.concatenate(column) for column in zip(*parts, strict=True))
