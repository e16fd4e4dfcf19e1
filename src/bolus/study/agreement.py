"""Where a study agrees with what the published one found, and where not."""

from collections.abc import Mapping, Sequence

from bolus.grading.cutoff import PAPER_HIGH
from bolus.report.text.layout import Layout
from bolus.study.patient import Row
from bolus.study.residues import ResidueTest, verdict
from bolus.study.settings import NO_NOISE
from bolus.study.subgroup import THIRD
from bolus.study.table import PUBLISHED, Pair, TableRow

OWN, OTHERS = "phae-paper", ("osvd", "tikhonov")
NAMES = {"osvd": "oSVD", "tikhonov": "Tikhonov"}
Line = tuple[str, str, str, str]


def agreement_table(
    rows: Sequence[Row],
    table: Sequence[TableRow],
    pairs: Sequence[Pair],
    residues: Sequence[ResidueTest],
) -> Layout | None:
    """The published findings one by one; None without ``phae-paper`` and a method beside it."""
    at = {(row.method, row.snr): row for row in table if row.roc is not None}
    others = [name for name in OTHERS if (name, NO_NOISE) in at]
    if (OWN, NO_NOISE) not in at or not others:
        return None
    lines = [line for other in others if (line := _area(other, pairs)) is not None]
    lines += [
        *_noise(at, others),
        *_residue(residues),
        _cutoff(at, others),
        _seconds(at, others),
        *_missed(at[OWN, NO_NOISE], rows),
    ]
    return Layout(
        name="agreement",
        title="What the published study found, and this one",
        note="Another cohort, so that figures differ; what is held together are the findings. "
        "'in direction': as published, within chance; 'against': the other way, within chance; "
        "'no': the other way, beyond chance (95 %), or where there is no test.",
        columns=("finding", "published", "this study", "agrees"),
        sections=(("", tuple(lines)),),
    )


def _area(other: str, pairs: Sequence[Pair]) -> Line | None:
    """The network tells the grades apart at least as well as a deconvolution does."""
    own = next(
        (p for p in pairs if {p.first, p.second} == {OWN, other} and p.snr == NO_NOISE), None
    )
    if own is None:
        return None
    known = {row.method: row.auc for row in PUBLISHED}
    sign = 1 if own.first == OWN else -1
    low, high = sorted(sign * end for end in own.comparison.ci)
    difference = sign * own.comparison.difference
    if difference > 0:
        agrees = "yes" if low > 0 else "in direction"
    else:
        agrees = "no" if high < 0 else "against"
    return (
        f"AUC of {OWN} above that of {other}",
        f"{known['PHAE'] - known[NAMES[other]]:+.2f}",
        f"{difference:+.3f} ({low:+.2f} to {high:+.2f})",
        agrees,
    )


def _noise(at: dict[tuple[str, str], TableRow], others: Sequence[str]) -> list[Line]:
    """Noise costs the network least."""
    levels = [snr for method, snr in at if method == OWN and snr != NO_NOISE]
    if not levels:
        return []
    worst = min(levels, key=float)
    lost = {
        name: _auc(at[name, NO_NOISE]) - _auc(at[name, worst])
        for name in (OWN, *others)
        if (name, worst) in at
    }
    told = ", ".join(f"{name} {value:+.3f}" for name, value in lost.items())
    least = len(lost) > 1 and lost[OWN] <= min(lost.values())
    return [
        (
            f"AUC lost down to SNR {worst} is least with {OWN}",
            "PHAE stays highest at SNR 10",
            told,
            "yes" if least else "no",
        )
    ]


def _residue(residues: Sequence[ResidueTest]) -> list[Line]:
    if not residues:
        return []
    told = verdict(residues)
    agrees = "yes" if "no difference of AUC" in told else "no"
    return [("the decoder's residue does not matter", "no significant change", told, agrees)]


def _cutoff(at: dict[tuple[str, str], TableRow], others: Sequence[str]) -> Line:
    """The network's cut-off is the lowest."""
    known = {row.method: row.cutoff for row in PUBLISHED}
    found = {name: row.roc.cutoff for name in (OWN, *others) if (row := at[name, NO_NOISE]).roc}
    return (
        f"{OWN} has the lowest cut-off",
        ", ".join(f"{value:.2f}" for value in known.values()),
        ", ".join(f"{name} {value:.2f}" for name, value in found.items()),
        "yes" if _lowest(found) else "no",
    )


def _seconds(at: dict[tuple[str, str], TableRow], others: Sequence[str]) -> Line:
    """The network is the fastest, trained already."""
    found = {name: at[name, NO_NOISE].seconds for name in (OWN, *others)}
    return (
        f"{OWN} is fastest, seconds a patient",
        ", ".join(f"{row.seconds:g}" for row in PUBLISHED),
        ", ".join(f"{name} {value:.2f}" for name, value in found.items()),
        "yes" if _lowest(found) else "no",
    )


def _missed(own: TableRow, rows: Sequence[Row]) -> list[Line]:
    """The high-grade tumours that are missed are of grade 3."""
    assert own.roc is not None
    high = [r for r in rows if (r.method, r.snr, r.grade) == (OWN, NO_NOISE, "HGG")]
    if not any(r.who for r in high):
        return []
    missed = [r.who for r in high if r.ratio < own.roc.cutoff]
    third = missed.count(THIRD)
    return [
        (
            "missed high-grade tumours are of WHO grade 3",
            f"4 of 4 by the text, of {PAPER_HIGH} patients",
            f"{third} of {len(missed)} missed; {sum(r.who == THIRD for r in high)} of {len(high)} "
            "have grade 3",
            "yes" if third == len(missed) else "no",
        )
    ]


def _lowest(found: Mapping[str, float]) -> bool:
    """Whether the network's number is below all others."""
    return all(found[OWN] < value for name, value in found.items() if name != OWN)


def _auc(row: TableRow) -> float:
    assert row.roc is not None
    return row.roc.auc
