"""The command: an address, a clean end, and one line for what cannot be shown."""

import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from bolus.cli import main
from bolus.data import InputError
from bolus.viewer import open_viewer, serve
from bolus.viewer.serve import _has_display


def test_an_address_that_works_once_and_a_clean_end(kept):
    command = [sys.executable, "-m", "bolus", "view", str(kept.root / "phae")]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_interruptible,
    ) as running:
        address = running.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:")
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        assert b"bolus view" in opener.open(address).read()
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(address)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=60)
    assert (running.returncode, out, err) == (0, "", "")


def _interruptible():
    """A shell ignores the interrupt for what it runs in the background."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def refused(arguments, capfd):
    with pytest.raises(SystemExit) as stop:
        main([*map(str, arguments), "--no-browser"])
    assert stop.value.code == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert len(err.strip().splitlines()) == 1
    return err


def test_no_result(tmp_path, capfd):
    assert "there is none of this name" in refused(["view", tmp_path / "x"], capfd)
    assert "no summary.json" in refused(["view", tmp_path], capfd)


def test_a_result_without_series(folder, capfd):
    (folder / "series.safetensors").unlink()
    assert "bolus maps writes it" in refused(["view", folder], capfd)


def test_a_port_in_use(kept, capfd):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        words = refused(["view", kept.root / "phae", "--port", port], capfd)
    assert f"port {port}" in words


def test_weights_that_are_not_there(kept, tmp_path, capfd):
    weights = ("--weights", tmp_path / "mine.safetensors")
    assert "no such file of weights" in refused(["view", kept.root / "phae", *weights], capfd)


def test_a_refused_result_gives_its_port_back(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    for _ in range(2):
        with pytest.raises(InputError, match="none of this name"):
            open_viewer(tmp_path / "x", port=port)


def test_only_this_machine_is_listened_to(kept):
    viewer = open_viewer(kept.root / "phae")
    with viewer.listener:
        assert viewer.listener.getsockname()[0] == "127.0.0.1"
        assert f":{viewer.listener.getsockname()[1]}/?token=" in viewer.address


def test_a_browser_is_opened_where_there_is_a_display(kept, monkeypatch):
    opened, said = [], []
    monkeypatch.setattr("webbrowser.open", opened.append)
    monkeypatch.setattr("uvicorn.Server.run", lambda self, sockets: None)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", ":0")
    serve(kept.root / "phae", say=said.append)
    assert opened == said
    monkeypatch.delenv("DISPLAY")
    assert not _has_display()
    serve(kept.root / "phae", say=said.append)
    serve(kept.root / "phae", say=said.append, browser=False)
    assert len(opened) == 1


def test_the_command_line_starts_without_a_server():
    heavy = ("numpy", "starlette", "uvicorn", "matplotlib")
    code = f"import bolus.cli, sys; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
