"""How a run reports: lines for steps, a log, the verdict; and how its help reads."""

import re

import numpy as np
import pytest
from typer.testing import CliRunner

from bolus.base.progress import Quiet, heard_by, listener
from bolus.cli import app, main
from bolus.cli.terminal import Lines, LogFile
from bolus.data import OutputError
from bolus.estimators.blocks import in_blocks


@pytest.fixture
def clock(monkeypatch):
    """Seconds that pass only when told to."""
    now = [100.0]
    monkeypatch.setattr("bolus.cli.terminal.time.monotonic", lambda: now[0])
    return now


@pytest.mark.parametrize("width", ["80", "160"])
def test_help_shows_options_in_groups_and_flags_plainly(width):
    runner = CliRunner(env={"COLUMNS": width, "TERM": "dumb", "NO_COLOR": "1"})
    text = runner.invoke(app, ["maps", "-h"]).output
    for panel in ("Output", "Method", "Corrections", "Stroke", "Many series at once", "Run"):
        assert f"─ {panel} ─" in text
    assert "<bool>" not in text
    assert "<list" not in text
    assert max(len(line) for line in text.splitlines()) == int(width)
    assert re.search(r"--anonymize\s+--no-anonymize", text)
    assert "bolus " in runner.invoke(app, ["-V"]).output
    for command in (["-h"], ["study", "-h"], ["simulate", "patient", "-h"], ["view", "-h"]):
        assert "<bool>" not in runner.invoke(app, command).output


def test_a_long_step_says_how_far_it_is_and_what_remains(clock):
    said = []
    lines = Lines(said.append)
    lines.step("deconvolving")
    for done, second in ((100, 101), (200, 102), (400, 104), (500, 105), (800, 108), (1000, 110)):
        clock[0] = float(second)
        lines.advance(done, 1000, "voxels")
    lines.step("writing")
    clock[0] = 111.0
    lines.finish()
    assert said == [
        "deconvolving, voxels: 40 %, about 6 s left",
        "deconvolving, voxels: 80 %, about 2 s left",
        "deconvolving: 10.0 s",
        "writing: 1.0 s",
    ]


def test_blocks_of_voxels_are_counted_to_who_listens():
    seen = []

    class Reporter(Quiet):
        def advance(self, done, total, label):
            seen.append((done, total, label))

    with heard_by(Reporter()):
        in_blocks(lambda rows: (rows,), np.zeros(25), size=10)
    assert seen == [(10, 25, "voxels"), (20, 25, "voxels"), (25, 25, "voxels")]
    in_blocks(lambda rows: (rows,), np.zeros(25), size=10)
    assert len(seen) == 3
    assert not isinstance(listener(), Reporter)


def test_a_log_names_no_input_and_a_place_that_is_none_is_refused(tmp_path):
    secret = tmp_path / "Mustermann_Erika" / "dsc.nii.gz"
    log = LogFile(tmp_path / "run.log", [secret])
    log(f"{secret}: is\nno file")
    log("again")
    lines = (tmp_path / "run.log").read_text().splitlines()
    assert [line.split(" ", 1)[1] for line in lines] == ["INPUT: is", "no file", "again"]
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d ", lines[0])
    with pytest.raises(OutputError, match="cannot be written"):
        LogFile(tmp_path / "none" / "run.log")("text")


def test_what_fails_is_in_the_log(tmp_path, capfd):
    secret = tmp_path / "Mustermann" / "nosuch.nii"
    with pytest.raises(SystemExit) as stop:
        main(["maps", str(secret), "-o", f"{tmp_path / 'o'}", "--log", f"{tmp_path / 'l.txt'}"])
    assert stop.value.code == 2
    text = (tmp_path / "l.txt").read_text()
    assert "failed: INPUT: no such file" in text
    assert "Mustermann" not in text
    assert "no such file" in capfd.readouterr().err
