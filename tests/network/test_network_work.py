"""Maps in a process of its own, one listener a folder, and the command line with a rule file."""

import subprocess
import sys
from pathlib import Path

import pytest
import typer
from dicom_writers import Protocol, phantom, write_classic
from network_cases import free_port, instance, write_instances

from bolus.base import extras
from bolus.cli import app
from bolus.data import InputError, OutputError
from bolus.network import Door, Entity, Listener, Rule, Rules, Timing, Web, read_rules, send
from bolus.network.child import ORPHANED
from bolus.network.lock import Owned
from bolus.network.work import ChildMaps, StoppedError, reason_of, why_not_dynamic

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "rules.toml"
RULES = Rules(rules=(Rule(name="all"),))


def test_what_maps_said_is_the_reason(tmp_path):
    images = tmp_path / "job" / "images"
    images.mkdir(parents=True)
    with pytest.raises(InputError) as error:
        ChildMaps()(images, tmp_path / "job" / "attempt", 'method = "osvd"')
    assert str(error.value) == "job/images: holds no DICOM MR images, among 0 files in it"
    assert not (tmp_path / "job" / "attempt").exists()


def test_reasons_of_processes_that_say_nothing(tmp_path):
    said = tmp_path / "maps.log"
    said.write_text("")
    assert reason_of(-9, said) == "the process of bolus maps was ended by signal 9"
    assert reason_of(3, said) == "exit code 3"
    said.write_text("Traceback\n  at work\nValueError: odd\n\n")
    assert reason_of(1, said) == "ValueError: odd"


def test_maps_that_take_too_long_are_given_up(tmp_path):
    with pytest.raises(InputError, match=r"no maps within 0\.05 s"):
        ChildMaps(0.05)(tmp_path / "images", tmp_path / "out", "")


def test_nothing_is_made_once_the_listener_ends(tmp_path):
    maps = ChildMaps()
    maps.stop()
    with pytest.raises(StoppedError):
        maps(tmp_path / "images", tmp_path / "out", "")


def test_the_process_ends_with_its_listener():
    command = [sys.executable, "-m", "bolus.network.child", "bench"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        process.stdin.close()
        assert process.wait(60) == ORPHANED


def test_series_that_no_maps_are_made_of(tmp_path):
    write_classic(tmp_path / "few", phantom((8, 8, 2), 3))
    assert why_not_dynamic(tmp_path / "few").startswith("no dynamic series: 3 frames")
    write_classic(tmp_path / "dwi", phantom((8, 8, 1), 20), Protocol(b_value=1000))
    assert why_not_dynamic(tmp_path / "dwi") == "a diffusion series"
    write_classic(tmp_path / "dsc", phantom((8, 8, 1), 20))
    assert why_not_dynamic(tmp_path / "dsc") is None


def test_one_listener_at_a_time_has_a_folder(tmp_path):
    door, timing = Door(port=free_port()), Timing(quiet=0.1)
    with Listener(tmp_path / "out", RULES, door, timing=timing):
        second = Listener(tmp_path / "out", RULES, Door(port=free_port()), timing=timing)
        with pytest.raises(OutputError, match="another listener has it"), second:
            pass
    Owned(tmp_path / "out").let_go()
    assert (tmp_path / "out").stat().st_mode & 0o077 == 0


def test_times_that_are_none():
    for wrong in ({"quiet": 0}, {"patience": -1}, {"maps": float("nan")}):
        with pytest.raises(InputError, match="must be positive"):
            Timing(**wrong)


@pytest.mark.parametrize("library", ["pynetdicom", "dicomweb_client"])
def test_the_extra_is_asked_for_by_name(tmp_path, monkeypatch, library):
    paths = write_instances(tmp_path / "in", instance())
    monkeypatch.setattr(extras, "find_spec", lambda name: None if name == library else name)
    pacs = Entity(ae="A", host="127.0.0.1", port=free_port())
    web = Web(url="http://127.0.0.1:1/dicom-web")
    destination = pacs if library == "pynetdicom" else web
    words = rf"needs {library}, which is not installed: pip install 'bolus\[network\]'"
    with pytest.raises(InputError, match=words):
        send(destination, paths)
    with pytest.raises(InputError, match=words):
        list(destination.find("STUDY", {"StudyDate": "2000"}))
    rules = Rules(rules=(Rule(name="all", send=("web",)),), destinations={"web": web})
    with pytest.raises(InputError, match=words):
        Listener(tmp_path / "out", rules, Door(port=free_port()))
    assert not (tmp_path / "out").exists()


def test_the_example_of_the_documentation_is_a_rule_file():
    rules = read_rules(EXAMPLE)
    assert [rule.name for rule in rules.rules] == ["tumour", "stroke"]
    for rule in rules.rules:
        rule.check()
    params = listening("--rules", EXAMPLE)
    assert (params["host"], params["caller"]) == ("10.0.0.20", ["MR1", "MR2", "PACS"])
    assert params["out"] == Path("/var/lib/bolus")


def listening(*arguments):
    """The options that ``bolus listen`` is run with."""
    command = typer.main.get_command(app).commands["listen"]
    return command.make_context("listen", [str(a) for a in arguments]).params


def test_flags_win_over_the_file(tmp_path):
    path = tmp_path / "rules.toml"
    path.write_text('[listen]\nport = 5\nquiet-time = 9.0\noutput = "out"\n[[rules]]\nname = "a"\n')
    params = listening("--rules", path, "--port", 6)
    assert (params["port"], params["quiet_time"]) == (6, 9.0)
    assert params["out"] == tmp_path / "out"  # beside the file
    path.write_text('[listen]\nrules = "a"\n[[rules]]\nname = "a"\n')
    with pytest.raises(InputError, match=r"\[listen\] has no option 'rules'"):
        listening("--rules", path)


def test_what_is_asked_of_nobody(tmp_path):
    pacs = Entity(ae="A", host="127.0.0.1", port=free_port())
    with pytest.raises(InputError, match="no DICOM objects"):
        send(pacs, [tmp_path])
    (tmp_path / "text.txt").write_text("text")
    with pytest.raises(InputError, match=r"text\.txt: a DICOM object is expected"):
        send(pacs, [tmp_path / "text.txt"])
    with pytest.raises(InputError, match="no such file"):
        send(pacs, [tmp_path / "none"])
