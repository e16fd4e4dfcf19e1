"""What an error of the arterial input does: its noise, its scale, its time."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from bolus.base.progress import Steps
from bolus.bench.design import CurveBatch, Design
from bolus.bench.score import FLOOR
from bolus.bench.trial import Methods, Work, quick
from bolus.estimators import deconvolve

DT, SNRS = 1.5, (50.0, 20.0)
PEAK_SNR = 50.0
SCALE = 0.7
SHIFT = 2.0
CASES = ("noise", "scale", "earlier", "later")


@dataclass(frozen=True, kw_only=True)
class ArterialRow:
    """A method that is given a wrong arterial input, against itself with the true one.

    ``case``: noise of SD peak/50, values ×0.7, or 2 s ``earlier`` or ``later``. ``change`` is the
    median of CBF over what it was, divided by 1/0.7 for the scale, which no method can know;
    ``spread`` the mean |log| of that; ``delay_change`` the median in s, of Tmax where there is no
    delay. ``log_cbf`` is the mean |log(CBF/true)| now, ``log_cbf_true_aif`` with the true input,
    both after the same division.
    """

    method: str
    case: str
    snr: float
    n: int
    change: float
    spread: float
    delay_change: float
    log_cbf: float
    log_cbf_true_aif: float


def arterial(design: Design, methods: Methods) -> Work[ArterialRow]:
    """Robustness at TR 1.5 s, SNR 50 and 20; the slow methods are left out."""
    own, fast = replace(design, dts=(DT,), snrs=SNRS), quick(methods)

    def rows(steps: Steps) -> tuple[ArterialRow, ...]:
        batches = list(own.batches())
        found: list[ArterialRow] = []
        for name in fast:
            steps(f"arterial errors: {name}")
            found += _rows(name, fast, own, batches)
        return tuple(found)

    return Work(len(fast), rows)


def wrong_input(design: Design, number: int, case: str) -> Float[np.ndarray, " t"]:
    """The arterial input (t,) that a method is given in one of CASES, in 1/s."""
    if case in ("earlier", "later"):
        return design.arterial_input(0, number, SHIFT if case == "later" else -SHIFT)
    true = design.arterial_input(0, number)
    if case == "scale":
        return SCALE * true
    rng = np.random.default_rng([design.seed, number, 7])
    return true + true.max() / PEAK_SNR * rng.standard_normal(true.size)


def _rows(
    name: str, methods: Methods, design: Design, batches: list[CurveBatch]
) -> Iterator[ArterialRow]:
    snr = np.concatenate([b.snr for b in batches])
    true_cbf = np.concatenate([b.cbf for b in batches])

    def estimates(aifs: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        found = [
            deconvolve(b.tissue, aif, b.dt, methods[name], b.baseline_sd)
            for b, aif in zip(batches, aifs, strict=True)
        ]
        late = [np.where(np.isfinite(p.delay), p.delay, p.tmax) for p in found]
        return np.concatenate([p.cbf for p in found]), np.concatenate(late)

    before, delay_before = estimates([b.aif for b in batches])
    for case in CASES:
        after, delay = estimates([wrong_input(design, i, case) for i in range(len(batches))])
        after = after * SCALE if case == "scale" else after
        for level in SNRS:
            keep = snr == level
            figures = changes(before[keep], after[keep], true_cbf[keep])
            late = float(np.nanmedian((delay - delay_before)[keep]))
            yield ArterialRow(
                method=name, case=case, snr=level, n=int(keep.sum()), delay_change=late, **figures
            )


def changes(
    before: Float[np.ndarray, " n"], after: Float[np.ndarray, " n"], true: Float[np.ndarray, " n"]
) -> dict[str, float]:
    """Figures of an ArterialRow from CBF with the true input, with the wrong one, and the truth."""
    was, now = (np.fmax(cbf / true, FLOOR) for cbf in (before, after))
    return {
        "change": float(np.median(now / was)),
        "spread": float(np.abs(np.log(now / was)).mean()),
        "log_cbf": float(np.abs(np.log(now)).mean()),
        "log_cbf_true_aif": float(np.abs(np.log(was)).mean()),
    }
