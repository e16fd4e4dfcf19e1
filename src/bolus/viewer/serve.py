"""Running the viewer on this machine, and nowhere else."""

import os
import socket
import sys
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from starlette.applications import Starlette

from bolus.base.progress import QUIET, Reporter
from bolus.data import DSCSeries, InputError, Preparation
from bolus.data.options import USUAL
from bolus.estimators import Estimator, estimator
from bolus.estimators.phae import read_weights
from bolus.io import check_output
from bolus.io.bids.opened import result_folder
from bolus.patient import method_name, method_or_weights
from bolus.viewer.app import application
from bolus.viewer.begin import session_of_series
from bolus.viewer.connections import BACKLOG, bounded_protocol
from bolus.viewer.load import read_view
from bolus.viewer.session import Session

HOST = "127.0.0.1"
PathLike = str | os.PathLike[str]


def viewer_app(
    folder: PathLike,
    *,
    series: DSCSeries | None = None,
    mask: np.ndarray | PathLike | None = None,
    weights: PathLike | None = None,
    method: str | Estimator | None = None,
    preparation: Preparation = USUAL,
    reporter: Reporter = QUIET,
) -> Starlette:
    """The viewer of a folder that ``bolus maps`` wrote, as an ASGI application.

    ``folder`` may be a result in a BIDS dataset, too (``bolus.io.bids.opened``): then nothing in it
    is changed.

    ``weights`` is a file, for maps made with other weights than the package's; ``method`` an
    estimator that the summary cannot name. ``state.token`` of the application opens it, once, as
    ``/?token=…``.

    With a ``series`` there is no folder yet: it is made when arteries have been marked, by
    ``method`` (or that of the ``weights``; 'joint'). That is for a series in which they are not
    found. ``mask`` is the brain, None finds it; ``preparation`` is
    how the series is prepared.

    Raises InputError for a folder that holds no result or no series, WeightsError, MethodError;
    with a ``series``, its errors as ``bolus.perfusion_maps`` has them, and OutputError for a folder
    that exists.
    """
    folder = Path(folder).resolve()
    if series is None:
        given = None if weights is None else read_weights(weights)
        named = None if method is None else estimator(method)
        with result_folder(folder) as plain:
            view, made = read_view(plain, weights=given, method=named, reporter=reporter)
        name = method_name(made) if view.maps is None else view.maps.method
        return application(Session(folder, view, made, name, locked=plain != folder))
    check_output(folder)
    chosen = method_or_weights(method, weights)
    return application(
        session_of_series(folder, series, chosen, mask, preparation=preparation, reporter=reporter)
    )


@dataclass(frozen=True)
class Viewer:
    """A viewer that has loaded its result and holds its port; ``run`` serves it."""

    app: Starlette
    listener: socket.socket

    @property
    def address(self) -> str:
        """Where it is reached, with the token that opens it once."""
        return f"http://{HOST}:{self.listener.getsockname()[1]}/?token={self.app.state.token}"

    def run(self, *, browser: bool = True) -> None:
        """Serve until it is interrupted (Ctrl-C); ``browser`` opens it where there is a display."""
        import uvicorn

        if browser and _has_display():
            webbrowser.open(self.address)
        config = uvicorn.Config(
            self.app,
            http=bounded_protocol(),
            backlog=BACKLOG,
            log_level="error",
            ws="none",
            server_header=False,
            timeout_graceful_shutdown=2,
        )
        with self.listener, suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[self.listener])


def open_viewer(
    folder: PathLike,
    *,
    port: int = 0,
    series: DSCSeries | None = None,
    mask: np.ndarray | PathLike | None = None,
    weights: PathLike | None = None,
    method: str | Estimator | None = None,
    preparation: Preparation = USUAL,
    reporter: Reporter = QUIET,
) -> Viewer:
    """A viewer of a result, on ``port`` of 127.0.0.1 (0: a free one), ready to run.

    The other arguments and errors are ``viewer_app``'s; InputError, too, for a port in use.
    """
    listener = listen(port)
    try:
        app = viewer_app(
            folder,
            series=series,
            mask=mask,
            weights=weights,
            method=method,
            preparation=preparation,
            reporter=reporter,
        )
    except BaseException:
        listener.close()
        raise
    return Viewer(app, listener)


def serve(
    folder: PathLike,
    *,
    port: int = 0,
    browser: bool = True,
    series: DSCSeries | None = None,
    mask: np.ndarray | PathLike | None = None,
    weights: PathLike | None = None,
    method: str | Estimator | None = None,
    preparation: Preparation = USUAL,
    say: Callable[[str], None] = print,
) -> None:
    """Serve a viewer of a result on 127.0.0.1 until it is interrupted; ``say`` gets its address.

    The other arguments and errors are ``open_viewer``'s.
    """
    viewer = open_viewer(
        folder,
        port=port,
        series=series,
        mask=mask,
        weights=weights,
        method=method,
        preparation=preparation,
    )
    say(viewer.address)
    viewer.run(browser=browser)


def listen(port: int) -> socket.socket:
    """A socket of this machine alone that others have not taken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if os.name == "posix":  # elsewhere the option would let two servers share a port
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except (OSError, OverflowError) as error:
        listener.close()
        raise InputError(f"port {port} of {HOST} cannot be used ({error})") from error
    listener.listen(BACKLOG)
    return listener


def _has_display() -> bool:
    if sys.platform in ("win32", "darwin"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
