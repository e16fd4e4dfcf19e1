"""Sending results on, again and again where a destination is down, until it has them."""

import logging
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from bolus.data import InputError, NetworkError
from bolus.network.address import Refusal
from bolus.network.destination import Destination
from bolus.network.records import Arrival, Delivery, Job, read_job
from bolus.network.spool import Spool, objects_in

LOG = logging.getLogger("bolus.network")


@dataclass(frozen=True, kw_only=True)
class Backoff:
    """Seconds between attempts: ``first``, then twice as many each time, ``most`` in the end.

    A destination that answers, and refuses objects, is asked ``refusals`` times.
    """

    first: float = 1.0
    most: float = 300.0
    refusals: int = 5

    def __post_init__(self) -> None:
        if not 0 < self.first <= self.most or self.refusals < 1:
            raise InputError(
                f"seconds between attempts rise from above 0, found {self.first:g} and "
                f"{self.most:g}, with {self.refusals} refusals"
            )

    def seconds(self, attempts: int) -> float:
        """How long to wait after so many attempts."""
        return min(self.most, self.first * 2 ** min(attempts - 1, 30))


class Courier:
    """Brings results to one destination, in their order.

    Objects have the same UIDs and bytes at each attempt, so that what was sent before a kill and
    is sent again replaces itself. ``records`` is held while a record is changed.
    """

    def __init__(
        self,
        name: str,
        destination: Destination | None,
        spool: Spool,
        *,
        records: Lock,
        backoff: Backoff,
        clock: Callable[[], float],
    ) -> None:
        self.name, self._destination, self._spool = name, destination, spool
        self._records, self._backoff, self._clock = records, backoff, clock
        self._waiting: deque[str] = deque()
        self._refused: dict[str, float] = {}
        self._down, self._until = 0, 0.0
        self._adding = Lock()

    def add(self, job: str) -> None:
        """A job whose results are to be sent."""
        with self._adding:
            self._waiting.append(job)

    def step(self) -> bool:
        """Send the results of the next job that is due; False where none is. Raises OutputError."""
        now = self._clock()
        with self._adding:
            due = [job for job in self._waiting if self._refused.get(job, 0.0) <= now]
        job = due[0] if due and now >= self._until else None
        if job is None:
            return False
        try:
            refused = self._send(job)
        except NetworkError as error:
            self._down += 1
            pause = self._backoff.seconds(self._down)
            self._until = self._clock() + pause
            LOG.warning("%s: %s; again in %g s", self.name, error, pause)
            return False
        if self._down:
            LOG.info("%s: answers again", self.name)
        self._down = 0
        delivery = self._recorded(job, refused)
        if delivery.state is Arrival.WAITING:
            self._refused[job] = self._clock() + self._backoff.seconds(delivery.attempts)
        else:
            with self._adding:
                self._waiting.remove(job)
            self._refused.pop(job, None)
        return True

    def _send(self, job: str) -> list[Refusal]:
        if self._destination is None:
            raise NetworkError("no destination of this name is in the rule file")
        found = list(objects_in(self._spool.result(job)))
        if not found:
            return [Refusal(Path(job), "there are no DICOM objects in its results")]
        try:
            return list(self._destination.send(found))
        except NetworkError:
            raise
        except Exception as error:  # one bad result never stops the next
            known = isinstance(error, InputError)
            return [Refusal(found[0], str(error) if known else type(error).__name__)]

    def _recorded(self, name: str, refused: list[Refusal]) -> Delivery:
        with self._records:
            job = read_job(self._spool.job(name))
            before = job.destinations[self.name]
            attempts = before.attempts + 1
            if not refused:
                made = Delivery(state=Arrival.SENT, attempts=attempts)
                LOG.info("job %s: sent to %s", name, self.name)
            else:
                last = attempts >= self._backoff.refusals
                reason = f"{refused[0].path.name}: {refused[0].reason} ({len(refused)} objects)"
                state = Arrival.REFUSED if last else Arrival.WAITING
                made = Delivery(state=state, attempts=attempts, reason=reason)
                LOG.error("job %s: %s does not take %s%s", name, self.name, reason,
                          "; given up" if last else "")  # fmt: skip
            job.with_delivery(self.name, made).save(self._spool.job(name))
        return made


def given_out(job: Job, couriers: Mapping[str, Courier]) -> None:
    """Hand a job to the couriers of the destinations that wait for it."""
    for name, delivery in job.destinations.items():
        if delivery.state is Arrival.WAITING:
            couriers[name].add(job.name)
