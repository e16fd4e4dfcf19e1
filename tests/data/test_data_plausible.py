"""The table of plausible limits, and the page that tells it."""

from pathlib import Path

import pytest

from bolus.data import SeriesError, plausible
from bolus.data.plausible import DISTINCT, ECHO_TIME, Plausible

PAGE = Path(__file__).resolve().parents[2] / "docs" / "limits.md"
ALL = [found for found in vars(plausible).values() if isinstance(found, Plausible)]


def test_the_page_tells_every_limit():
    assert len(ALL) >= 9
    told = PAGE.read_text(encoding="utf-8")
    assert not [found.name for found in ALL if f" {found.range} |" not in told]


@pytest.mark.parametrize("found", ALL, ids=lambda found: found.name)
def test_limits_hold_themselves_and_nothing_beyond(found):
    assert found.holds(found.lowest)
    assert found.holds(found.highest)
    assert not found.holds(found.lowest - 1e-6 - abs(found.lowest))
    assert not found.holds(float("nan"))
    assert found.origin


def test_a_refusal_says_what_was_expected_and_found():
    with pytest.raises(SeriesError, match=r"x: an echo time of 0\.003 to 0\.15 s .*found 30"):
        ECHO_TIME.check(30, "x", SeriesError)
    with pytest.raises(SeriesError, match="at least 16"):
        DISTINCT.check(2, "x", SeriesError)
