"""A table as text: the same cells for a terminal and for a page."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table


FIRST = 24
"""Characters of the first column on a terminal; headings of sections wrap in it."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """A table of ``columns`` with a row of cells a line; ``sections`` are (heading or '', rows).

    ``name`` marks its place on a page, ``note`` says what its figures are.
    """

    name: str
    title: str
    note: str
    columns: tuple[str, ...]
    sections: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]


def as_rich(layout: Layout) -> "Table":
    """The table for a terminal."""
    from rich import box
    from rich.table import Table

    table = Table(
        title=layout.title,
        caption=layout.note,
        box=box.SIMPLE_HEAD,
        title_justify="left",
        caption_justify="left",
        padding=0,
    )
    table.add_column(layout.columns[0], max_width=FIRST)
    for column in layout.columns[1:]:
        table.add_column(column, justify="right", no_wrap=True)
    for heading, rows in layout.sections:
        if heading:
            table.add_row(heading, style="bold cyan")
        for cells in rows:
            style = "green" if cells[0] == "limit" else None
            table.add_row(*cells, style=style, end_section=cells is rows[-1])
    return table


def as_markdown(layout: Layout) -> str:
    """The table for a page: the note, then one table a section."""
    lines = [_wrapped(layout.note), ""]
    for heading, rows in layout.sections:
        lines += [f"**{heading}**", ""] if heading else []
        lines += [_line(layout.columns), "|" + "---|" * len(layout.columns)]
        lines += [_line(cells) for cells in rows]
        lines.append("")
    return "\n".join(lines)


def _line(cells: tuple[str, ...]) -> str:
    safe = (cell.replace("\n", " ").replace("|", "\\|").strip() for cell in cells)
    return "| " + " | ".join(safe) + " |"


def _wrapped(text: str) -> str:
    from textwrap import fill

    return fill(text, 116)
