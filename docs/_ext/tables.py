"""Tables of figures, told from tables of text, so that their cells are not broken."""

from docutils import nodes
from sphinx.application import Sphinx

LONGEST = 30
"""Characters of a cell in a table of figures."""


def _mark(app: Sphinx, doctree: nodes.document) -> None:
    for table in doctree.findall(nodes.table):
        cells = [len(entry.astext()) for body in table.findall(nodes.tbody)
                 for entry in body.findall(nodes.entry)]  # fmt: skip
        if cells and max(cells) <= LONGEST:
            table["classes"].append("figures")


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to reading."""
    app.connect("doctree-read", _mark)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
