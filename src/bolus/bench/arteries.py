"""Arteries that do not fill their voxels: what is left of absolute CBF and CBV.

Simulated heads are sampled through k-space, with arteries of 2 to 6.5 mm in voxels of 3.4 mm, and
mapped with the arterial input as its voxels have it and without the tissue in them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import spearmanr

from bolus.base.progress import QUIET, Reporter, Steps
from bolus.data import ArterialInputError, Preparation, Unmixing
from bolus.patient import Measured, estimate, measure
from bolus.phantom import DigitalPatient, Realism, simulate_patient
from bolus.physics import area
from bolus.report.text.layout import Layout, as_markdown

WINDOWS = {"none": 1.0, "half": 0.5, "Hamming": 0.08}
"""Weight of the rim of k-space."""
TRUNKS: tuple[float | None, ...] = (None, 2.0, 3.0, 4.0)
"""Diameters of arteries, mm; None for two voxels."""
SNRS = (100.0, 50.0, 20.0)
PIECES = (3, 3, 1)
SEEDS = tuple(range(5000, 5024))
MIXED = Preparation(motion=None, unmixing=Unmixing(use=False))
UNMIXED = Preparation(motion=None)
METHOD = "phae"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One head: ``sampling`` of WINDOWS or "whole" for voxels that are not sampled."""

    seed: int
    sampling: str
    trunk: float | None
    snr: float
    shape: tuple[int, int, int] = (64, 64, 8)

    def simulated(self) -> DigitalPatient:
        """The head, at 3 T and 1.5 T in turn."""
        whole = self.sampling == "whole"
        realism = (
            Realism()
            if whole
            else Realism(pieces=PIECES, window=WINDOWS[self.sampling], trunk=self.trunk)
        )
        field = (3.0, 1.5)[self.seed % 2]
        return simulate_patient(
            seed=self.seed, snr=self.snr, field=field, shape=self.shape, realism=realism
        )


def plans(seeds: Sequence[int] = SEEDS) -> list[Plan]:
    """A head a seed; sampling, diameter and SNR in turn, and six heads of whole voxels."""
    names = list(WINDOWS)
    sampled = [
        Plan(seed=s, sampling=names[s % 3], trunk=TRUNKS[s // 3 % 4], snr=SNRS[s // 2 % 3])
        for s in seeds
    ]
    return sampled + [
        Plan(seed=s + 100, sampling="whole", trunk=None, snr=SNRS[s % 3]) for s in seeds[:6]
    ]


@dataclass(frozen=True, kw_only=True)
class Factors:
    """Found over true: the ``area`` of the arterial input, medians of CBF, CBV and MTT."""

    area: float
    cbf: float
    cbv: float
    mtt: float


@dataclass(frozen=True, kw_only=True)
class Head:
    """A plan, factors and scores of both arterial inputs; ``refused`` says why there are none."""

    plan: Plan
    mixed: Factors | None = None
    unmixed: Factors | None = None
    scale_sd: float = math.nan
    score: float = math.nan
    mixed_score: float = math.nan
    refused: str = ""


def run_arteries(todo: Sequence[Plan] | None = None, *, reporter: Reporter = QUIET) -> list[Head]:
    """Simulate every head and map it twice by METHOD; about ten minutes for all."""
    chosen = plans() if todo is None else todo
    steps = Steps(len(chosen), reporter)
    found = []
    for plan in chosen:
        steps(f"head {plan.seed}")
        found.append(_mapped(plan))
    steps.finish()
    return found


def _mapped(plan: Plan) -> Head:
    made = plan.simulated()
    try:
        after = measure(made.series, preparation=UNMIXED)
    except ArterialInputError as error:
        return Head(plan=plan, refused=str(error))
    assert after.aif.mask is not None
    before = measure(made.series, after.aif.mask, preparation=MIXED)
    sd = after.aif.scale_sd
    return Head(
        plan=plan,
        mixed=_factors(made, before),
        unmixed=_factors(made, after),
        scale_sd=math.nan if sd is None else sd,
        score=after.aif.quality or 0.0,
        mixed_score=before.aif.quality or 0.0,
    )


def _factors(made: DigitalPatient, measured: Measured) -> Factors:
    """Of grey and white matter outside the large vessels."""
    maps, dt = estimate(measured, METHOD), measured.series.dt
    tissue = (made.masks.grey | made.masks.white) & ~made.masks.vessels & measured.series.mask
    true = made.aif[measured.series.frames.used]
    return Factors(
        area=float(area(measured.aif.curve, dt) / area(true, dt)),
        **{
            name: float(np.nanmedian(maps.volume(name)[tissue] / getattr(made.truth, name)[tissue]))
            for name in ("cbf", "cbv", "mtt")
        },
    )


def arteries_page(found: Sequence[Head]) -> str:
    """The table as a page of Markdown."""
    head = "# Arteries that do not fill their voxels\n\nWritten by `bolus bench --arteries`.\n"
    return "\n".join([head, as_markdown(arteries_layout(found))])


def arteries_layout(found: Sequence[Head]) -> Layout:
    """A row a sampling, and what scores and SDs say of errors."""
    known = [head for head in found if head.unmixed is not None]
    sampled = [head for head in known if head.plan.sampling != "whole"]
    rows = tuple(
        _row(name, [head for head in found if head.plan.sampling == name])
        for name in (*WINDOWS, "whole")
    )
    before = _ranked([-head.mixed_score for head in sampled], sampled, "mixed")
    after = _ranked([-head.score for head in sampled], sampled, "unmixed")
    both = _rank(
        [-score for head in sampled for score in (head.mixed_score, head.score)],
        [_off(head, which) for head in sampled for which in ("mixed", "unmixed")],
    )
    held = sum(_off(head, "unmixed") <= 1.645 * head.scale_sd for head in sampled)
    note = (
        "Heads of 64 × 64 × 8 voxels, TR 1.5 s, SNR 20 to 100, sampled through k-space under three "
        "windows (weight of the rim 1, 0.5 and 0.08), with carotid and middle cerebral arteries of "
        "2, 3, 4 mm and two voxels, and six of whole voxels with arteries of two. By "
        f"`{METHOD}`, without motion correction. Area of the arterial input, and median of CBF, "
        "CBV and MTT of grey and white matter over the truth, median of the heads (range); with "
        "the arterial voxels as they are, and with the tissue in them taken off, held "
        "against a vein (sinuses of 6 mm). Of the "
        f"{len(sampled)} sampled heads that were not refused {held} have their CBF within 1.645 "
        "times the SD that is given for the scale. Rank correlation of a low score with the error "
        f"of CBF: {before:.2f} as they are, {after:.2f} without tissue, {both:.2f} over both "
        "inputs of all heads."
    )
    columns = ("sampling", "heads", "refused", "area as it is", "CBF as it is")
    return Layout(
        name="arteries",
        title="Absolute scale",
        note=note,
        columns=(*columns, "area", "CBF", "CBV", "MTT"),
        sections=(("", rows),),
    )


def _ranked(low: Sequence[float], heads: Sequence[Head], which: str) -> float:
    """Rank correlation of a low score with the error of CBF; NaN where either is constant."""
    return _rank(low, [_off(head, which) for head in heads])


def _rank(one: Sequence[float], other: Sequence[float]) -> float:
    if min(len(set(one)), len(set(other))) < 2:
        return math.nan
    return float(spearmanr(one, other).statistic)


def _row(name: str, heads: Sequence[Head]) -> tuple[str, ...]:
    refused = sum(head.unmixed is None for head in heads)

    def cell(which: str, quantity: str) -> str:
        factors = [getattr(head, which) for head in heads]
        values = [getattr(one, quantity) for one in factors if one is not None]
        if not values:
            return "–"
        return f"{np.median(values):.2f} ({min(values):.2f}–{max(values):.2f})"

    return (
        name,
        str(len(heads)),
        str(refused),
        cell("mixed", "area"),
        cell("mixed", "cbf"),
        *(cell("unmixed", quantity) for quantity in ("area", "cbf", "cbv", "mtt")),
    )


def _off(head: Head, which: str) -> float:
    """|ln(CBF/true)|."""
    return abs(math.log(getattr(head, which).cbf))
