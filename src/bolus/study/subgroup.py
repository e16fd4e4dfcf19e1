"""Low grade against the high-grade gliomas that are hardest to tell from it: WHO grade 3."""

from collections.abc import Sequence

from bolus.grading import auc, wilson
from bolus.report.text.layout import Layout
from bolus.study.patient import Row
from bolus.study.settings import NO_NOISE
from bolus.study.table import TRUTH, TableRow

THIRD = "3"
LEAST = 2


def subgroup_table(rows: Sequence[Row], table: Sequence[TableRow]) -> Layout | None:
    """AUC of grade 3 against low grade, and how many of either grade Table 1's cut-off finds.

    Without added noise. None where participants.tsv has no who_grade with two patients of grade 3.
    """
    known = [row for row in table if row.snr == NO_NOISE and row.roc is not None]
    lines = [line for row in known if (line := _line(row, rows)) is not None]
    if not lines:
        return None
    return Layout(
        name="grade3",
        title="WHO grade 3 against low grade",
        note="Without added noise. The cut-off is that of Table 1, chosen on all patients. "
        "'found': high-grade tumours at or above it, with Wilson's 95 % interval.",
        columns=("method", "AUC of grade 3", "grade 3 found", "grade 4 found"),
        sections=(("", tuple(lines)),),
    )


def _line(one: TableRow, rows: Sequence[Row]) -> tuple[str, ...] | None:
    scores = _scores(one, rows)
    low, third, fourth = (
        [ratio for grade, who, ratio in scores if wanted(grade, who)]
        for wanted in (
            lambda grade, who: grade == "LGG",
            lambda grade, who: grade == "HGG" and who == THIRD,
            lambda grade, who: grade == "HGG" and who not in (THIRD, ""),
        )
    )
    if min(len(low), len(third)) < LEAST or one.roc is None:
        return None
    area = auc([*third, *low], [True] * len(third) + [False] * len(low))
    name = "true ratio" if one.method == TRUTH else one.method
    return (name, f"{area:.3f}", *(_found(own, one.roc.cutoff) for own in (third, fourth)))


def _scores(one: TableRow, rows: Sequence[Row]) -> list[tuple[str, str, float]]:
    """Grade, WHO grade and ratio of every patient with a ratio."""
    if one.method == TRUTH:
        unique = {row.participant_id: row for row in rows}.values()
        return [(r.grade, r.who, r.true_ratio) for r in unique if r.true_ratio == r.true_ratio]
    own = [r for r in rows if (r.method, r.snr) == (one.method, NO_NOISE)]
    return [(r.grade, r.who, r.ratio) for r in own if r.ratio == r.ratio]


def _found(ratios: Sequence[float], cutoff: float) -> str:
    if not ratios:
        return "–"
    hits = sum(ratio >= cutoff for ratio in ratios)
    low, high = wilson(hits, len(ratios))
    return f"{hits} of {len(ratios)} ({100 * low:.0f}–{100 * high:.0f} %)"
