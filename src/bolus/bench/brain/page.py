"""The page of whole brains."""

from collections.abc import Sequence
from dataclasses import replace
from textwrap import fill

import numpy as np

from bolus.bench.brain.cases import DISPERSIONS, FLOW, KINDS, POPULATIONS, STEP
from bolus.bench.brain.clouds import NEAR_POINTS, POINTS
from bolus.bench.brain.lesions import COUNTS, LESIONS
from bolus.bench.brain.limits import LIMITS, OPEN
from bolus.bench.brain.lines import names, number, usual
from bolus.bench.brain.run import FURTHER, Brains, seconds_of
from bolus.bench.brain.scores import TISSUES, Region
from bolus.bench.brain.shown_tables import contrast_table, edge_table, late_table, lesion_table
from bolus.bench.brain.tables import (
    bias_table,
    coverage_table,
    delay_table,
    distance_table,
    error_table,
    scan_table,
    volume_table,
)
from bolus.bench.brain.voxels import Voxels
from bolus.report.text.layout import Layout, as_markdown

FURTHER_TEXT = (
    "The same brains by methods that take each voxel by itself: with gamma-distributed transit "
    "times (`vascular`), with control points (`cpi`), by a trained network (`spinned`), and two "
    "more deconvolutions."
)


def brain_page(found: Brains) -> str:
    """The tables as a page of Markdown; methods of FURTHER after the others."""
    further = tuple(name for name in found.methods if name in FURTHER)
    first = tuple(name for name in found.methods if name not in further)
    text = ["# Whole brains\n", *(_wrapped(one) for one in _text(found))]
    text += _written((people_table(found), *_tables(replace(found, methods=first))), "##")
    if further:
        text += ["## Further methods\n", _wrapped(FURTHER_TEXT)]
        text += _written(_tables(replace(found, methods=further)), "###")
    return "\n".join([*text, *_written((cost_table(found),), "##")])


def _written(tables: Sequence[Layout], heading: str) -> list[str]:
    """Those that have rows, under headings."""
    return [f"{heading} {one.title}\n\n{as_markdown(one)}" for one in tables if any(_rows(one))]


def _tables(found: Brains) -> tuple[Layout, ...]:
    """What the methods of ``found`` make of tissue, lesions and scans."""
    return (
        error_table(found),
        distance_table(found),
        bias_table(found),
        volume_table(found),
        delay_table(found),
        coverage_table(found),
        lesion_table(found),
        contrast_table(found),
        edge_table(found),
        late_table(found),
        scan_table(found),
    )


def _rows(layout: Layout) -> list[int]:
    return [len(rows) for _, rows in layout.sections]


def _wrapped(text: str) -> str:
    return fill(text, 100) + "\n"


def _text(found: Brains) -> list[str]:
    seeds = ", ".join(map(str, found.seeds))
    kinds = "; ".join(f"{name}: {KINDS[name].text}" for name in POPULATIONS)
    lesions = "; ".join(f"{what.name}: {what.text}" for what in LESIONS)
    count = ", ".join(f"{n} of {size}" for size, n in sorted(COUNTS.items()))
    low, high = (DISPERSIONS[name] for name in ("low", "high"))
    return [
        f"Written by `bolus bench --brain`. Simulated patients (seeds {seeds}) with known truth, "
        "mapped by every method with the brain known and a head that does not move; TR 1.5 s and "
        "the true arterial input where nothing else is said. No method was made from these brains.",
        f"Populations: {kinds}. The plain digital patient is what the methods' makers have looked "
        "at most; the other populations were written down for this page.",
        "Every brain has lesions in its healthy grey and white matter, of each kind and in each "
        f"tissue so many of so many voxels across: {count}. The kinds are: {lesions}. Dispersion "
        f"of the arterial input is exponential, low from {low[0]:g} to {low[1]:g} s and high from "
        f"{high[0]:g} to {high[1]:g} s, varying over the brain. Where a hemisphere is late, its "
        f"MTT is {STEP:g} times and its CBF {FLOW:g} times what they were.",
        "SNR is the mean baseline signal of the brain over the noise of a channel. Missing "
        "estimates, and those under 0.01 of the truth, count as 0.01 of it; MTT is the method's "
        "own in every voxel, also where a map leaves it out for want of a bolus.",
        f"Two rows are no methods but what is possible. `{LIMITS[0]}` is the posterior median of a "
        "voxel when the distribution of MTT, delay, residue shape and CBV in this very brain is "
        "known, with the true arterial input, the true noise and the simulation's own forward "
        f"model. It is computed on {POINTS} points that are drawn from that distribution. "
        f"`{LIMITS[1]}` knows in addition what is true of the 26 voxels around each: the mean of "
        "their MTT, delay and shape with the local scatter about such means, and their CBV "
        f"({NEAR_POINTS} points a voxel); {100 * OPEN:.0f} % of its prior is left to the whole "
        "brain's distribution. No method can know that, so it is a bound that cannot be reached. "
        "A limit is smallest over all voxels of a brain: in lesions, which are rare in it, a "
        "method with a wider prior can have a smaller error than the limit and a larger one "
        "elsewhere.",
    ]


def people_table(found: Brains) -> Layout:
    """What the tissue of each population is."""
    rows = []
    first = found.seeds[0]
    for population in POPULATIONS:
        own = usual(found, population=population)
        for one in [m for m in own if m.seed == first][:1]:
            rows += [_spread(population, r, one.voxels) for r in TISSUES]
    return Layout(
        name="people",
        title="Populations",
        note="From the 5th to the 95th percentile over the voxels of a tissue, in one brain; the "
        "shape is that of the residue, Weibull (1: exponential) or, in the old, Fermi.",
        columns=("tissue", "voxels", "CBF", "CBV", "MTT, s", "delay, s", "shape"),
        sections=(("", tuple(row for row in rows if row[1] != "0")),),
    )


def _spread(population: str, region: Region, voxels: Voxels) -> tuple[str, ...]:
    inside = region.of(voxels)
    values = [*voxels.true[inside].T, voxels.shape[inside]]
    cells = []
    for value in values if inside.any() else []:
        low, high = np.quantile(value, (0.05, 0.95))
        cells.append(f"{low:.3g} to {high:.3g}")
    return (f"{population}, {region.name}", str(int(inside.sum())), *cells)


def cost_table(found: Brains) -> Layout:
    """Time and memory."""
    sizes = [one.size for one in found.mapped]
    rows = tuple(
        (
            name,
            number(seconds_of(found, name)),
            f"{found.memory[name] / 1e6:.0f}" if name in found.memory else "–",
        )
        for name in names(found)
    )
    return Layout(
        name="cost",
        title="Time and memory",
        note="Median seconds a brain on one core of this machine, and the most memory in MB that "
        f"mapping one added; a brain has {min(sizes)} to {max(sizes)} voxels. The limits are "
        "computed together, of a part of the voxels.",
        columns=("method", "s", "MB"),
        sections=(("", rows),),
    )
