"""The page on the two digital objects of the literature."""

import math
from dataclasses import dataclass

from bolus.base.progress import QUIET, Reporter, Steps
from bolus.bench.objects import (
    DISPERSIONS,
    LATE,
    DispersionRow,
    KudoRow,
    dispersion_rows,
    kudo,
    kudo_rows,
)
from bolus.estimators import Estimator, estimator
from bolus.report.text.layout import Layout, as_markdown

METHODS_SHOWN = ("joint", "phae", "bayes", "osvd", "tikhonov")
TIMES = (1.0, 1.5)
"""Repetition times of Kudo's phantom, s."""


@dataclass(frozen=True, kw_only=True)
class Objects:
    """What methods make of the two objects."""

    kudo: tuple[KudoRow, ...]
    dispersion: tuple[DispersionRow, ...]


def run_objects(
    methods: dict[str, Estimator] | None = None, *, seed: int = 0, reporter: Reporter = QUIET
) -> Objects:
    """Map both objects by every method, METHODS_SHOWN if not said otherwise; some minutes."""
    chosen = methods or {name: estimator(name) for name in METHODS_SHOWN}
    steps = Steps(len(TIMES) + len(DISPERSIONS), reporter)
    agreement: list[KudoRow] = []
    for dt in TIMES:
        steps(f"Kudo's phantom, TR {dt:g} s")
        agreement += kudo_rows(chosen, kudo(dt), seed)
    behind: list[DispersionRow] = []
    for name in DISPERSIONS:
        steps(f"dispersion: {name}")
        behind += dispersion_rows(chosen, name, seed)
    steps.finish()
    return Objects(kudo=tuple(agreement), dispersion=tuple(behind))


def objects_page(found: Objects) -> str:
    """Both tables as a page of Markdown."""
    head = "# Two digital objects of the literature\n\nWritten by `bolus bench --objects`.\n"
    layouts = (kudo_layout(found.kudo), dispersion_layout(found.dispersion))
    return "\n".join([head, *(f"## {one.title}\n\n{as_markdown(one)}" for one in layouts)])


def kudo_layout(rows: tuple[KudoRow, ...]) -> Layout:
    """A section a repetition time."""

    def cells(row: KudoRow) -> tuple[str, ...]:
        numbers = (row.cbf, row.cbv, row.mtt, row.early, 100 * row.flat)
        ratios = (row.exponential, row.linear, row.box)
        *three, early, flat = numbers
        return (
            row.method,
            *(f"{value:.2f}" for value in (*three, early)),
            f"{flat:.0f} %",
            *(f"{value:.2f}" for value in ratios),
        )

    return Layout(
        name="kudo",
        title="Kudo's phantom",
        note="Rebuilt after Kudo et al., Radiology 2013 (PMC3606546): 294 tiles of 25 "
        "voxels, CBV 2 and 4 mL/100 mL, MTT 3.4 to 24 s, delay -3 to 3 s, residues exponential, "
        "linear and box, SNR 50. ICC(A,1) of the tiles' means with the truth; CBF at a delay of "
        "-3 s over its mean over all delays, and how far it is off that mean at most at any "
        "delay; median of CBF over the truth by residue. `limit` is the posterior median of a "
        "voxel that knows from which residues, transit times, delays and volumes the tiles are "
        "drawn. `joint` takes the tiles for one brain.",
        columns=(
            "method",
            "ICC of CBF",
            "of CBV",
            "of MTT",
            "CBF at -3 s",
            "off at most",
            "exponential",
            "linear",
            "box",
        ),
        sections=tuple(
            (f"TR {dt:g} s", tuple(cells(row) for row in rows if row.dt == dt))
            for dt in dict.fromkeys(row.dt for row in rows)
        ),
    )


def dispersion_layout(rows: tuple[DispersionRow, ...]) -> Layout:
    """A section a dispersion."""

    def cells(row: DispersionRow) -> tuple[str, ...]:
        held = "–" if math.isnan(row.held) else f"{100 * row.held:.0f}"
        return (row.method, *(f"{value:.2f}" for value in row.ratio), held)

    return Layout(
        name="dispersion",
        title="A dispersed arterial input",
        note="After the Bezier object (figures: Magn Reson Med 2014;72:1762): exponential "
        "tissue, CBV 4 mL/100 mL, CBF 20, 40 and 60 mL/100 mL/min, TR 1.243 s, SNR 20; before the "
        "tissue the arterial input is widened by an exponential transport function. Median of "
        "CBF over the truth by delay, and the share in % of 90 % intervals of CBF that hold it. "
        "Its own curves are sums of rectangles, up to 13 % too large; these are integrals.",
        columns=("method", *(f"delay {late:g} s" for late in LATE), "hold %"),
        sections=tuple(
            (
                f"{name}: {DISPERSIONS[name]:g} s",
                tuple(cells(row) for row in rows if row.dispersion == name),
            )
            for name in dict.fromkeys(row.dispersion for row in rows)
        ),
    )
