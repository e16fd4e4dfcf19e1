"""One page over the results of many inputs."""

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from markupsafe import Markup

from bolus.base.about import NOTICE, software
from bolus.base.files import write_bytes
from bolus.batch.outcome import Outcome
from bolus.report.page.build import allowed_source, page_text
from bolus.report.verdict import Word

SIGNS = {Word.GOOD: ("good", "✓"), Word.DOUBTFUL: ("doubtful", "!"), Word.POOR: ("poor", "✕"),
         Word.NONE: ("none", "–")}  # fmt: skip


def index_page(rows: Sequence[Outcome]) -> str:
    """The page as HTML. Pictures and pages are those of the results, by relative links."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("bolus.batch", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    own = files(__package__).joinpath("index.css").read_text(encoding="utf-8")
    style = page_text("page.css") + own
    made = [row for row in rows if row.state != "failed"]
    counts = {word: sum(row.word is word for row in made) for word in SIGNS}
    return environment.get_template("index.html.j2").render(
        policy=f"default-src 'none'; style-src {allowed_source(style)}; img-src 'self' file:; "
        "base-uri 'none'; form-action 'none'",
        style=Markup(style),
        notice=NOTICE,
        software=software(),
        rows=made,
        failures=[row for row in rows if row.state == "failed"],
        counts=[(word, *SIGNS[word], number) for word, number in counts.items() if number],
        signs=SIGNS,
    )


def write_index(rows: Sequence[Outcome], path: Path) -> Path:
    """Write the page; returns its path. Raises OutputError."""
    write_bytes(path, index_page(rows).encode())
    return path
