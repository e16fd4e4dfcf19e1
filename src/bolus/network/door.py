"""Where images come in: who may call, and how much of what."""

from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from threading import Lock

from bolus.data import InputError
from bolus.network.address import ae_title, check_port

MB, GB = 1_000_000, 1_000_000_000


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much is taken. Raises InputError for a limit that is not positive."""

    instance: float = 512.0
    """MB of one object; an association that sends more is aborted."""
    spool: float = 50.0
    """GB of images that wait; what comes past it is refused with status A700 (out of resources)."""
    rate: float | None = None
    """MB/s over all associations, by making senders wait; None: as fast as the disk."""
    associations: int = 10
    """Associations at a time; others are rejected."""

    def __post_init__(self) -> None:
        for name in ("instance", "spool", "rate", "associations"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise InputError(f"the limit '{name}' must be positive, found {value:g}")


@dataclass(frozen=True, kw_only=True)
class Door:
    """The address that is listened at, and who may call.

    ``callers`` are the AE titles that may call; without any, all may, which only a loopback
    address allows. With ``tls_cert`` and ``tls_key`` (PEM) nothing is taken but by TLS; with
    ``tls_ca``, too, callers must show a certificate that it signed. Raises InputError.
    """

    port: int
    host: str = "127.0.0.1"
    ae: str = "BOLUS"
    callers: tuple[str, ...] = ()
    tls_cert: Path | None = None
    tls_key: Path | None = None
    tls_ca: Path | None = None
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        check_port(self.port)
        for title in (self.ae, *self.callers):
            ae_title(title)
        if not self.callers and not is_loopback(self.host):
            raise InputError(
                f"{self.host} can be reached from other machines: name the AE titles that may "
                "call (--caller)"
            )
        if self.tls_cert is None and (self.tls_key or self.tls_ca):
            raise InputError("TLS needs a certificate of its own (--tls-cert)")


def is_loopback(host: str) -> bool:
    """Whether an address is one of this machine that no other reaches."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class Throttle:
    """Makes those that bring bytes wait, so that no more than ``rate`` bytes a second come in."""

    def __init__(
        self, rate: float | None, clock: Callable[[], float], sleep: Callable[[float], None]
    ) -> None:
        self._rate, self._clock, self._sleep = rate, clock, sleep
        self._free = clock()
        self._lock = Lock()

    def passed(self, size: int) -> None:
        """So many bytes have come; returns when the next may."""
        if self._rate is None:
            return
        with self._lock:
            now = self._clock()
            self._free = max(self._free, now) + size / self._rate
            wait = self._free - now
        self._sleep(wait)
