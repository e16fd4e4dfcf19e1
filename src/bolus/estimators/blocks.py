"""Work through voxels in blocks that fit a processor's cache."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

BLOCK = 2048


def in_blocks(
    function: Callable[..., tuple[np.ndarray, ...]],
    *rows: np.ndarray,
    size: int = BLOCK,
    threads: int = 1,
) -> tuple[np.ndarray, ...]:
    """``function`` of ``size`` rows of every array at a time; each output joined again.

    Matrix products use all cores by themselves; ``threads`` is for work that is mostly elementwise.
    The result does not depend on it.
    """
    count = len(rows[0])
    if count <= size:
        return function(*rows)
    starts = range(0, count, size)

    def part(start: int) -> tuple[np.ndarray, ...]:
        return function(*(r[start : start + size] for r in rows))

    if threads == 1:
        parts = [part(start) for start in starts]
    else:
        with ThreadPoolExecutor(max_workers=threads) as pool:
            parts = list(pool.map(part, starts))
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))
