"""DIMSE as a client: associations, and C-STORE."""

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from bolus.base.extras import need
from bolus.data import InputError, NetworkError
from bolus.io.dicom.silence import no_remarks
from bolus.network.address import EntityAddress, Refusal

if TYPE_CHECKING:
    from pynetdicom.association import Association
else:
    Association = Any  # pynetdicom is imported with the first association

CONTEXTS = 128
"""Presentation contexts that an association may have."""
PATIENCE = 15.0
"""Seconds that a peer has to take a connection."""
ANSWER = 60.0
"""Seconds that it has to answer a message."""
_UNCOMPRESSED = ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2")


class Context(NamedTuple):
    """A SOP class that is proposed, its transfer syntaxes, and whether it is to be received."""

    sop_class: str
    syntaxes: tuple[str, ...] = _UNCOMPRESSED
    received: bool = False


def at_once(event: Any) -> None:
    """Small messages go at once over a connection that opened, instead of waiting for others.

    A peer that holds its acknowledgement back adds a twentieth of a second to each otherwise.
    """
    connection = event.assoc.dul.socket.socket
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


@contextmanager
def association(
    entity: EntityAddress, contexts: Sequence[Context], handlers: Sequence[tuple[Any, ...]] = ()
) -> Iterator[Association]:
    """Yield an association that is released when the block ends, or aborted where it raises.

    Raises NetworkError where nobody answers, or the peer refuses it.
    """
    need("pynetdicom", "DICOM over the network")
    from pynetdicom import AE, build_role, evt

    where = entity.where
    caller = AE(ae_title=entity.calling)
    caller.connection_timeout, caller.acse_timeout = PATIENCE, PATIENCE
    caller.dimse_timeout, caller.network_timeout = ANSWER, ANSWER
    for one in contexts:
        caller.add_requested_context(one.sop_class, list(one.syntaxes))
    roles = [build_role(one.sop_class, scp_role=True) for one in contexts if one.received]
    tls = entity.context()
    opened = (evt.EVT_CONN_OPEN, at_once)
    try:
        made = caller.associate(
            entity.host,
            entity.port,
            ae_title=entity.ae,
            ext_neg=roles,
            evt_handlers=[opened, *handlers],
            tls_args=None if tls is None else (tls, entity.host),
            max_pdu=0,
        )
    except OSError as error:
        raise NetworkError(f"{where}: cannot be reached ({error})") from error
    if not made.is_established:
        raise NetworkError(f"{where}: {_why_not(made, entity)}")
    try:
        yield made
    except BaseException:
        made.abort()
        raise
    if made.is_established:
        made.release()


def _why_not(made: Association, entity: EntityAddress) -> str:
    if made.is_rejected:
        said = getattr(made.acceptor.primitive, "reason_str", "") or "for no reason it names"
        return f"refuses the association ({said.lower()})"
    try:
        socket.create_connection((entity.host, entity.port), PATIENCE).close()
    except OSError as error:
        return f"cannot be reached ({error.strerror or error})"
    return "answers, but makes no association"


def kind_of(path: Path) -> Context:
    """The SOP class and transfer syntax of an object. Raises InputError for no DICOM object."""
    import pydicom

    try:
        with no_remarks():
            ds = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=["SOPClassUID"])
            syntax, sop_class = str(ds.file_meta.TransferSyntaxUID), str(ds.SOPClassUID)
    except (OSError, ValueError, AttributeError, pydicom.errors.InvalidDicomError) as error:
        raise InputError(f"{path}: a DICOM object is expected ({type(error).__name__})") from error
    own = (syntax, *(one for one in _UNCOMPRESSED if one != syntax))
    return Context(sop_class, own if syntax in _UNCOMPRESSED else (syntax,))


def store(entity: EntityAddress, files: Sequence[Path]) -> list[Refusal]:
    """Send objects by C-STORE; what was not taken.

    Raises InputError for a file that is none, NetworkError where the association fails.
    """
    kinds = list(dict.fromkeys(kind_of(path) for path in files))
    if len(kinds) > CONTEXTS:
        raise InputError(f"at most {CONTEXTS} kinds of objects go at once, found {len(kinds)}")
    with association(entity, kinds) as made:
        return [refusal for path in files if (refusal := _stored(made, entity, path)) is not None]


def _stored(made: Association, entity: EntityAddress, path: Path) -> Refusal | None:
    where = entity.where
    try:
        with no_remarks():
            status = made.send_c_store(path)
    except ValueError:
        return Refusal(path, "no presentation context for it was accepted")
    except RuntimeError as error:
        raise NetworkError(f"{where}: the association ended while objects were sent") from error
    if "Status" not in status:
        raise NetworkError(f"{where}: gave no answer to an object")
    code = int(status.Status)
    if code == 0 or code & 0xF000 == 0xB000:  # a warning: it was stored
        return None
    return Refusal(path, f"status {code:04X}")
