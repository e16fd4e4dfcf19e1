"""The published study and a run of ours side by side, deviation by deviation."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bolus.data import BolusError
from bolus.estimators.phae import read_weights
from bolus.grading import mann_whitney
from bolus.grading.cutoff import PAPER_HIGH, PAPER_LOW
from bolus.io.cohort import Participant
from bolus.io.timing import read_sidecar
from bolus.report.text.layout import Layout
from bolus.study.published import STAND_INS
from bolus.study.table import PUBLISHED, PublishedRow

PAPER_STEPS = 70_000
"""Roughly: 65 epochs of all brain voxels of 39 patients in batches of 1536."""


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What is compared of a study with the published one.

    ``participants`` were examined, ``trained`` says how many were trained on; ``provenance`` is
    that of the weights, None where none were trained; ``achieved`` the median SNR at every level.
    """

    participants: Sequence[Participant]
    trained: int
    provenance: Mapping[str, object] | None
    achieved: Mapping[str, float]


def deviations(ran: Ran) -> Layout:
    """What the published study did, and what this run did."""
    grades = [p.grade for p in ran.participants]
    simulated = any(p.truth for p in ran.participants)
    ours = f"{len(grades)} tested ({grades.count('LGG')} low, {grades.count('HGG')} high grade)"
    levels = ", ".join(f"{name}: {value:.0f}" for name, value in ran.achieved.items())
    rows = (
        (
            "patients",
            f"39 trained on, {PAPER_LOW + PAPER_HIGH} tested (10 of QIN-BRAIN-DSC-MRI, 15 of "
            f"Poitiers; {PAPER_LOW} low, {PAPER_HIGH} high grade, inferred)",
            f"{ran.trained} trained on, {ours}" + ("; simulated" if simulated else ""),
        ),
        ("scan", "TR 1.2 s, TE 30 ms, flip angle 72°, agent given before", _scan(ran.participants)),
        ("regions", "drawn by experts", "of the simulation" if simulated else "the cohort's masks"),
        ("leakage, head motion", "not corrected", "not corrected"),
        (
            "arterial input",
            "mean signal of marked voxels, then converted",
            "the same; found automatically where no voxels are marked, and in training the mean "
            "concentration",
        ),
        ("noise", "added to every voxel, arterial ones too", "the same, up to the SNR in all"),
        ("SNR", "mean of the baseline over its SD", f"the same; achieved {levels}"),
        (
            "training of phae-paper",
            f"65 epochs, batches of 1536, Adam 1e-4, no early stop, about {PAPER_STEPS} steps",
            _training(ran.provenance),
        ),
        (
            "network",
            "pooling, the MTT's last step and the quadrature are not said",
            "mean over time; softplus over 0.3 s; piecewise-linear",
        ),
        (
            "voxels without blood",
            "not said",
            "CBF clamped to 0 or more where noise makes CBV negative",
        ),
        (
            "oSVD and Tikhonov",
            "by a program (PWS) that has neither an oscillation index nor an L-curve",
            "osvd and tikhonov as published for themselves; "
            f"{' and '.join(STAND_INS)} as that program computes",
        ),
        ("machine", "16 Xeon cores", "one core"),
    )
    return Layout(
        name="deviations",
        title="The published study and this run",
        note="Table 1 has the figures of both. Another cohort, other masks and another program: "
        "equal figures are not to be expected.",
        columns=("what", "published", "this run"),
        sections=(("", rows),),
    )


def contradictions() -> Layout:
    """Where the published figures do not fit each other, by our own tests."""
    return Layout(
        name="contradictions",
        title="Where the published figures do not fit each other",
        note=f"p of the two-sided Mann-Whitney test that an AUC gives with {PAPER_HIGH} high- and "
        f"{PAPER_LOW} low-grade patients, over the AUCs that round to the published one. 'missed': "
        f"high-grade tumours below the cut-off, from the sensitivity; the text says that all three "
        "methods missed four tumours of grade 3.",
        columns=("method", "AUC", "p published", "p of that AUC", "AUC of that p", "missed"),
        sections=(("", tuple(_contradiction(row) for row in PUBLISHED)),),
    )


def p_of(auc: float) -> float:
    """The p of a Mann-Whitney test of the published numbers of patients at an AUC, without ties.

    The test depends on the scores by their order alone, and without ties on its AUC alone.
    """
    pairs = round(auc * PAPER_HIGH * PAPER_LOW)
    above, more = divmod(pairs, PAPER_HIGH)
    places = np.array([above + (number < more) for number in range(PAPER_HIGH)], dtype=float)
    high = places + 0.5 + np.arange(PAPER_HIGH) / (10 * PAPER_HIGH)
    scores = [*high, *range(1, PAPER_LOW + 1)]
    return mann_whitney(scores, [True] * PAPER_HIGH + [False] * PAPER_LOW)


def areas_of(auc: float) -> tuple[float, ...]:
    """AUCs that are possible without ties and round to a published one of two digits."""
    pairs = PAPER_HIGH * PAPER_LOW
    return tuple(n / pairs for n in range(pairs + 1) if abs(n / pairs - auc) <= 0.005)


def _contradiction(row: PublishedRow) -> tuple[str, ...]:
    ps = sorted(p_of(area) for area in areas_of(row.auc))
    pairs = PAPER_HIGH * PAPER_LOW
    fits = min(
        (n / pairs for n in range(pairs // 2, pairs + 1)),
        key=lambda area: abs(math.log(p_of(area) / row.p)),
    )
    missed = PAPER_HIGH - round(row.rates[0] * PAPER_HIGH)
    return (
        row.method,
        f"{row.auc:.2f}",
        f"{row.p:g}",
        f"{ps[0]:.4f}–{ps[-1]:.4f}",
        f"{fits:.2f}",
        f"{missed} of {PAPER_HIGH}",
    )


def trained_weights(path: object) -> Mapping[str, object] | None:
    """How the weights of a file were made."""
    return None if path is None else read_weights(str(path)).provenance


def _scan(participants: Sequence[Participant]) -> str:
    """TR and TE of the series, from their sidecars."""
    found: dict[str, set[float]] = {"RepetitionTime": set(), "EchoTime": set()}
    for one in participants:
        try:
            sidecar = read_sidecar(one.series)
        except BolusError:
            continue
        for name, values in found.items():
            value = sidecar.get(name)
            if isinstance(value, int | float):
                values.add(float(value))
    trs, tes = (sorted(values) for values in found.values())
    if not trs or not tes:
        return "not said beside the series"
    tr = " and ".join(dict.fromkeys((f"{trs[0]:g}", f"{trs[-1]:g}")))
    te = " and ".join(dict.fromkeys((f"{1000 * tes[0]:g}", f"{1000 * tes[-1]:g}")))
    return f"TR {tr} s, TE {te} ms"


def _training(provenance: Mapping[str, object] | None) -> str:
    if provenance is None:
        return "none; weights as shipped"
    recipe = provenance["recipe"]
    assert isinstance(recipe, Mapping)
    epochs, batch = int(str(provenance["epochs_run"])), int(recipe["batch"])
    steps = epochs * int(str(provenance["voxels"])) // batch
    passes = f"{epochs} epoch" + ("s" if epochs > 1 else "")
    return (
        f"{passes}, batches of {batch}, Adam {recipe['lr']:g}, no early stop, no patient held out, "
        f"about {steps} steps"
    )
