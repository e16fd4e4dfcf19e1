"""What a notebook shows of a result: the verdict, what it rests on, and the picture."""

import base64
import io

from markupsafe import Markup, escape

from bolus.base.about import NOTICE
from bolus.data import PerfusionMaps
from bolus.report.facts import facts_of
from bolus.report.figures.overview import PAPER, overview

DOTS = 45
"""Dots per inch of the picture: half of those of the file."""


def notebook_html(maps: PerfusionMaps) -> str:
    """HTML without scripts; text from outside is escaped."""
    facts, picture = facts_of(maps), io.BytesIO()
    overview(maps).savefig(picture, format="png", dpi=DOTS, facecolor=PAPER)
    shown = "data:image/png;base64," + base64.b64encode(picture.getvalue()).decode()
    checks = Markup("").join(
        Markup("<li><b>{}</b>: {}, {}</li>").format(check.name, check.word, check.figure)
        for check in facts.checks
    )
    return str(
        Markup("<div><p><b>{}</b></p><ul>{}</ul>").format(facts.verdict, checks)
        + Markup('<img alt="Maps, curves and quality" src="{}">').format(shown)
        + Markup("<p>{}</p></div>").format(escape(NOTICE))
    )
