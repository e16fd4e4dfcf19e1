"""The recipes of the containers: linted, alike, and of files that exist. Nothing is built."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
DOCKER, APPTAINER = (ROOT / "Dockerfile").read_text(), (ROOT / "bolus.def").read_text()
SECTIONS = ("environment", "post", "runscript", "test")
INSTALL = re.compile(r"python -m pip install [^&\n]*(?:\\\n[^&\n]*)*")


def section(name, text=APPTAINER):
    """The lines of one section of an Apptainer recipe."""
    return re.search(rf"^%{name}\n(.*?)(?=^%|\Z)", text, re.MULTILINE | re.DOTALL)[1]


def hadolint(text):
    command = [BIN / "hadolint", "--no-color", "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False)


def shellcheck(text):
    command = [BIN / "shellcheck", "--shell", "sh", "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False)


def test_dockerfile_is_clean():
    done = hadolint(DOCKER)
    assert done.stdout == ""
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("python:3.11-slim-bookworm", "python", "DL3006"),
        ("--no-cache-dir ", "", "DL3042"),
        ("WORKDIR /data", "WORKDIR data", "DL3000"),
        ("USER 1000", "USER root", "DL3002"),
    ],
)
def test_the_linter_can_fail(old, new, rule):
    assert old in DOCKER
    done = hadolint(DOCKER.replace(old, new))
    assert rule in done.stdout
    assert done.returncode != 0


@pytest.mark.parametrize("name", SECTIONS)
def test_apptainer_scripts_are_clean(name):
    done = shellcheck(section(name))
    assert done.stdout == ""
    assert done.returncode == 0


def test_the_shell_linter_can_fail():
    assert "SC2086" in shellcheck(section("runscript").replace('"$@"', "$wrong")).stdout


def copied():
    """What each recipe takes from the sources."""
    docker = re.findall(r"^COPY (.+) \S+$", DOCKER, re.MULTILINE)
    apptainer = [line.split()[0] for line in section("files").splitlines() if line.strip()]
    return {name for line in docker for name in line.split()}, set(apptainer)


def test_both_take_the_same_files_and_they_exist():
    docker, apptainer = copied()
    assert docker == apptainer
    assert all((ROOT / name).exists() for name in docker)
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert ignored[1] == "*"
    assert {line[1:] for line in ignored if line.startswith("!")} == docker


def test_both_install_the_same_way_under_the_constraints():
    docker, apptainer = (
        " ".join(found.replace("\\\n", " ").split())
        for (found,) in (INSTALL.findall(DOCKER), INSTALL.findall(section("post")))
    )
    assert docker == apptainer
    assert "--constraint constraints.txt" in docker
    assert re.search(r"^torch==\d", (ROOT / "constraints.txt").read_text(), re.MULTILINE)


def test_both_stand_on_a_python_that_the_package_takes():
    bases = {re.search(r"^(?:FROM|From:) (\S+)$", text, re.M)[1] for text in (DOCKER, APPTAINER)}
    (base,) = bases
    found = tuple(int(n) for n in re.match(r"python:(\d+)\.(\d+)-", base).groups())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lowest = tuple(int(n) for n in project["requires-python"].removeprefix(">=").split("."))
    assert found >= lowest
