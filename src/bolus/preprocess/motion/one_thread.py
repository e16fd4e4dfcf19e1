"""ITK held to one thread a registration, whose sums then have one order."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_LOCK = Lock()
_HELD: list[int] = []
"""The number of threads before, once for every block that is open."""


@contextmanager
def one_itk_thread() -> Iterator[None]:
    """One thread for every ITK filter and metric that is made inside.

    A registration's own number of threads does not reach its metric; only the default of the
    process does. It is put back when the last of several blocks, in whatever threads, is left.
    """
    import SimpleITK as sitk  # noqa: N813

    with _LOCK:
        before = _HELD[0] if _HELD else sitk.ProcessObject.GetGlobalDefaultNumberOfThreads()
        _HELD.append(before)
        sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    try:
        yield
    finally:
        with _LOCK:
            _HELD.pop()
            if not _HELD:
                sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(before)
