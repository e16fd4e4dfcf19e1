"""Other scans: repetition times from 0.5 to 3 s, 40 to 150 s long."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from bolus.base.progress import Steps
from bolus.bench.design import Design
from bolus.bench.limit import LIMIT
from bolus.bench.statistics import coverage
from bolus.bench.trial import Methods, Trial, Work, quick, run_trial, trial_steps
from bolus.data.plausible import MIN_FRAMES

DTS = (0.5, 1.0, 2.0, 3.0)
DURATIONS = (40.0, 60.0, 90.0, 150.0)
SNRS = (50.0, 20.0)
ONSET = (12.0, 15.0)
"""Early enough, in s, that the bolus has passed in the shortest scan."""
CURVES = 192


@dataclass(frozen=True, kw_only=True)
class ProtocolRow:
    """One method at one repetition time and length in s; figures as in AccuracyRow."""

    method: str
    dt: float
    duration: float
    snr: float
    n: int
    log_cbf: float
    to_limit: float
    cbf_bias: float
    coverage: dict[str, float] | None


def protocols(design: Design, methods: Methods) -> Work[ProtocolRow]:
    """Accuracy of the quick methods and the limit, where a scan has the frames a method needs."""
    fast, designs = quick(methods), protocol_designs(design)

    def rows(steps: Steps) -> tuple[ProtocolRow, ...]:
        found: list[ProtocolRow] = []
        for own in designs:
            trial = run_trial(own, fast, steps, label=f"{own.duration:g} s long")
            found += _rows(trial, own)
        return tuple(found)

    return Work(sum(trial_steps(own, fast) for own in designs), rows)


def protocol_designs(design: Design) -> list[Design]:
    """A design a scan, of at most CURVES curves a cell; those under 20 frames are left out."""
    curves = min(CURVES, design.curves_per_cell)
    return [
        replace(
            design,
            curves_per_cell=curves,
            dts=(dt,),
            snrs=SNRS,
            duration=duration,
            onset=ONSET,
        )
        for dt in DTS
        for duration in DURATIONS
        if round(duration / dt) >= MIN_FRAMES
    ]


def _rows(trial: Trial, design: Design) -> Iterator[ProtocolRow]:
    for snr in design.snrs:
        part = trial.where(trial.snr == snr)
        best = part.errors[LIMIT].log_cbf.mean()
        for name, e in part.errors.items():
            yield ProtocolRow(
                method=name,
                dt=design.dts[0],
                duration=design.duration,
                snr=snr,
                n=e.log_cbf.size,
                log_cbf=float(e.log_cbf.mean()),
                to_limit=float(e.log_cbf.mean() / best),
                cbf_bias=float(np.median(e.ratio)),
                coverage=coverage(e.covered),
            )
