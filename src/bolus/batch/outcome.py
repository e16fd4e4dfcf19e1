"""What a page over many results says of each, read from the results."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bolus.base.json import read_json
from bolus.data import QUANTITIES
from bolus.data.measures import MEASURES
from bolus.report.verdict import Word

SHOWN = ("cbf", "cbv", "mtt", "tmax")
"""Maps whose median stands in the table."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One input: what became of it, and the numbers of its result.

    ``state`` is 'done', 'kept' (made before) or 'failed', then with ``error``; ``word`` is the
    worst of the result's checks, ``numbers`` are texts by their title, ``values`` numbers by name.
    Paths are relative to the page.
    """

    label: str
    state: str
    seconds: float | None = None
    error: str | None = None
    word: Word = Word.NONE
    verdict: str = ""
    page: str | None = None
    picture: str | None = None
    numbers: Mapping[str, str] | None = None
    values: Mapping[str, float | None] | None = None

    def as_table(self) -> dict[str, object]:
        """For a table: the same columns for every input."""
        values = self.values or {}
        known = {name: values.get(name) for name in ("snr", "aif_quality", *SHOWN)}
        return {
            "label": self.label,
            "state": self.state,
            "verdict": None if self.state == "failed" else str(self.word),
            **known,
            "error": self.error,
        }


def failed(label: str, error: str, seconds: float | None = None) -> Outcome:
    """An input without a result."""
    return Outcome(label=label, state="failed", error=error, seconds=seconds)


def outcome_of(
    label: str, state: str, places: Mapping[str, Path], root: Path, seconds: float | None = None
) -> Outcome:
    """An input with a result, whose summary, picture and page lie at ``places``.

    Raises InputError for a summary that cannot be read.
    """
    told = read_json(places["summary"])
    words = [Word(check["word"]) for check in _list(told.get("verdicts"))]
    worst = next((w for w in (Word.POOR, Word.DOUBTFUL) if w in words), Word.GOOD)
    return Outcome(
        label=label,
        state=state,
        seconds=seconds,
        word=worst if words else Word.NONE,
        verdict=str(told.get("verdict", "")),
        page=places["page"].relative_to(root).as_posix(),
        picture=places["picture"].relative_to(root).as_posix(),
        numbers=_numbers(told),
        values=_values(told),
    )


def _values(told: Mapping[str, Any]) -> dict[str, float | None]:
    median, artery = told.get("median") or {}, told.get("aif") or {}
    found = {"snr": told.get("baseline_snr"), "aif_quality": artery.get("quality")}
    return {**found, **{name: median.get(name) for name in SHOWN}}


def _numbers(told: Mapping[str, Any]) -> dict[str, str]:
    """Titles and values with units: SNR, arterial quality, medians, and what regions measured."""
    values, units = _values(told), told.get("units") or {}
    found = {"method": str(told.get("method", ""))}
    for name, title in (("snr", "baseline SNR"), ("aif_quality", "arterial quality")):
        if values[name] is not None:
            found[title] = f"{values[name]:.3g}"
    for name in SHOWN:
        if values[name] is not None and name in units:
            unit = QUANTITIES[name].unit_of(bool(told.get("relative"))).printed
            found[f"median {QUANTITIES[name].title}"] = f"{values[name]:.3g} {unit}"
    for one in _list(told.get("measurements")):
        if one.get("value") is not None:
            known = MEASURES.get(str(one.get("measure")))
            title = str(one.get("measure")) if known is None else known.title
            region = str(one.get("region")).replace("tumor", "tumour")
            found[f"{title}, {region}"] = _with_interval(one)
    return found


def _with_interval(one: Mapping[str, Any]) -> str:
    unit = "" if one.get("unit") in (None, "1") else f" {one['unit']}"
    ends = one.get("interval_90") or (None, None)
    known = f" (90 %: {ends[0]:.3g} to {ends[1]:.3g})" if None not in ends else ""
    return f"{one['value']:.3g}{unit}{known}"


def _list(found: Any) -> list[Mapping[str, Any]]:
    return found if isinstance(found, list) else []
