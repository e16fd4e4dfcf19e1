"""Intervals of many strokes: what is counted, and who is left out."""

import math

from bolus.bench import strokes
from bolus.bench.strokes import SNRS, StrokeRow, run_intervals
from bolus.bench.strokes_page import intervals_layout
from bolus.data import ArterialInputError
from recorder import Recorder


def row(seed, snr, value, half):
    return StrokeRow(
        seed=seed,
        snr=snr,
        method="joint",
        measure="late_volume",
        region="Tmax > 6 s",
        true=100.0,
        value=value,
        low=value - half,
        high=value + half,
    )


def test_intervals_are_counted_in_all_and_by_snr():
    rows = [row(1, 50.0, 110.0, 20.0), row(2, 50.0, 140.0, 20.0), row(3, 10.0, 95.0, 10.0),
            row(4, 10.0, 95.0, math.nan)]  # fmt: skip
    ((_, lines),) = intervals_layout(rows).sections
    assert lines == (
        ("Volume of late tissue (Tmax > 6 s), mL", "100", "3", "67 %", "50 %", "100 %", "40", "10"),
    )


def test_a_stroke_without_an_artery_is_skipped_and_told(monkeypatch):
    def measured(seed, snr, methods, shape):
        if seed == 11:
            raise ArterialInputError("no artery")
        assert methods == ("joint",)
        return (row(seed, snr, 100.0, 1.0),)

    heard = Recorder()
    monkeypatch.setattr(strokes, "measure_stroke", measured)
    found = run_intervals((10, 11, 12), jobs=1, reporter=heard)
    assert [(one.seed, one.snr) for one in found] == [(10, SNRS[1]), (12, SNRS[0])]
    assert heard.skips == [("stroke 11", "no artery")]
