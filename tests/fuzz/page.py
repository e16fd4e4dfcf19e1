"""The page that says what the campaigns found."""

from collections import Counter
from collections.abc import Sequence

from fuzz.campaign import Campaign

NAMES = {"nifti": "NIfTI", "sidecar": "Sidecar and given times", "dicom": "DICOM"}


def page(campaigns: Sequence[Campaign]) -> str:
    """Markdown: one table over all kinds, one over the mutations, and every fault."""
    lines = [
        "# Broken and absurd input",
        "",
        "What `bolus maps` makes of files that are damaged, that contradict themselves, or that "
        "say what no scanner does.",
        "Every case is one small series with one seeded change, read, measured by `osvd` and, for "
        "some, corrected for motion and saved with its page, in a process of limited memory. "
        "It may be read, where the change is harmless or may be meant, or refused by an error "
        "that has a name. Anything else is a fault.",
        "",
        "`make fuzz` writes this page; CI runs a short campaign of other cases.",
        "",
        *_table(campaigns),
        "",
        "*Maps of nonsense*: absolute maps of a series that is constant, reversed in time, of two "
        "values, without a bolus, with an echo time outside 3 to 150 ms, a time between frames "
        "outside 0.1 to 5 s, or a brain of no size; or maps whose medians no brain has. "
        "*Hangs*: over 30 s of processor time. *Refused after*: by reading alone (`SeriesError`); "
        "a bolus, a brain or arteries that are not found take a measurement.",
        "",
        "## By kind of change",
        "",
        *_kinds(campaigns),
        "",
        "## Errors by name",
        "",
        *_errors(campaigns),
        "",
        "## Faults",
        "",
        *_faults(campaigns),
    ]
    return "\n".join(lines) + "\n"


def _table(campaigns: Sequence[Campaign]) -> list[str]:
    head = ["Input", "cases", "seed", "refused by name", "read", "unnamed exceptions", "hangs",
            "deaths", "maps of nonsense", "refused after at most, s", "memory, MB"]  # fmt: skip
    rows = []
    for one in campaigns:
        read = [o.seconds for o in one.of("refused") if o.told.startswith("SeriesError")]
        slowest = max(read, default=0.0)
        counts = [len(one.of(name)) for name in
                  ("refused", "read", "unnamed", "hang", "killed", "nonsense")]  # fmt: skip
        rows.append([NAMES[one.kind], len(one.outcomes), one.seed, *counts, f"{slowest:.1f}",
                     f"{one.megabytes:.0f}"])  # fmt: skip
    return _markdown(head, rows)


def _kinds(campaigns: Sequence[Campaign]) -> list[str]:
    rows = []
    for one in campaigns:
        for mutation in sorted({outcome.mutation for outcome in one.outcomes}):
            own = Counter(o.outcome for o in one.outcomes if o.mutation == mutation)
            faults = own.total() - own["refused"] - own["read"]
            rows.append([mutation.replace("_", " "), own.total(), own["refused"], own["read"],
                         faults])  # fmt: skip
    return _markdown(["Change", "cases", "refused", "read", "faults"], rows)


def _errors(campaigns: Sequence[Campaign]) -> list[str]:
    names = Counter(o.told.split(":")[0] for one in campaigns for o in one.of("refused"))
    return _markdown(["Error", "cases"], [[f"`{name}`", n] for name, n in names.most_common()])


def _faults(campaigns: Sequence[Campaign]) -> list[str]:
    found = [(one.kind, fault) for one in campaigns for fault in one.faults]
    if not found:
        return ["None."]
    return [f"- {kind} {f.case}: {f.change}: {f.outcome}: `{f.told}`" for kind, f in found]


def _markdown(head: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return [*lines, *("| " + " | ".join(str(cell) for cell in row) + " |" for row in rows)]
