"""The page of the external benchmark: every program that was scored, object by object."""

import math
from collections.abc import Callable, Iterator, Mapping
from textwrap import fill

from bolus.bench.external.folder import Benchmark
from bolus.bench.external.leaking import PROTOCOLS, SNR
from bolus.bench.external.made import UNITS
from bolus.bench.external.results import ObjectResult, Result
from bolus.bench.objects import DISPERSIONS, LATE
from bolus.report.text.layout import Layout, as_markdown

NOTHING = "–"
TRUE_SHARE = "share_high_true"
Results = Mapping[str, Result]
Cells = Callable[[ObjectResult], tuple[str, ...]]


def external_page(benchmark: Benchmark, results: Results) -> str:
    """All tables as a page of Markdown."""
    head = (
        "# Any program's maps, on one page\n\nWritten by `bolus bench --external DIR --markdown`, "
        f"seed {benchmark.seed}; objects made by {benchmark.made_by}.\n"
    )
    layouts = external_layouts(benchmark, results)
    return "\n".join(
        [head, fill(ABOUT, 116), "", *(f"## {one.title}\n\n{as_markdown(one)}" for one in layouts)]
    )


ABOUT = (
    "Every program is given the same series, mask, true arterial input and number of frames before "
    "the bolus, and nothing else; how to have another one scored: "
    "[external-format.md](external-format.md). Where a "
    "cell has two figures, the first is of the maps as they are, the second after one factor for "
    "CBF and one for CBV has been taken off, by which the median of estimate/true over the object "
    "is 1 (over tissue that does not leak, where there is some that does): what relative maps are "
    "worth. The sixteen dispersed series are one object in this, and the four protocols are. A "
    "dash is what a program has no map for."
)


def external_layouts(benchmark: Benchmark, results: Results) -> tuple[Layout, ...]:
    """A table of the programs, and one of every kind of object that is there."""
    kinds = {entry.kind for entry in benchmark.entries}
    made = (
        ("golden", _golden),
        ("dispersion", _dispersion),
        ("kudo", _kudo),
        ("leakage", _leakage),
        ("leakage", _consequences),
        ("brain", _brain),
    )
    tables = (make(benchmark, results) for kind, make in made if kind in kinds)
    return (_programs(results), *tables)


def _programs(results: Results) -> Layout:
    def rows() -> Iterator[tuple[str, ...]]:
        for name, result in results.items():
            maps = {m for one in result.objects.values() for m in one.maps}
            told = ", ".join(m for m in UNITS if m in maps)
            yield name, result.program.origin, told, str(len(result.objects))

    return Layout(
        name="programs",
        title="Programs",
        note="Where each comes from, the maps it makes, and how many objects it mapped.",
        columns=("program", "from", "maps", "objects"),
        sections=(("", tuple(rows())),),
    )


def _golden(benchmark: Benchmark, results: Results) -> Layout:
    def cells(one: ObjectResult) -> tuple[str, ...]:
        return (
            _both(one, "cbf_within", 0),
            _both(one, "cbv_within", 0),
            _both(one, "cbf_ratio"),
            _both(one, "cbf_ratio_short"),
            _both(one, "cbv_ratio"),
        )

    return Layout(
        name="golden",
        title="OSIPI's reference object",
        note="Rebuilt with integrals, not with sums of rectangles as its own curves (golden.md): "
        "14 exponential curves without delay, CBV 4 and 2 mL/100 mL, MTT 24 to 3.4 s, contrast to "
        "noise 200, 25 voxels each. How many of the 14 have a CBF within 5 mL/100 mL/min or 15 % "
        "of the truth, and a CBV within 0.5 mL/100 mL or 15 %; medians of estimate/true.",
        columns=("program", "CBF met", "CBV met", "CBF/true", "MTT under 5 s", "CBV/true"),
        sections=_sections(benchmark, results, "golden", cells),
    )


def _dispersion(benchmark: Benchmark, results: Results) -> Layout:
    late = [f"{seconds:g}s" for seconds in LATE]

    def rows(name: str) -> Iterator[tuple[str, ...]]:
        for program, result in results.items():
            found = [result.objects.get(f"dispersion-{name}-{seconds}") for seconds in late]
            if any(found):
                yield program, *(_both(one, "cbf_ratio") for one in found)

    return Layout(
        name="dispersion",
        title="A dispersed arterial input",
        note="After the Bezier object (objects.md): exponential tissue, CBV 4 mL/100 mL, three "
        "flows, SNR 20, behind an exponential transport function. Median of CBF over the truth.",
        columns=("program", *(f"delay {seconds:g} s" for seconds in LATE)),
        sections=tuple((f"{n}: {s:g} s", tuple(rows(n))) for n, s in DISPERSIONS.items()),
    )


def _kudo(benchmark: Benchmark, results: Results) -> Layout:
    def cells(one: ObjectResult) -> tuple[str, ...]:
        return (
            *(_both(one, f"icc_{name}") for name in ("cbf", "cbv")),
            _one(one, "icc_mtt"),
            _percent(one, "off_by_delay"),
            *(_both(one, f"cbf_ratio_{name}") for name in ("exponential", "linear", "box")),
        )

    return Layout(
        name="kudo",
        title="Kudo's phantom",
        note="Rebuilt (objects.md): ICC(A,1) of the tiles' means with the truth; how far CBF at "
        "any delay is off its mean over all delays; median of CBF over the truth by residue.",
        columns=("program", "ICC of CBF", "of CBV", "of MTT", "off by delay",
                 "exponential", "linear", "box"),
        sections=_sections(benchmark, results, "kudo", cells),
    )  # fmt: skip


def _leakage(_: Benchmark, results: Results) -> Layout:
    return Layout(
        name="leakage",
        title="Leakage in four protocols",
        note="150 tissues of 25 voxels that leak, CBV 1–8 mL/100 mL, MTT 3–9 s, Ktrans .02–.25 "
        "/min, v_e .15–.45, r2* outside the vessels 5–80 1/s/mM, T1 1.4 s, TE 30 ms, TR 1.5 s, "
        f"SNR {SNR:g}, beside tumour that does not leak and normal white matter; flip angles of "
        "60°, 30° and 72°, and 60° after a preload. CBV, corrected where a program does: its "
        "concordance with the truth, and its correlation r between protocols over the leaking "
        "voxels, mean and least of the six pairs. A program is told where the tumour is.",
        columns=("program", *PROTOCOLS, "r, mean", "r, least"),
        sections=(("", _protocols(results, lambda one: _both(one, "ccc"), ("r_mean", "r_least"))),),
    )


def _consequences(_: Benchmark, results: Results) -> Layout:
    every = (one.scaled for result in results.values() for one in result.objects.values())
    true = next((figures[TRUE_SHARE] for figures in every if TRUE_SHARE in figures), None)
    return Layout(
        name="leakage-share",
        title="Leakage: what looks like tumour, and what should not change",
        note="Of the same series: the share of leaking voxels whose CBV is over 1.75 times the "
        f"median of normal white matter, in truth {_number(true)}; and medians of CBV/true where "
        "nothing leaks.",
        columns=("program", *PROTOCOLS),
        sections=(
            ("share over 1.75", _protocols(results, lambda one: _one(one, "share_high"))),
            (
                "tumour that does not leak",
                _protocols(results, lambda one: _both(one, "tight_ratio")),
            ),
            (
                "normal white matter",
                _protocols(results, lambda one: _both(one, "normal_ratio")),
            ),
        ),
    )


def _protocols(
    results: Results, figure: Callable[[ObjectResult | None], str], together: tuple[str, ...] = ()
) -> tuple[tuple[str, ...], ...]:
    """A row a program that has a volume: a figure of each protocol, and those of all of them."""
    made = []
    for program, result in results.items():
        found = [result.objects.get(f"leakage-{name}") for name in PROTOCOLS]
        if any(one is not None and "cbv" in one.maps for one in found):
            family = result.families.get("leakage", {})
            ends = (_number(family.get(key)) for key in together)
            made.append((program, *(figure(one) for one in found), *ends))
    return tuple(made)


def _brain(benchmark: Benchmark, results: Results) -> Layout:
    def cells(one: ObjectResult) -> tuple[str, ...]:
        lesion = "tumour" if "log_cbf_tumour" in one.scaled else "ischaemic"
        return (
            *(_both(one, f"log_cbf_{part}") for part in ("grey", "white", lesion)),
            *(_both(one, f"log_cbv_{part}") for part in ("grey", lesion)),
            *(_one(one, f"log_mtt_{part}") for part in ("grey", lesion)),
            _percent(one, "mtt_given"),
            _one(one, "delay_error"),
        )

    return Layout(
        name="brain",
        title="Whole simulated brains",
        note="Gliomas (which do not leak) and a stroke of brain.md, without small lesions, with "
        "the true arterial input. Mean |ln(estimate/true)| of CBF, CBV and MTT over the voxels of "
        "grey and white matter and of the lesion (tumour, or penumbra), an estimate that is "
        "missing or under 1 % of the truth counting as that; MTT where it is given. Mean "
        "error of the delay, else of Tmax, in s.",
        columns=("program", "CBF grey", "white", "lesion", "CBV grey", "lesion",
                 "MTT grey", "lesion", "MTT given", "delay, s"),
        sections=_sections(benchmark, results, "brain", cells),
    )  # fmt: skip


def _sections(
    benchmark: Benchmark, results: Results, kind: str, cells: Cells
) -> tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]:
    """A section an object of a kind, a row a program that mapped it."""
    names = [entry.name for entry in benchmark.entries if entry.kind == kind]
    return tuple(
        (
            name,
            tuple(
                (program, *cells(result.objects[name]))
                for program, result in results.items()
                if name in result.objects
            ),
        )
        for name in names
    )


def _both(one: ObjectResult | None, figure: str, digits: int = 2) -> str:
    """A figure of the maps as they are, and after a common factor."""
    if one is None or figure not in one.scaled:
        return NOTHING
    pair = (one.absolute.get(figure), one.scaled[figure])
    return " / ".join(_number(value, digits) for value in pair)


def _one(one: ObjectResult | None, figure: str) -> str:
    """A figure that no factor changes."""
    return NOTHING if one is None else _number(one.scaled.get(figure))


def _percent(one: ObjectResult, figure: str) -> str:
    value = one.scaled.get(figure)
    return NOTHING if value is None or math.isnan(value) else f"{100 * value:.0f} %"


def _number(value: float | None, digits: int = 2) -> str:
    return NOTHING if value is None or math.isnan(value) else f"{value:.{digits}f}"
