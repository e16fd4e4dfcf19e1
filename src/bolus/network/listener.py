"""The listener: takes series, makes their maps and sends them on, until it is stopped."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock, Thread
from types import TracebackType

from bolus.data import BolusError, InputError
from bolus.network import durable
from bolus.network.address import EntityAddress, WebAddress
from bolus.network.arrivals import Arrivals
from bolus.network.courier import Backoff, Courier, given_out
from bolus.network.door import GB, Door
from bolus.network.lock import Owned
from bolus.network.records import read_job
from bolus.network.rules import Rules
from bolus.network.server import Server
from bolus.network.spool import Spool
from bolus.network.station import Station
from bolus.network.work import ChildMaps, StoppedError

LOG = logging.getLogger("bolus.network")
TICK = 0.1
"""Seconds between looks at what there is to do."""
PATIENCE = 10.0
"""Seconds that a step may take to end when the listener is stopped."""
PAUSE = 5.0
"""Seconds before another look where the disk did not take something."""


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Waits and limits in seconds. Raises InputError for those that are not positive."""

    quiet: float = 3.0
    """After the last image of a study, before it is taken for complete."""
    patience: float = 60.0
    """The same where its association, or the listener, was cut off: the sender may try again."""
    maps: float = 3600.0
    """The most that the maps of one series may take."""
    backoff: Backoff = field(default_factory=Backoff)

    def __post_init__(self) -> None:
        for name in ("quiet", "patience", "maps"):
            if not getattr(self, name) > 0:
                raise InputError(f"seconds of '{name}' must be positive, found "
                                 f"{getattr(self, name):g}")  # fmt: skip


class Listener:
    """Listens at a door while its block runs; what it does not finish it goes on with next time.

    ``folder`` is made where there is none; one listener at a time has it. ``keep`` leaves images on
    disk whose maps are made. Raises InputError for options that ``bolus maps`` does not take, and
    for certificates and secrets of destinations that cannot be had, NetworkError, OutputError.
    """

    def __init__(
        self,
        folder: Path,
        rules: Rules,
        door: Door,
        *,
        timing: Timing | None = None,
        keep: bool = False,
    ) -> None:
        for destination in rules.destinations.values():
            if isinstance(destination, EntityAddress | WebAddress):
                destination.check()
        timing = timing or Timing()
        self._folder, self._rules = Path(folder), rules
        self._maps = ChildMaps(timing.maps)
        arrivals = Arrivals(timing.quiet, timing.patience, time.monotonic)
        spool = Spool(self._folder.resolve(), int(door.limits.spool * GB))
        self._station = Station(spool, rules, arrivals, maps=self._maps, keep=keep)
        self._server = Server(door, self._station.receive, arrivals.ended)
        self._arrivals, self._spool, self._backoff = arrivals, spool, timing.backoff
        self._couriers: dict[str, Courier] = {}
        self._records, self._stopping = Lock(), Event()
        self._threads: list[Thread] = []
        self._owned: Owned | None = None

    def __enter__(self) -> "Listener":
        for rule in self._rules.rules:
            rule.check()
        durable.make(self._folder)
        self._owned = Owned(self._folder)
        try:
            self._station.recover()
            self._begin()
            self._server.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _begin(self) -> None:
        for name in self._rules.destinations:
            self._courier(name)
        self._run("settle", self._settle)
        self._run("maps", self._station.work)

    def _courier(self, name: str) -> Courier:
        """The courier of a destination, begun with the first job for it."""
        if name not in self._couriers:
            made = Courier(
                name,
                self._rules.destinations.get(name),
                self._spool,
                records=self._records,
                backoff=self._backoff,
                clock=time.monotonic,
            )
            self._couriers[name] = made
            self._run(f"to {name}", made.step)
        return self._couriers[name]

    def _settle(self) -> bool:
        self._arrivals.only(self._server.alive())
        self._station.settle()
        while self._station.finished:
            job = read_job(self._spool.job(self._station.finished.popleft()))
            given_out(job, {name: self._courier(name) for name in job.destinations})
        return False

    def _run(self, name: str, step: Callable[[], bool]) -> None:
        """Take a step again and again in a thread of its own."""

        def loop() -> None:
            while not self._stopping.is_set():
                pause = TICK
                try:
                    pause = 0.0 if step() else TICK
                except StoppedError:
                    return
                except BolusError as error:
                    LOG.error("%s: %s; tried again in %g s", name, error, PAUSE)
                    pause = PAUSE
                except Exception as error:  # a bug in one step: the others, and the next, go on
                    LOG.error("%s: %s; tried again in %g s", name, type(error).__name__, PAUSE,
                              exc_info=LOG.isEnabledFor(logging.DEBUG))  # fmt: skip
                    pause = PAUSE
                self._stopping.wait(pause)

        thread = Thread(target=loop, name=f"bolus {name}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def stop(self) -> None:
        """Take nothing more, end what is being made, and let go of the folder."""
        self._stopping.set()
        self._server.stop()
        self._maps.stop()
        for thread in self._threads:
            thread.join(PATIENCE)
        if self._owned is not None:
            self._owned.let_go()


def listen(
    folder: Path,
    rules: Rules,
    door: Door,
    *,
    timing: Timing | None = None,
    keep: bool = False,
    until: Event | None = None,
) -> None:
    """Listen until ``until`` is set, or for ever; see ``Listener``."""
    with Listener(folder, rules, door, timing=timing, keep=keep):
        LOG.info("%s listens at %s:%d", door.ae, door.host, door.port)
        (until or Event()).wait()
    LOG.info("stopped; what is not finished goes on with the next start")
