"""The viewer at its limit of open files: it says nothing, and answers when there is room again."""

import socket
import subprocess
import sys
import time

import pytest

resource = pytest.importorskip("resource")

FILES = 160
SERVER = f"""
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, ({FILES}, {FILES}))
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from bolus.viewer.serve import Viewer, listen
app = Starlette(routes=[Route("/", lambda request: PlainTextResponse("here"))])
app.state.token = "t"
viewer = Viewer(app, listen(0))
print(viewer.listener.getsockname()[1], flush=True)
viewer.run(browser=False)
"""


def connected(port, count):
    found = []
    for _ in range(count):
        one = socket.create_connection(("127.0.0.1", port), timeout=20)
        found.append(one)
    return found


def asked(port):
    with socket.create_connection(("127.0.0.1", port), timeout=20) as one:
        one.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        parts = []
        while part := one.recv(4096):
            parts.append(part)
        return b"".join(parts)


def is_closed(one):
    one.setblocking(False)
    try:
        return one.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def test_more_connections_than_open_files(tmp_path):
    with (tmp_path / "err").open("wb") as err:
        server = subprocess.Popen(
            [sys.executable, "-c", SERVER], stdout=subprocess.PIPE, stderr=err
        )
    try:
        port = int(server.stdout.readline())
        assert asked(port).endswith(b"here")
        held = connected(port, 2 * FILES)
        deadline = time.monotonic() + 60
        while sum(map(is_closed, held)) < FILES and time.monotonic() < deadline:
            time.sleep(0.05)
        kept = [one for one in held if not is_closed(one)]
        assert 5 <= len(kept) < FILES - 60
        for one in held:
            one.close()
        deadline = time.monotonic() + 60
        while not (answer := _try(port)) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert answer.endswith(b"here")
        assert (tmp_path / "err").stat().st_size < 1000, (tmp_path / "err").read_text()[:2000]
    finally:
        server.kill()
        server.communicate()


def _try(port):
    try:
        return asked(port)
    except ConnectionError:
        return b""
