"""Where DICOM objects are sent to and fetched from: an application entity, or a DICOMweb URL."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from bolus.data import InputError
from bolus.network import dimse, query, web
from bolus.network.address import EntityAddress, Keep, Refusal, WebAddress, check_port

if TYPE_CHECKING:
    from pydicom.dataset import Dataset
else:
    Dataset = Any  # pydicom is imported with the first object

_ADDRESS = re.compile(r"(?P<ae>[^@:/]+)@(?P<host>[^@/]+):(?P<port>\d+)")


@runtime_checkable
class Destination(Protocol):
    """A peer on the network."""

    def send(self, files: Sequence[Path]) -> Sequence[Refusal]:
        """Send objects; what was not taken. Raises NetworkError where nobody answers."""
        ...

    def find(self, level: str, keys: Mapping[str, str]) -> Iterator[Dataset]:
        """Matches at the level STUDY or SERIES, by DICOM keyword. Raises NetworkError."""
        ...

    def fetch(self, study: str, series: str, keep: Keep) -> None:
        """Hand every object of a series to ``keep``. Raises NetworkError."""
        ...


@dataclass(frozen=True, kw_only=True)
class Entity(EntityAddress):
    """An application entity of DICOM: C-STORE, C-FIND, C-GET and C-MOVE."""

    def send(self, files: Sequence[Path]) -> Sequence[Refusal]:
        """C-STORE of every object, over one association."""
        return dimse.store(self, files)

    def find(self, level: str, keys: Mapping[str, str]) -> Iterator[Dataset]:
        """C-FIND in the study root."""
        return query.find(self, level, keys)

    def fetch(self, study: str, series: str, keep: Keep) -> None:
        """C-GET of a series, or C-MOVE to a listener of this process."""
        (query.get if self.move_port is None else query.move)(self, study, series, keep)


@dataclass(frozen=True, kw_only=True)
class Web(WebAddress):
    """A DICOMweb server: STOW, QIDO and WADO."""

    def send(self, files: Sequence[Path]) -> Sequence[Refusal]:
        """STOW of every object."""
        return web.stow(self, files)

    def find(self, level: str, keys: Mapping[str, str]) -> Iterator[Dataset]:
        """QIDO."""
        return web.qido(self, level, keys)

    def fetch(self, study: str, series: str, keep: Keep) -> None:
        """WADO."""
        web.wado(self, study, series, keep)


def destination_of(text: str, *, calling: str = "BOLUS") -> Entity | Web:
    """A destination from ``AE@HOST:PORT`` or a URL. Raises InputError for other text."""
    if re.match(r"https?://", text):
        return Web(url=text)
    found = _ADDRESS.fullmatch(text)
    if found is None:
        raise InputError(
            f"a destination is AE@HOST:PORT, http(s)://HOST/PATH, or a name in the rule file; "
            f"found '{text}'"
        )
    port = check_port(int(found["port"]))
    return Entity(ae=found["ae"], host=found["host"], port=port, calling=calling)
