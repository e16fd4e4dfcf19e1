"""How many connections the viewer holds, so that it never runs out of open files.

At the limit of open files asyncio fails to accept, logs a traceback and tries again, for as long
as anyone asks; uvicorn's own ``limit_concurrency`` counts requests that have come, not sockets
that are open. So connections beyond a bound are closed as soon as they are made, and those that
say nothing do not stay.
"""

import asyncio
import os
from typing import Any

LARGEST = 64
"""Connections at a time: a browser opens six."""
BACKLOG = 16
"""Connections that may wait to be accepted, and that asyncio accepts in one go."""
PATIENCE = 20.0
"""Seconds in which a new connection must ask for something."""
RESERVE = 64
"""Open files that are kept for reading results, threads and the rest."""


def largest() -> int:
    """Connections that this process can hold: LARGEST, or what its limit of open files leaves."""
    try:
        import resource
    except ImportError:  # Windows, which knows no such limit
        return LARGEST
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return LARGEST
    return max(1, min(LARGEST, soft - _open_files() - RESERVE - BACKLOG))


def _open_files() -> int:
    """Files that this process holds open, as the number of the next one that it opens shows."""
    descriptor = os.open(os.devnull, os.O_RDONLY)
    os.close(descriptor)
    return descriptor


def bounded_protocol() -> type[asyncio.Protocol]:
    """Uvicorn's HTTP protocol that holds no more than ``largest()`` connections at a time."""
    from uvicorn.protocols.http.h11_impl import H11Protocol

    most = largest()

    class Bounded(H11Protocol):
        """HTTP of a connection that is closed at once where there are too many."""

        patience: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            if len(self.connections) > most:
                transport.abort()
                return
            self.patience = self.loop.call_later(PATIENCE, transport.abort)

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.cycle is not None:
                self._forget()

        def connection_lost(self, exc: Exception | None) -> None:
            self._forget()
            super().connection_lost(exc)

        def _forget(self) -> None:
            if self.patience is not None:
                self.patience.cancel()
                self.patience = None

    return Bounded
