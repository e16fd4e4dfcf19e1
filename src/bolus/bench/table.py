"""The benchmark on a terminal."""

from typing import TYPE_CHECKING

import numpy as np

from bolus.bench.layout import as_rich, rich_table
from bolus.bench.limit import LIMIT
from bolus.bench.result import Benchmark
from bolus.bench.rows import AccuracyRow
from bolus.bench.score import INTERVALS
from bolus.bench.sheets import sheets
from bolus.bench.speed import Speed, SpeedRow

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
    "median ms",
    "fastest ms",
    "µs/voxel",
    "× FFT\nfloor",
    "×\nosvd",
    "fastest\n× floor",
    "peak MB",
    "timed voxels",
)


def tables(benchmark: Benchmark) -> "tuple[Table, ...]":
    """Accuracy over all repetition times, grouped by SNR, the further tables, and speed."""
    further = [as_rich(layout) for layout in sheets(benchmark.as_json())]
    speed = [] if benchmark.speed is None else [_speed(benchmark.speed)]
    return (_accuracy(benchmark), *further, *speed)


def _accuracy(benchmark: Benchmark) -> "Table":
    dts = "/".join(f"{dt:g}" for dt in benchmark.design.dts)
    count = benchmark.pooled[0].n
    table = rich_table(
        f"Accuracy, TR {dts} s, {count} curves an SNR, seed {benchmark.design.seed}",
        "Mean |log(estimate/true)|, its ratio to the limit's and to the better of osvd's and "
        "tikhonov's, median±robust SD of CBF/true, mean absolute errors in s "
        "(* of Tmax: no delay), correlation r of log CBF, share in % of 90 % intervals holding "
        f"{', '.join(INTERVALS)}, and of CBF missing or under 1 % of the truth. Best in bold.",
        ACCURACY,
    )
    for snr in benchmark.design.snrs:
        rows = [r for r in benchmark.pooled if r.snr == snr]
        others = [r.log_cbf for r in rows if r.method != LIMIT]
        table.add_row(f"SNR {snr:g}", style="bold cyan")
        for r in rows:
            best = r.method != LIMIT and r.log_cbf == min(others)
            style = "green" if r.method == LIMIT else "bold" if best else None
            table.add_row(*_accuracy_cells(r), style=style, end_section=r is rows[-1])
    return table


def _accuracy_cells(r: AccuracyRow) -> tuple[str, ...]:
    cover = r.coverage
    return (
        r.method,
        f"{r.log_cbf:.3f}",
        f"{r.log_cbf_ci[0]:.2f}–{r.log_cbf_ci[1]:.2f}",
        f"{r.to_limit:.2f}",
        _number(r.to_rival),
        f"{r.cbf_bias:.2f}±{r.cbf_spread:.2f}",
        f"{r.log_mtt:.3f}",
        _number(r.mtt_error),
        f"{r.log_cbv:.3f}",
        _number(r.delay_error) + ("*" if r.delay_from == "tmax" else " "),
        _number(r.correlation),
        " ".join(_number(100 * cover[name], 0) for name in INTERVALS) if cover else "–",
        f"{100 * r.failed:.1f}",
    )


def _speed(speed: Speed) -> "Table":
    table = rich_table(
        f"Speed, {speed.voxels} voxels × {speed.frames} frames, float32",
        f"FFT floor: forward and inverse real FFT of the batch padded to {speed.length}, "
        f"{speed.floor_workers} thread(s). Ratios of medians, and of the fastest calls. "
        "Times on fewer voxels are scaled up; memory is that of the timed voxels.",
        SPEED,
    )
    ms = (f"{1e3 * speed.floor_median:.1f}", f"{1e3 * speed.floor_fastest:.1f}")
    each = f"{1e6 * speed.floor_median / speed.voxels:.2f}"
    table.add_row("FFT floor", *ms, each, "1.0", "–", "1.0", "–", str(speed.voxels), style="green")
    for r in speed.rows:
        table.add_row(*_speed_cells(r))
    return table


def _speed_cells(r: SpeedRow) -> tuple[str, ...]:
    return (
        r.method,
        f"{1e3 * r.median:.1f}",
        f"{1e3 * r.fastest:.1f}",
        f"{r.us_per_voxel:.2f}",
        f"{r.to_floor:.1f}",
        _number(r.to_osvd),
        f"{r.fastest_to_floor:.1f}",
        f"{r.peak_bytes / 1e6:.0f}",
        f"{r.measured_voxels}{' (scaled)' if r.scaled else ''}",
    )


def _number(value: float, digits: int = 2) -> str:
    return f"{value:.{digits}f}" if np.isfinite(value) else "–"
