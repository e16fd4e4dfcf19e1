"""Output folders are there and whole, or as before; JSON is JSON."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bolus.base.files import write_bytes
from bolus.base.json import write_json
from bolus.data import InputError, OutputError
from bolus.io import check_output, output_folder, partial
from bolus.io.partial import LOCK

BOTH = pytest.mark.parametrize("attempt", ["check", "open"])


def tree(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*"))


def enter(attempt, path, overwrite=False):
    if attempt == "check":
        check_output(path, overwrite)
        return
    with output_folder(path, overwrite):
        pytest.fail("the block must not be entered")


def fill(folder, text="new"):
    write_json(folder / "summary.json", {"software": "bolus 0.1.0", "text": text})
    (folder / "maps").mkdir()
    (folder / "maps" / f"{text}.txt").write_text(text)


def run(path, event, overwrite=False):
    """Write a folder; before it is done, call ``event`` and raise what it gives."""
    with output_folder(path, overwrite) as folder:
        fill(folder)
        if (error := event()) is not None:
            raise error


@pytest.fixture
def out(tmp_path):
    return tmp_path / "OUT"


def test_folder_appears_only_at_the_end(out):
    with output_folder(out) as folder:
        assert folder.parent == out.parent
        assert folder.name.startswith(".OUT.partial-")
        fill(folder)
        assert not out.exists()
    assert tree(out.parent) == ["OUT", "OUT/maps", "OUT/maps/new.txt", "OUT/summary.json"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize("name", ["OUT", "a/b/OUT"])
def test_failed_run_leaves_nothing(tmp_path, error, name):
    with pytest.raises(error):
        run(tmp_path / name, error)
    assert tree(tmp_path) == []


def test_missing_parents_are_made(tmp_path):
    with output_folder(tmp_path / "a" / "b" / "OUT") as folder:
        fill(folder)
    assert (tmp_path / "a" / "b" / "OUT" / "summary.json").is_file()


@BOTH
def test_existing_folder_is_kept(out, attempt):
    out.mkdir()
    with pytest.raises(OutputError, match=r"exists.*--overwrite"):
        enter(attempt, out)


@BOTH
@pytest.mark.parametrize("summary", [None, "{broken", '["bolus"]', '{"software": "other 1.0"}'])
def test_folder_of_another_is_never_overwritten(out, attempt, summary):
    out.mkdir()
    (out / "thesis.txt").write_text("years of work")
    if summary is not None:
        (out / "summary.json").write_text(summary)
    before = tree(out)
    with pytest.raises(OutputError, match="bolus did not write it"):
        enter(attempt, out, overwrite=True)
    assert tree(out) == before


@BOTH
@pytest.mark.parametrize("overwrite", [False, True])
def test_file_is_never_overwritten(out, attempt, overwrite):
    out.write_text("a file")
    with pytest.raises(OutputError, match="file of this name"):
        enter(attempt, out, overwrite)
    assert out.read_text() == "a file"


def test_own_folder_is_replaced_as_a_whole(out):
    out.mkdir()
    fill(out, "old")
    with output_folder(out, overwrite=True) as folder:
        fill(folder)
        assert (out / "maps" / "old.txt").is_file()
    assert tree(out.parent) == ["OUT", "OUT/maps", "OUT/maps/new.txt", "OUT/summary.json"]


def test_what_is_kept_of_a_replaced_folder(out):
    out.mkdir()
    fill(out, "old")
    (out / "notes.txt").write_text("mine")
    (out / "drawn").mkdir()
    (out / "drawn" / "roi.txt").write_text("mine")
    with output_folder(out, overwrite=True, keep=("notes.txt", "drawn", "maps", "none")) as folder:
        fill(folder)
    own = ["OUT/drawn", "OUT/drawn/roi.txt", "OUT/notes.txt"]
    new = ["OUT/maps", "OUT/maps/new.txt", "OUT/summary.json"]
    assert tree(out.parent) == sorted(["OUT", *own, *new])


def test_nothing_is_replaced_when_something_cannot_be_kept(out, monkeypatch):
    def full(*arguments):
        raise OSError("no space left")

    out.mkdir()
    fill(out, "old")
    (out / "notes.txt").write_text("mine")
    before = tree(out)
    monkeypatch.setattr("shutil.copy2", full)
    with (
        pytest.raises(OutputError, match=r"notes\.txt: cannot be taken over"),
        output_folder(out, overwrite=True, keep=("notes.txt",)) as folder,
    ):
        fill(folder)
    assert tree(out) == before
    assert tree(out.parent) == sorted(["OUT", *(f"OUT/{name}" for name in before)])


def test_empty_folder_is_replaced(out):
    out.mkdir()
    with output_folder(out, overwrite=True) as folder:
        fill(folder)
    assert (out / "summary.json").is_file()


def test_failed_overwrite_keeps_the_old(out):
    out.mkdir()
    fill(out, "old")
    before = tree(out.parent)
    with pytest.raises(RuntimeError):
        run(out, RuntimeError, overwrite=True)
    assert tree(out.parent) == before


def test_old_folder_comes_back_when_the_new_cannot_move_in(out, monkeypatch):
    out.mkdir()
    fill(out, "old")
    before, rename = tree(out.parent), Path.rename

    def broken(self, target):
        if ".partial-" in self.name:
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", broken)
    with pytest.raises(OutputError, match="No space left"), output_folder(out, True) as folder:
        fill(folder)
    assert tree(out.parent) == before


def test_folder_made_meanwhile_is_kept(out):
    def meanwhile():
        out.mkdir()
        (out / "theirs.txt").write_text("theirs")
        return None

    with pytest.raises(OutputError, match="exists"):
        run(out, meanwhile)
    assert tree(out.parent) == ["OUT", "OUT/theirs.txt"]


@BOTH
def test_parent_that_is_a_file(tmp_path, attempt):
    (tmp_path / "file").write_text("a file")
    with pytest.raises(OutputError, match="not a folder"):
        enter(attempt, tmp_path / "file" / "OUT")


@BOTH
@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs /proc")
def test_parent_that_takes_no_files(attempt):
    with pytest.raises(OutputError, match="cannot be written"):
        enter(attempt, "/proc/OUT")


def test_check_creates_nothing(tmp_path):
    check_output(tmp_path / "a" / "OUT")
    check_output(tmp_path / "OUT")
    assert tree(tmp_path) == []


def test_link_to_a_folder_is_followed(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "disk")
    with output_folder(tmp_path / "link" / "OUT") as folder:
        fill(folder)
    assert (tmp_path / "disk" / "OUT" / "summary.json").is_file()


def test_json_keeps_order_and_letters(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, {"z": "κ/ρ", "a": np.float32(0.5), "n": [np.int64(3), None], "m": {"b": True}})
    text = path.read_text(encoding="utf-8")
    assert text.endswith("}\n")
    assert text.index('"z"') < text.index('"a"')
    assert "κ/ρ" in text
    assert '\n  "a": 0.5' in text
    assert json.loads(text) == {"z": "κ/ρ", "a": 0.5, "n": [3, None], "m": {"b": True}}


@pytest.mark.parametrize("value", [float("nan"), np.float32("inf"), {"a": [np.nan]}, object()])
def test_json_has_no_word_for_it(tmp_path, value):
    with pytest.raises(InputError, match="JSON"):
        write_json(tmp_path / "a.json", {"value": value})
    assert tree(tmp_path) == []


def test_broken_write_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def broken(self, content):
        with self.open("wb") as file:
            file.write(content[:2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", broken)
    with pytest.raises(OutputError, match="No space left"):
        write_bytes(path, b"new content")
    assert path.read_text() == "old"
    assert tree(tmp_path) == ["a.txt"]


POSIX = pytest.mark.skipif(os.name != "posix", reason="a lock that ends with its process")


@POSIX
@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_takes_a_folder(out, monkeypatch, number):
    """Lustre without flock, NFS without a lock daemon: one folder, and no other is judged."""

    def none(*arguments):
        raise OSError(number, os.strerror(number))

    (out.parent / ".OUT.partial-00c0ffee").mkdir()
    (out.parent / ".OUT.partial-00c0ffee" / LOCK).touch()
    monkeypatch.setattr("fcntl.flock", none)
    with output_folder(out) as folder:
        fill(folder)
        assert len(list(out.parent.glob(".OUT.partial-*"))) == 2
        assert not (folder / LOCK).exists(), "another machine, which has locks, would remove it"
    assert (out.parent / ".OUT.partial-00c0ffee").is_dir()
    assert tree(out) == ["maps", "maps/new.txt", "summary.json"]


@POSIX
def test_a_lock_that_cannot_be_had_ends(out, monkeypatch):
    def held(*arguments):
        raise BlockingIOError(errno.EWOULDBLOCK, "held")

    monkeypatch.setattr("fcntl.flock", held)
    with pytest.raises(OutputError, match="could be locked"), output_folder(out):
        pytest.fail("the block must not be entered")
    assert tree(out.parent) == []


@POSIX
def test_a_folder_is_removed_under_its_lock(tmp_path, monkeypatch):
    """Its maker, which has made it and not locked it yet, cannot have the lock meanwhile."""
    folder = tmp_path / ".OUT.partial-00c0ffee"
    folder.mkdir()
    had, remove = [], shutil.rmtree
    with (folder / LOCK).open("xb") as lock:

        def meanwhile(path, ignore_errors=False):
            had.append(partial._locked(lock))
            remove(path, ignore_errors)

        monkeypatch.setattr("shutil.rmtree", meanwhile)
        partial.remove_dead(tmp_path, ".OUT.partial-")
    assert had == [False]
    assert not folder.exists()


KILLED = """
import os, signal, sys
from bolus.io import output_folder
with output_folder(sys.argv[1]) as folder:
    (folder / "half.txt").write_text("half")
    print("ready", flush=True)
    sys.stdin.readline()
    os.kill(os.getpid(), signal.SIGKILL)
"""


@POSIX
def test_what_killed_runs_left_goes_and_what_others_make_stays(tmp_path):
    """Two runs are at work; one is killed; a third removes what it left and nothing else."""
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", KILLED, tmp_path / "OUT"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    try:
        for one in runs:
            assert one.stdout.readline() == "ready\n"
        foreign = [".OUT.partial-mine", ".OTHER.partial-00c0ffee", ".OUT.partial-00c0ffee"]
        for name in foreign:
            (tmp_path / name).mkdir()
        assert len(list(tmp_path.glob(".OUT.partial-*"))) == 4
        runs[0].communicate("\n")
        assert runs[0].returncode == -signal.SIGKILL
        assert len(list(tmp_path.glob(".OUT.partial-*/half.txt"))) == 2
        with output_folder(tmp_path / "OUT") as folder:
            fill(folder)
        assert len(list(tmp_path.glob(".OUT.partial-*/half.txt"))) == 1, "of the run that lives"
        assert all((tmp_path / name).is_dir() for name in foreign)
        assert tree(tmp_path / "OUT") == ["maps", "maps/new.txt", "summary.json"]
    finally:
        for one in runs:
            one.kill()
            one.communicate()
