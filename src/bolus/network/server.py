"""DIMSE as a server: C-STORE and C-ECHO, with the limits of a door."""

import logging
import time
from collections import Counter
from collections.abc import Callable
from importlib import import_module
from io import BytesIO
from typing import TYPE_CHECKING, Any

from bolus.base.extras import need
from bolus.data import InputError, NetworkError, OutputError
from bolus.network.door import MB, Door, Throttle
from bolus.network.header import Header, read_header

if TYPE_CHECKING:
    from pynetdicom import AE
    from pynetdicom.events import Event
    from pynetdicom.transport import ThreadedAssociationServer
else:
    AE = Event = ThreadedAssociationServer = Any  # pynetdicom is imported with the first server

LOG = logging.getLogger("bolus.network")
SUCCESS, OUT_OF_RESOURCES, MISMATCH, NOT_UNDERSTOOD = 0x0000, 0xA700, 0xA900, 0xC000
IDLE = 60.0
"""Seconds without a message after which an association is aborted."""
_SPARE = 65536
"""Bytes of an object's message that are not the object."""
_PDU = 131072

_SYNTAXES = ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.2",
             *(f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 57, 70, 80, 81, 90, 91)),
             "1.2.840.10008.1.2.5")  # fmt: skip
"""Encodings of images: uncompressed, JPEG, JPEG-LS, JPEG 2000 and RLE."""

Receive = Callable[[Header, bytes, int], None]
"""What is done with an object: it is on disk when this returns. Raises OutputError."""
Ended = Callable[..., None]


class Server:
    """Takes objects at a door and hands each to ``receive``; Success is told when that returns.

    ``ended(association, released=…)`` is called where one was released or aborted.
    """

    def __init__(self, door: Door, receive: Receive, ended: Ended) -> None:
        need("pynetdicom", "DICOM over the network")
        import_module("pynetdicom")  # before any thread: two that import it at once may both fail
        self._door, self._receive, self._ended = door, receive, ended
        self._most = int(door.limits.instance * MB)
        rate = door.limits.rate
        self._throttle = Throttle(None if rate is None else rate * MB, time.monotonic, time.sleep)
        self._coming: Counter[int] = Counter()
        self._server: ThreadedAssociationServer | None = None
        self._entity: AE | None = None

    def start(self) -> None:
        """Listen. Raises NetworkError where the port cannot be had, InputError for bad files."""
        from pynetdicom import evt

        from bolus.network.tls import server_context

        door = self._door
        tls = None
        if door.tls_cert is not None:
            tls = server_context(door.tls_cert, door.tls_key, door.tls_ca)
        self._entity = _entity(door)
        handlers = [
            (evt.EVT_C_STORE, self._store),
            (evt.EVT_DATA_RECV, self._count),
            (evt.EVT_RELEASED, self._over, [True]),
            (evt.EVT_ABORTED, self._over, [False]),
        ]
        try:
            self._server = self._entity.start_server(
                (door.host, door.port), block=False, evt_handlers=handlers, ssl_context=tls
            )
        except OSError as error:
            raise NetworkError(
                f"{door.host}:{door.port}: cannot be listened at ({error.strerror or error})"
            ) from error

    def alive(self) -> set[int]:
        """The associations that there are."""
        return {id(one) for one in self._entity.active_associations} if self._entity else set()

    def stop(self) -> None:
        """Abort what there is, and listen no more."""
        if self._entity is not None:
            self._entity.shutdown()

    def _count(self, event: Event) -> None:
        """Bytes that came since the last object was whole; too many end the association."""
        sender = id(event.assoc)
        self._coming[sender] += len(event.data)
        if self._coming[sender] > self._most + _SPARE:
            LOG.error("an object of over %g MB is not taken: association aborted",
                      self._door.limits.instance)  # fmt: skip
            event.assoc.abort()

    def _over(self, event: Event, released: bool) -> None:
        self._coming.pop(id(event.assoc), None)
        self._ended(id(event.assoc), released=released)

    def _store(self, event: Event) -> int:
        sender = id(event.assoc)
        self._coming.pop(sender, None)
        content = event.encoded_dataset()
        if len(content) > self._most:  # it was whole before the abort came through
            return OUT_OF_RESOURCES
        try:
            header = read_header(BytesIO(content))
        except InputError as error:
            LOG.error("refused: %s", error)
            return NOT_UNDERSTOOD
        if header.instance != str(event.request.AffectedSOPInstanceUID):
            LOG.error("refused: an object whose UID is not the one that was announced")
            return MISMATCH
        try:
            self._receive(header, content, sender)
        except OutputError as error:
            LOG.error("refused: %s", error)
            return OUT_OF_RESOURCES
        self._throttle.passed(len(content))
        return SUCCESS


def _entity(door: Door) -> AE:
    from pynetdicom import AE, AllStoragePresentationContexts
    from pynetdicom.sop_class import Verification

    made = AE(ae_title=door.ae)
    made.require_called_aet = True
    made.require_calling_aet = list(door.callers)
    made.maximum_associations = door.limits.associations
    made.maximum_pdu_size = _PDU
    made.network_timeout = made.acse_timeout = made.dimse_timeout = IDLE
    made.add_supported_context(Verification)
    for one in AllStoragePresentationContexts:
        made.add_supported_context(one.abstract_syntax, list(_SYNTAXES))
    return made
