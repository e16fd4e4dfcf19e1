"""The benchmark on a terminal and as a page."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bolus.bench.result import Benchmark
from bolus.bench.score import INTERVALS
from bolus.bench.tables import Row, coverage, number, sheets
from bolus.report.text.layout import Layout, as_markdown, as_rich

if TYPE_CHECKING:
    from rich.table import Table

ACCURACY = (
    "method",
    "|log\nCBF|",
    "95 %\nCI",
    "×\nlimit",
    "×\nrival",
    "CBF/\ntrue",
    "|log\nMTT|",
    "MTT\ns",
    "|log\nCBV|",
    "delay\ns",
    "r",
    "90 % inter-\nvals hold %",
    "lost\n%",
)
SPEED = (
    "method",
    "median\nms",
    "fastest\nms",
    "µs/\nvoxel",
    "× FFT\nfloor",
    "×\nosvd",
    "fastest\n× floor",
    "peak\nMB",
    "timed\nvoxels",
)


def layouts(benchmark: Benchmark) -> list[Layout]:
    """Accuracy over all repetition times, grouped by SNR, the further tables, and speed."""
    figures = benchmark.as_json()
    speed = [] if benchmark.speed is None else [_speed(figures)]
    return [_accuracy(figures), *sheets(figures), *speed]


def tables(benchmark: Benchmark) -> "tuple[Table, ...]":
    """Every table for a terminal."""
    return tuple(as_rich(layout) for layout in layouts(benchmark))


def page(benchmark: Benchmark) -> str:
    """Every table as one page of Markdown, with what the figures depend on."""
    known = benchmark.as_json()["versions"]
    assert isinstance(known, Mapping)
    made = ", ".join(f"{name} {version}" for name, version in known.items())
    head = (
        "# Benchmark\n\n"
        f"Written by `bolus bench --markdown`, seed {benchmark.design.seed} ({made}).\n"
        "The *limit* is the posterior median under the benchmark's own prior with the true noise "
        "known.\n"
    )
    parts = [f"## {one.title}\n\n{as_markdown(one)}" for one in layouts(benchmark)]
    return "\n".join([head, *parts])


def _accuracy(figures: Mapping[str, Any]) -> Layout:
    settings = figures["settings"]
    rows = [r for r in figures["accuracy"] if r["dt"] is None]
    dts = "/".join(f"{dt:g}" for dt in settings["dts"])

    def section(snr: float) -> tuple[tuple[str, ...], ...]:
        return tuple(_accuracy_cells(r) for r in rows if r["snr"] == snr)

    return Layout(
        name="accuracy",
        title=f"Accuracy, TR {dts} s, {rows[0]['n']} curves an SNR, seed {figures['seed']}",
        note="Mean |log(estimate/true)|, its ratio to the limit's and to the better of osvd's and "
        "tikhonov's, median±robust SD of CBF/true, mean absolute errors in s "
        "(* of Tmax: no delay), correlation r of log CBF, share in % of 90 % intervals holding "
        f"{', '.join(INTERVALS)}, and of CBF missing or under 1 % of the truth.",
        columns=ACCURACY,
        sections=tuple((f"SNR {snr:g}", section(snr)) for snr in settings["snrs"]),
    )


def _accuracy_cells(r: Row) -> tuple[str, ...]:
    low, high = r["log_cbf_ci"]
    return (
        r["method"],
        number(r["log_cbf"], 3),
        f"{low:.2f}–{high:.2f}",
        number(r["to_limit"]),
        number(r["to_rival"]),
        f"{r['cbf_bias']:.2f}±{r['cbf_spread']:.2f}",
        number(r["log_mtt"], 3),
        number(r["mtt_error"]),
        number(r["log_cbv"], 3),
        number(r["delay_error"]) + ("*" if r["delay_from"] == "tmax" else " "),
        number(r["correlation"]),
        coverage(r["coverage"], INTERVALS),
        f"{100 * r['failed']:.1f}",
    )


def _speed(figures: Mapping[str, Any]) -> Layout:
    speed = figures["speed"]
    ms = (f"{1e3 * speed['floor_median']:.1f}", f"{1e3 * speed['floor_fastest']:.1f}")
    each = f"{1e6 * speed['floor_median'] / speed['voxels']:.2f}"
    floor = ("FFT floor", *ms, each, "1.0", "–", "1.0", "–", str(speed["voxels"]))
    return Layout(
        name="speed",
        title=f"Speed, {speed['voxels']} voxels × {speed['frames']} frames, float32",
        note="FFT floor: forward and inverse real FFT of the batch padded to "
        f"{speed['length']}, {speed['floor_workers']} thread(s). Ratios of medians, and of the "
        "fastest calls. Times on fewer voxels are scaled up; memory is that of the timed voxels.",
        columns=SPEED,
        sections=(("", (floor, *map(_speed_cells, speed["rows"]))),),
    )


def _speed_cells(r: Row) -> tuple[str, ...]:
    return (
        r["method"],
        f"{1e3 * r['median']:.1f}",
        f"{1e3 * r['fastest']:.1f}",
        f"{r['us_per_voxel']:.2f}",
        f"{r['to_floor']:.1f}",
        number(r["to_osvd"]),
        f"{r['fastest_to_floor']:.1f}",
        f"{r['peak_bytes'] / 1e6:.0f}",
        f"{r['measured_voxels']}{' (scaled)' if r['scaled'] else ''}",
    )
