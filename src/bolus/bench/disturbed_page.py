"""The page on curves that are not what methods take them for."""

import math
from dataclasses import dataclass

from bolus.base.progress import QUIET, Reporter, Steps
from bolus.bench.disturbed import (
    DISTURBANCES,
    FLAGGED,
    HELD,
    INPUTS,
    Disturbance,
    DisturbedRow,
    disturbed_rows,
)
from bolus.estimators import Estimator, estimator
from bolus.patient.methods import with_prior
from bolus.report.text.layout import Layout, as_markdown

PLAIN = "osvd"
"""The method whose error none should pass by a tenth."""
WORSE = 1.1
CURVES = 300
"""Curves of each arterial input."""


def methods_shown() -> dict[str, Estimator]:
    """The methods of the table; joint takes an input's curves for a patient without neighbours."""
    alone = estimator(with_prior("joint", spatial=False))
    return {"joint": alone, **{name: estimator(name) for name in ("phae", "bayes", PLAIN)}}


@dataclass(frozen=True, kw_only=True)
class Disturbed:
    """Rows of every disturbance and method."""

    rows: tuple[DisturbedRow, ...]

    @property
    def methods(self) -> tuple[str, ...]:
        """In the order of the rows."""
        return tuple(dict.fromkeys(row.method for row in self.rows))

    def of(self, method: str) -> tuple[DisturbedRow, ...]:
        """The rows of a method."""
        return tuple(row for row in self.rows if row.method == method)


def run_disturbed(
    methods: dict[str, Estimator] | None = None,
    disturbances: tuple[Disturbance, ...] = DISTURBANCES,
    *,
    seed: int = 0,
    curves: int = CURVES,
    reporter: Reporter = QUIET,
) -> Disturbed:
    """Estimate the same ``curves`` of every input under every disturbance; some minutes."""
    chosen, steps = methods or methods_shown(), Steps(len(disturbances), reporter)
    found: list[DisturbedRow] = []
    for one in disturbances:
        steps(one.name)
        found += disturbed_rows(one, chosen, seed, curves)
    steps.finish()
    return Disturbed(rows=tuple(found))


def disturbed_page(found: Disturbed) -> str:
    """The table as a page of Markdown."""
    layout = _layout(found)
    head = "# Where a method is wrong, and whether it says so"
    written = "Written by `bolus bench --disturbed`.\n"
    return "\n".join([f"{head}\n\n{written}", as_markdown(layout), _counts(found)])


def _layout(found: Disturbed) -> Layout:
    by = {(row.disturbance, row.method): row for row in found.rows}
    names = dict.fromkeys(row.disturbance for row in found.rows)
    return Layout(
        name="disturbed",
        title="Disturbances",
        note=f"TR 1.5 s, SNR 50 and six residues of MTT 1.5 to 20 s unless it says otherwise; "
        f"{INPUTS} arterial inputs. Mean |ln(CBF/true)| / median of CBF/true / share in % of 90 % "
        "intervals of CBF that hold the truth / of CBV / share in % of voxels marked as a poor fit."
        " `joint` takes the curves of an input for one patient without neighbours, whose tissue is "
        "more mixed than any brain's. Methods are given the arterial input as it is: what `bolus "
        "maps` does about it before is in arteries.md.",
        columns=("disturbance", *found.methods),
        sections=(("", tuple((n, *(_cell(by[n, m]) for m in found.methods)) for n in names)),),
    )


def _cell(row: DisturbedRow) -> str:
    shares = (row.held, row.held_cbv, row.flagged)
    held, held_cbv, flagged = ("–" if math.isnan(s) else f"{100 * s:.0f}" for s in shares)
    return f"{row.log_cbf:.2f} / {row.ratio:.2f} / {held} / {held_cbv} / {flagged}"


def _counts(found: Disturbed) -> str:
    """How often each method is wrong in silence, and worse than the plain one."""
    plain = {row.disturbance: row.log_cbf for row in found.of(PLAIN)}
    told = []
    for method in found.methods:
        rows = found.of(method)
        silent = sum(row.silent for row in rows)
        worse = sum(row.log_cbf > WORSE * plain.get(row.disturbance, math.inf) for row in rows)
        if not math.isnan(rows[0].held):
            told.append(f"`{method}` {silent} and {worse}")
    return (
        f"Of {len(plain) or len(rows)} rows those with less than {100 * HELD:.0f} % of intervals "
        f"of CBF that hold and less than {100 * FLAGGED:.0f} % of voxels marked, and those with "
        f"more than {WORSE:g} times the error of `{PLAIN}`: {', '.join(told)}.\n"
    )
