"""Ways into a viewer: a client without a browser, and a server for a real one."""

import threading
import time
import warnings
from contextlib import contextmanager

import uvicorn

from bolus.viewer import open_viewer

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # that it prefers another client
    from starlette.testclient import TestClient

BASE = "http://127.0.0.1:8123"
JUMPS = (30, 40)
"""Frames of the result 'jumping' that are flagged."""


def client_of(app, **options):
    """A client that has shown nothing yet."""
    return TestClient(app, base_url=BASE, headers={"Origin": BASE}, **options)


def let_in(app):
    """A client that has shown the token."""
    client = client_of(app)
    answer = client.get("/", params={"token": app.state.token})
    assert answer.status_code == 200
    return client


@contextmanager
def running(folder, **options):
    """The viewer served as it is for people: (application, address with its token)."""
    with served(open_viewer(folder, **options)) as found:
        yield found


@contextmanager
def served(viewer):
    """A page served as it is for people: (application, address with its token)."""
    server = uvicorn.Server(uvicorn.Config(viewer.app, log_level="error", ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [viewer.listener]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield viewer.app, viewer.address
    finally:
        server.should_exit = True
        thread.join()
        viewer.listener.close()
