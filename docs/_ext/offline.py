"""A check of the built pages: nothing on them is fetched from elsewhere."""

import re
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util import logging

_FETCHED = re.compile(
    r"<(?:script|img|iframe|source|link)\b[^>]*\b(?:src|href)=[\"'](?:https?:)?//[^\"']+[\"']"
    r"|@import\s+(?:url\()?[\"']?(?:https?:)?//[^\"')]+",
    re.IGNORECASE,
)


def fetched(text: str) -> list[str]:
    """What a page or style sheet would load from the network."""
    return _FETCHED.findall(text)


def _check(app: Sphinx, error: Exception | None) -> None:
    if error is not None or app.builder.format != "html":
        return
    for path in sorted(p for kind in ("html", "css") for p in Path(app.outdir).rglob(f"*.{kind}")):
        for found in fetched(path.read_text(encoding="utf-8")):
            logging.getLogger(__name__).warning("%s fetches %s", path.name, found)


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to the end of the build."""
    app.connect("build-finished", _check)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
