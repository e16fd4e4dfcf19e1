"""When a study is complete: a quiet time after its last image, once nobody is still sending it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock


@dataclass
class _Study:
    last: float
    senders: set[int] = field(default_factory=set)
    broken: bool = False


class Arrivals:
    """Studies that come in, by the name of their folder.

    A study is complete ``quiet`` seconds after its last image when every association that brought
    some of it has been released. Where one was cut off, or the listener was, its sender is given
    ``patience`` seconds to send the rest. ``clock`` gives seconds.
    """

    def __init__(self, quiet: float, patience: float, clock: Callable[[], float]) -> None:
        self._quiet, self._patience, self._clock = quiet, max(quiet, patience), clock
        self._studies: dict[str, _Study] = {}
        self._lock = Lock()

    def came(self, study: str, sender: int | None = None) -> None:
        """An image of a study is there; without a sender it was found at the start."""
        with self._lock:
            one = self._studies.setdefault(study, _Study(self._clock()))
            one.last = self._clock()
            if sender is None:
                one.broken = True
            else:
                one.senders.add(sender)

    def ended(self, sender: int, *, released: bool) -> None:
        """An association has ended, by release or otherwise."""
        with self._lock:
            for one in self._studies.values():
                if sender in one.senders:
                    one.senders.discard(sender)
                    one.broken, one.last = not released, self._clock()

    def only(self, alive: set[int]) -> None:
        """Take associations that are not among these for cut off."""
        with self._lock:
            gone = {one for study in self._studies.values() for one in study.senders} - alive
        for sender in gone:
            self.ended(sender, released=False)

    def claim(self) -> list[str]:
        """Hand out the studies that are complete, in the order in which they began.

        What comes in of one from now on is a study that begins anew.
        """
        with self._lock:
            now = self._clock()
            complete = [
                study
                for study, one in self._studies.items()
                if not one.senders
                and now - one.last >= (self._patience if one.broken else self._quiet)
            ]
            for study in complete:
                del self._studies[study]
            return complete

    def later(self, study: str) -> None:
        """Claim a study again after another quiet time."""
        with self._lock:
            self._studies.setdefault(study, _Study(self._clock()))
