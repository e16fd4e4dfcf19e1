"""TLS with certificates from files."""

import ssl
from pathlib import Path
from typing import Any

from bolus.data import InputError


def client_context(ca: Path | None, cert: Path | None, key: Path | None) -> ssl.SSLContext:
    """TLS as a client that checks the server's certificate and name. Raises InputError."""
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH)
    if ca is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        _trust(context, ca)
    if cert is not None:
        _show(context, cert, key)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class _Server(ssl.SSLContext):
    """TLS that is agreed on when a caller first sends something.

    Where it is agreed on at once, whoever connects and sends nothing keeps all others waiting.
    """

    def wrap_socket(self, sock: Any, *arguments: Any, **more: Any) -> ssl.SSLSocket:
        """A connection over TLS, not agreed on yet."""
        more["do_handshake_on_connect"] = False
        return super().wrap_socket(sock, *arguments, **more)


def server_context(cert: Path, key: Path | None, ca: Path | None) -> ssl.SSLContext:
    """TLS as a server; with ``ca`` callers must show a certificate it signed. Raises InputError."""
    context = _Server(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    _show(context, cert, key)
    if ca is not None:
        _trust(context, ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _trust(context: ssl.SSLContext, ca: Path) -> None:
    try:
        context.load_verify_locations(cafile=ca)
    except OSError as error:  # ssl.SSLError is one
        raise InputError(f"{ca}: certificates in PEM format are expected ({error})") from error


def _show(context: ssl.SSLContext, cert: Path, key: Path | None) -> None:
    try:
        context.load_cert_chain(cert, key)
    except OSError as error:
        where = cert if key is None else f"{cert} and {key}"
        raise InputError(
            f"{where}: a certificate and its key in PEM format are expected ({error})"
        ) from error
