"""DIMSE as a client: C-FIND, C-GET, and C-MOVE to a listener of this process."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from bolus.data import NetworkError
from bolus.network.address import EntityAddress, Keep
from bolus.network.dimse import CONTEXTS, Context, association

if TYPE_CHECKING:
    from pydicom.dataset import Dataset
else:
    Dataset = Any  # pydicom is imported with the first object

FIND, MOVE, GET = (f"1.2.840.10008.5.1.4.1.2.2.{n}" for n in (1, 2, 3))
"""The study root of query and retrieve."""
_PENDING = (0xFF00, 0xFF01)
_SYNTAXES = ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.4.70",
             "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.5")  # fmt: skip
"""Encodings without loss: uncompressed, JPEG lossless, JPEG-LS, JPEG 2000, RLE."""
_FIRST = ("1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.4.1",
          "1.2.840.10008.5.1.4.1.1.4.4")  # fmt: skip
"""MR images: proposed before other objects, which an association has no room for all of."""


def find(entity: EntityAddress, level: str, keys: Mapping[str, str]) -> Iterator[Dataset]:
    """C-FIND. Raises NetworkError where nobody answers, or the peer refuses it."""
    with association(entity, [Context(FIND)]) as made:
        for status, match in _answers(made.send_c_find(_asked(level, keys), FIND), entity):
            if status in _PENDING and match is not None:
                yield match


def get(entity: EntityAddress, study: str, series: str, keep: Keep) -> None:
    """C-GET: the objects come over the same association. Raises NetworkError."""
    from pynetdicom import evt

    keys = {"StudyInstanceUID": study, "SeriesInstanceUID": series}
    contexts = [Context(GET), *_receiving()]
    with association(entity, contexts, [(evt.EVT_C_STORE, _kept(keep))]) as made:
        _moved(made.send_c_get(_asked("SERIES", keys), GET), entity)


def move(entity: EntityAddress, study: str, series: str, keep: Keep) -> None:
    """C-MOVE to ``entity.calling`` at ``entity.move_port``. Raises NetworkError."""
    from pynetdicom import AE, AllStoragePresentationContexts, evt

    own = AE(ae_title=entity.calling)
    own.require_called_aet, own.require_calling_aet = True, [entity.ae]
    for one in AllStoragePresentationContexts:
        own.add_supported_context(one.abstract_syntax, list(_SYNTAXES))
    keys = {"StudyInstanceUID": study, "SeriesInstanceUID": series}
    address = (entity.move_host, entity.move_port or 0)
    try:
        own.start_server(address, block=False, evt_handlers=[(evt.EVT_C_STORE, _kept(keep))])
    except OSError as error:
        raise NetworkError(f"{address[0]}:{address[1]}: cannot be listened at ({error})") from error
    try:
        with association(entity, [Context(MOVE)]) as made:
            _moved(made.send_c_move(_asked("SERIES", keys), entity.calling, MOVE), entity)
    finally:
        own.shutdown()


def _receiving() -> list[Context]:
    from pynetdicom import AllStoragePresentationContexts

    every = [str(one.abstract_syntax) for one in AllStoragePresentationContexts]
    results = [one for one in every if one not in _FIRST]
    named = [*_FIRST, *_results(), *results]
    chosen = list(dict.fromkeys(named))[: CONTEXTS - 2]
    return [Context(one, _SYNTAXES, received=True) for one in chosen]


def _results() -> tuple[str, ...]:
    """The kinds of objects that are written as results, and pictures."""
    from pynetdicom import sop_class

    names = ("ParametricMap", "Segmentation", "Comprehensive3DSR", "ComprehensiveSR", "EnhancedSR",
             "MultiFrameTrueColorSecondaryCaptureImage", "SecondaryCaptureImage")  # fmt: skip
    return tuple(str(getattr(sop_class, f"{name}Storage")) for name in names)


def _asked(level: str, keys: Mapping[str, str]) -> Dataset:
    from pydicom.dataset import Dataset

    asked = Dataset()
    asked.QueryRetrieveLevel = level
    for name, value in keys.items():
        setattr(asked, name, value)
    return asked


def _kept(keep: Keep) -> Any:
    """A handler of C-STORE that hands the object on, with the head of its file."""

    def handler(event: Any) -> int:
        made = event.dataset
        made.file_meta = event.file_meta
        keep(made)
        return 0

    return handler


def _answers(answers: Any, entity: EntityAddress) -> Iterator[tuple[int, Dataset | None]]:
    where = entity.where
    try:
        for status, match in answers:
            if "Status" not in status:
                raise NetworkError(f"{where}: gave no answer, or ended the association")
            code = int(status.Status)
            if code not in (0, *_PENDING):
                raise NetworkError(f"{where}: refuses the request (status {code:04X})")
            failed = int(getattr(status, "NumberOfFailedSuboperations", 0) or 0)
            if code == 0 and failed:
                raise NetworkError(f"{where}: could not send {failed} objects")
            yield code, match
    except (ValueError, RuntimeError) as error:
        raise NetworkError(f"{where}: does not take this kind of request") from error


def _moved(answers: Any, entity: EntityAddress) -> None:
    for _ in _answers(answers, entity):
        pass
