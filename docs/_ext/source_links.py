"""Links of pages that are read in the repository too, turned to pages of the site."""

from sphinx.application import Sphinx

CARDS = ("phae", "phae-paper", "spinned")
PAGES = {
    f"../src/bolus/estimators/shipped/{name}.md": f"cards.md#model-card-{name}" for name in CARDS
}


def _turn(app: Sphinx, docname: str, content: list[str]) -> None:
    for path, page in PAGES.items():
        content[0] = content[0].replace(f"]({path})", f"]({page})")


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to reading."""
    app.connect("source-read", _turn)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
