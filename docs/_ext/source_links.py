"""Links of pages that are read in the repository too, turned to pages of the site."""

from sphinx.application import Sphinx

PAGES = {
    "../src/bolus/estimators/phae/shipped/phae.md": "cards.md#model-card-phae",
    "../src/bolus/estimators/phae/shipped/phae-paper.md": "cards.md#model-card-phae-paper",
    "../src/bolus/estimators/phae/shipped/spinned.md": "cards.md#model-card-spinned",
}


def _turn(app: Sphinx, docname: str, content: list[str]) -> None:
    for path, page in PAGES.items():
        content[0] = content[0].replace(f"]({path})", f"]({page})")


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to reading."""
    app.connect("source-read", _turn)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
