"""Running the viewer on this machine, and nowhere else."""

import os
import socket
import sys
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette

from bolus.data import InputError
from bolus.estimators import Estimator
from bolus.estimators.phae import read_weights
from bolus.pipeline import Progress, method_name
from bolus.viewer.app import application
from bolus.viewer.load import read_view
from bolus.viewer.session import Session

HOST = "127.0.0.1"
PathLike = str | os.PathLike[str]


def viewer_app(
    folder: PathLike,
    *,
    weights: PathLike | None = None,
    method: Estimator | None = None,
    progress: Progress | None = None,
) -> Starlette:
    """The viewer of a folder that ``bolus maps`` wrote, as an ASGI application.

    ``weights`` is a file, for maps made with other weights than the package's; ``method`` an
    estimator that the summary cannot name. ``state.token`` of the application opens it, once, as
    ``/?token=…``.

    Raises InputError for a folder that holds no result or no series, WeightsError, MethodError.
    """
    given = None if weights is None else read_weights(weights)
    view, chosen = read_view(Path(folder), weights=given, method=method, progress=progress)
    name = view.maps.method if view.maps is not None else method_name(chosen)
    return application(Session(Path(folder).resolve(), view, chosen, name))


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
            self.app, log_level="error", ws="none", server_header=False, timeout_graceful_shutdown=2
        )
        with self.listener, suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[self.listener])


def open_viewer(
    folder: PathLike,
    *,
    port: int = 0,
    weights: PathLike | None = None,
    method: Estimator | None = None,
    progress: Progress | None = None,
) -> Viewer:
    """A viewer of a result, on ``port`` of 127.0.0.1 (0: a free one), ready to run.

    The other arguments and errors are ``viewer_app``'s; InputError, too, for a port in use.
    """
    listener = _listen(port)
    try:
        app = viewer_app(folder, weights=weights, method=method, progress=progress)
    except BaseException:
        listener.close()
        raise
    return Viewer(app, listener)


def serve(
    folder: PathLike,
    *,
    port: int = 0,
    browser: bool = True,
    weights: PathLike | None = None,
    method: Estimator | None = None,
    say: Callable[[str], None] = print,
) -> None:
    """Serve a viewer of a result on 127.0.0.1 until it is interrupted; ``say`` gets its address.

    The other arguments and errors are ``open_viewer``'s.
    """
    viewer = open_viewer(folder, port=port, weights=weights, method=method)
    say(viewer.address)
    viewer.run(browser=browser)


def _listen(port: int) -> socket.socket:
    """A socket of this machine alone that others have not taken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if os.name == "posix":  # elsewhere the option would let two servers share a port
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except (OSError, OverflowError) as error:
        listener.close()
        raise InputError(f"port {port} of {HOST} cannot be used ({error})") from error
    listener.listen()
    return listener


def _has_display() -> bool:
    if sys.platform in ("win32", "darwin"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
