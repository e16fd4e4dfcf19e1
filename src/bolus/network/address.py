"""Where a peer on the network is, and how it is spoken to."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from bolus.base.extras import need
from bolus.data import InputError
from bolus.network.tls import client_context

if TYPE_CHECKING:
    from ssl import SSLContext

    from pydicom.dataset import Dataset
else:
    Dataset = Any  # pydicom is imported with the first object

LONGEST = 16
"""Letters of an AE title."""


class Refusal(NamedTuple):
    """An object that a destination did not take; ``reason`` names no patient."""

    path: Path
    reason: str


Keep = Callable[[Dataset], None]
"""What is done with an object that is fetched."""


def ae_title(text: str) -> str:
    """An AE title. Raises InputError for text that is none."""
    title = text.strip()
    if not 1 <= len(title) <= LONGEST or not title.isascii() or not title.isprintable():
        raise InputError(
            f"an AE title has 1 to {LONGEST} letters or digits of ASCII, found '{text}'"
        )
    if "\\" in title:
        raise InputError(f"an AE title holds no backslash, found '{text}'")
    return title


def check_port(port: int) -> int:
    """A port. Raises InputError for a number that is none."""
    if not 1 <= port <= 65535:
        raise InputError(f"a port is a number from 1 to 65535, found {port}")
    return port


@dataclass(frozen=True, kw_only=True)
class EntityAddress:
    """An application entity of DICOM.

    ``calling`` is the AE title that it sees; ``tls`` asks for TLS, with certificates that the
    system trusts, or those in the file ``tls_ca``, and shows ``tls_cert`` with ``tls_key`` where
    given. ``move_port`` asks for C-MOVE to a listener on that port, for the time of the transfer,
    instead of C-GET. Raises InputError.
    """

    ae: str
    host: str
    port: int
    calling: str = "BOLUS"
    tls: bool = False
    tls_ca: Path | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None
    move_port: int | None = None
    move_host: str = "127.0.0.1"

    def __post_init__(self) -> None:
        for title in (self.ae, self.calling):
            ae_title(title)
        check_port(self.port)
        if self.move_port is not None:
            check_port(self.move_port)
        if not self.tls and (self.tls_ca or self.tls_cert or self.tls_key):
            raise InputError(f"certificates are given for {self.ae}, but no TLS: tls = true")

    def check(self) -> None:
        """Raise InputError now where a certificate cannot be had later."""
        self.context()

    def context(self) -> "SSLContext | None":
        """TLS as a client, None without. Raises InputError for files that hold no certificates."""
        return client_context(self.tls_ca, self.tls_cert, self.tls_key) if self.tls else None

    @property
    def where(self) -> str:
        """As errors name it."""
        return f"{self.ae}@{self.host}:{self.port}"


@dataclass(frozen=True, kw_only=True)
class WebAddress:
    """A DICOMweb server, below a URL.

    ``authorization`` names the environment variable that holds the header of that name, as
    'Bearer …' or 'Basic …', so that no file holds a secret; ``ca`` is a file of certificates to
    trust. Raises InputError for a URL that is none, or no HTTP at all.
    """

    url: str
    authorization: str | None = None
    ca: Path | None = None

    def __post_init__(self) -> None:
        if not re.fullmatch(r"https?://[^\s/@]+(/\S*)?", self.url):
            raise InputError(
                f"a DICOMweb address is http(s)://HOST/PATH without name and password, found "
                f"'{self.url}'"
            )

    def check(self) -> None:
        """Raise InputError now where the secret, or the library, cannot be had later."""
        need("dicomweb_client", "DICOMweb")
        import_module("dicomweb_client")  # before any thread: two that import it at once may fail
        self.secret()

    def secret(self) -> str | None:
        """The header. Raises InputError where the variable is not set."""
        if self.authorization is None:
            return None
        value = os.environ.get(self.authorization)
        if not value:
            raise InputError(f"{self.url}: the variable {self.authorization} is not set")
        return value
