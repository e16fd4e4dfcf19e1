"""DICOMweb as a client: STOW, QIDO and WADO."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bolus.base.extras import need
from bolus.data import InputError, NetworkError
from bolus.io.dicom.silence import no_remarks
from bolus.network.address import Keep, Refusal, WebAddress

if TYPE_CHECKING:
    from dicomweb_client import DICOMwebClient
    from pydicom.dataset import Dataset
else:
    Dataset = DICOMwebClient = Any  # imported with the first request

PATIENCE = (15.0, 120.0)
"""Seconds that a server has to take a connection, and to answer."""
_SHOWN = "ReferencedSOPSequence"
_FAILED = "FailedSOPSequence"


@contextmanager
def _client(web: WebAddress) -> Iterator[DICOMwebClient]:
    """Yield a client. Raises NetworkError for what goes wrong while it is used."""
    need("dicomweb_client", "DICOMweb")
    import requests
    from dicomweb_client import DICOMwebClient

    logging.getLogger("dicomweb_client").setLevel(logging.CRITICAL)  # it logs what is answered
    secret = web.secret()
    with requests.Session() as session:
        session.trust_env = False  # no proxy, and no password from a file, that nobody named
        session.verify = True if web.ca is None else str(web.ca)
        headers = {} if secret is None else {"Authorization": secret}
        client = DICOMwebClient(web.url, session=session, headers=headers, timeout=PATIENCE)
        client.set_http_retry_params(retry=False)
        try:
            with no_remarks():
                yield client
        except requests.HTTPError as error:
            code = "no code" if error.response is None else error.response.status_code
            raise NetworkError(f"{web.url}: answers with an error ({code})") from error
        except (requests.RequestException, OSError) as error:
            raise NetworkError(f"{web.url}: cannot be reached ({type(error).__name__})") from error


def stow(web: WebAddress, files: Sequence[Path]) -> list[Refusal]:
    """Store objects, each by a request of its own; what was not taken. Raises NetworkError."""
    import pydicom

    refused = []
    with _client(web) as client:
        for path in files:
            try:
                made = pydicom.dcmread(path)
            except (pydicom.errors.InvalidDicomError, ValueError) as error:
                raise InputError(f"{path}: a DICOM object is expected") from error
            answer = client.store_instances([made])
            if not answer.get(_SHOWN) or answer.get(_FAILED):
                refused.append(Refusal(path, "the server did not store it"))
    return refused


def qido(web: WebAddress, level: str, keys: Mapping[str, str]) -> Iterator[Dataset]:
    """Matches at the level STUDY or SERIES. Raises NetworkError."""
    from pydicom.dataset import Dataset

    study = keys.get("StudyInstanceUID") if level == "SERIES" else None
    filters = {k: v for k, v in keys.items() if v and not (study and k == "StudyInstanceUID")}
    wanted = [name for name, value in keys.items() if not value]
    with _client(web) as client:
        if level == "STUDY":
            found = client.search_for_studies(search_filters=filters, fields=wanted)
        else:
            found = client.search_for_series(study, search_filters=filters, fields=wanted)
    yield from (Dataset.from_json(one) for one in found)


def wado(web: WebAddress, study: str, series: str, keep: Keep) -> None:
    """Hand every object of a series to ``keep``. Raises NetworkError."""
    with _client(web) as client:
        for made in client.iter_series(study, series):
            keep(made)
