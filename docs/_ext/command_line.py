"""The directive ``command-line``: every command and option, from the program itself."""

import re
from collections.abc import Iterator
from typing import Any

import typer
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

_CODE = re.compile(r"((?<=: )bolus .*|--[a-z]+(?:-[a-z]+)*)")


def commands(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every command below one with its full name; groups are not commands."""
    children = getattr(command, "commands", None)
    if children is None:
        yield path, command
        return
    for name, child in children.items():
        yield from commands(child, f"{path} {name}")


def records(command: Any, path: str) -> list[tuple[str, str]]:
    """Arguments and options with what they do, as the help says it."""
    context = typer.Context(command, info_name=path)
    found = (param.get_help_record(context) for param in command.get_params(context))
    return [(record[0], record[1]) for record in found if record and "--help" not in record[0]]


def usage(command: Any, path: str) -> str:
    """The first line of the help."""
    return str(command.get_usage(typer.Context(command, info_name=path))).removeprefix("Usage: ")


class CommandLine(SphinxDirective):
    """A section a command: usage, help, arguments and options."""

    def run(self) -> list[nodes.Node]:
        """Make the sections; the page is read anew in every build."""
        from bolus.cli import app

        self.env.note_reread()
        root = typer.main.get_command(app)
        return [_section(path, command) for path, command in commands(root, "bolus")]


def _section(path: str, command: Any) -> nodes.section:
    section = nodes.section(ids=[nodes.make_id(path)])
    section += nodes.title("", path)
    section += nodes.literal_block("", usage(command, path), language="text")
    for paragraph in (command.help or "").split("\n\n"):
        section += _paragraph(" ".join(paragraph.split()))
    listed = nodes.definition_list(classes=["options"])
    for names, told in records(command, path):
        term = nodes.term("", "", nodes.literal("", names))
        listed += nodes.definition_list_item("", term, nodes.definition("", _paragraph(told)))
    section += listed
    return section


def _paragraph(text: str) -> nodes.paragraph:
    """Text in which options, and commands after a colon, are code."""
    paragraph = nodes.paragraph()
    for part in _CODE.split(text):
        code = part.startswith("--") or part.startswith("bolus ")
        paragraph += nodes.literal("", part) if code else nodes.Text(part)
    return paragraph


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("command-line", CommandLine)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
