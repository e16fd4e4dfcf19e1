"""What the site adds of its own: the command line's page, legible shapes, nothing fetched."""

import importlib
import inspect
import sys
from pathlib import Path

import pytest
import typer

from bolus.cli import app
from bolus.data import DSCSeries
from bolus.estimators.paper.config import PARAMETERS, PaperConfig

EXTENSIONS = Path(__file__).resolve().parents[1] / "docs" / "_ext"


@pytest.fixture
def extension(monkeypatch):
    """Import one of the site's extensions by name."""
    monkeypatch.syspath_prepend(str(EXTENSIONS))
    for path in EXTENSIONS.glob("*.py"):  # of that name there is one of the tests, too
        monkeypatch.delitem(sys.modules, path.stem, raising=False)
    yield importlib.import_module
    for path in EXTENSIONS.glob("*.py"):
        sys.modules.pop(path.stem, None)


def test_the_page_has_every_command_and_option(extension):
    page = extension("command_line")
    found = dict(page.commands(typer.main.get_command(app), "bolus"))
    assert {"bolus maps", "bolus simulate patient", "bolus import qin"} <= set(found)
    for path, command in found.items():
        assert page.usage(command, path).startswith(path)
        told = page.records(command, path)
        shown = " ".join(names for names, _ in told)
        for param in command.params:
            assert any(name in shown for name in (param.metavar or param.name, *param.opts))
        assert all(help for _, help in told)


def test_the_drawn_network_has_the_sizes_of_its_configuration(monkeypatch):
    monkeypatch.syspath_prepend(str(EXTENSIONS.parent))
    drawings = importlib.import_module("drawings")
    texts = [t.get_text() for t in drawings.network(PaperConfig(channels=(4, 9))).axes[0].texts]
    assert [t.splitlines()[-1] for t in texts if t.startswith("Conv1d")] == ["4 × T", "9 × T"]
    assert f"{PARAMETERS} trainable" in drawings.network().axes[0].get_title()
    curve, *_ = drawings.decoder().axes[0].lines
    assert curve.get_ydata().max() > 0


def test_shapes_are_legible(extension):
    shapes = extension("shapes")
    from sphinx.util.typing import stringify_annotation

    signal = inspect.signature(DSCSeries).parameters["signal"].annotation
    long = f"(signal: {stringify_annotation(signal, 'smart')}, dt: float)"
    assert "jaxtyping" in long
    assert shapes.legible(long) == '(signal: Float["x y z t"], dt: float)'
    odd = "(a=<factory>, b=<built-in function print>, c=<function box at 0x7f>, d=<Kind.A: 1>)"
    assert shapes.legible(odd) == "(a=..., b=print, c=box, d=Kind.A)"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ('<script src="https://cdn.example/x.js"></script>', 1),
        ('<link rel="stylesheet" href="//fonts.example/a.css">', 1),
        ('@import url("https://fonts.example/a.css");', 1),
        ('<a href="https://semver.org">a link is followed by people</a>', 0),
        ('<script src="_static/doctools.js"></script><img src="images/a.png">', 0),
        ('<svg xmlns="http://www.w3.org/2000/svg">', 0),
    ],
)
def test_what_would_be_fetched_is_found(extension, text, count):
    assert len(extension("offline").fetched(text)) == count
