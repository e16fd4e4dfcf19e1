"""The page of registrations to simulated anatomical images."""

from collections.abc import Callable, Sequence

import numpy as np

from bolus.bench.anatomy import Plan, Registered, Registrations
from bolus.preprocess.anatomy.judge import LARGEST, SHIFT
from bolus.report.text.layout import Layout, as_markdown

KINDS: dict[str, Callable[[Plan], bool]] = {
    "all": lambda plan: True,
    "whole brains": lambda plan: not plan.slab,
    "slabs of six slices": lambda plan: plan.slab,
    "T1-weighted": lambda plan: plan.contrast == "t1c",
    "FLAIR": lambda plan: plan.contrast == "flair",
}


def anatomy_page(found: Registrations) -> str:
    """The tables as a page of Markdown."""
    head = "# Registration to an anatomical image\n\nWritten by `bolus bench --anatomy`.\n"
    parts = (own_layout(found.own), others_layout(found))
    return "\n".join([head, *(as_markdown(part) for part in parts)])


def own_layout(own: Sequence[Registered]) -> Layout:
    """A row a kind of heads."""
    rows = tuple(
        _row(name, [one for one in own if wanted(one.plan)]) for name, wanted in KINDS.items()
    )
    note = (
        "Simulated heads, each with its own image: T1-weighted after contrast agent or FLAIR, "
        "of 1 to 1.2 mm in slices of 1.2, 2 or 5 mm, three quarters of the heads with a tumour. "
        "The head lies up to 15 mm and 15° (a shift in any direction, a turn about any axis) from "
        "where the headers put it, and the series is displaced by up to 3 mm along "
        "phase encoding, smoothly and without mean or gradient over the brain. Whole brains of 3.4 "
        "or 3.1 mm in slices of 7 or 5.3 mm, slabs of 2.8 or 3.4 mm in slices of 7 mm, SNR 50 or "
        "25. Error: mean over the brain of the distance from the rigid truth, mm. Seconds are "
        "processor time of one thread."
    )
    return Layout(
        name="own",
        title="Its own image",
        note=note,
        columns=("heads", "number", "refused", "start, median", "error, median",
                 "95th percentile", "largest", "seconds, median", "largest "),
        sections=(("", rows),),
    )  # fmt: skip


def _row(name: str, found: Sequence[Registered]) -> tuple[str, ...]:
    errors = np.array([one.error for one in found if not one.refused])
    seconds = [one.seconds for one in found]
    told = (
        ("–",) * 3
        if not errors.size
        else (
            f"{np.median(errors):.2f}",
            f"{np.percentile(errors, 95):.2f}",
            f"{errors.max():.2f}",
        )
    )
    return (
        name,
        str(len(found)),
        str(sum(bool(one.refused) for one in found)),
        f"{np.median([one.start for one in found]):.1f}" if found else "–",
        *told,
        f"{np.median(seconds):.1f}" if found else "–",
        f"{max(seconds):.1f}" if found else "–",
    )


def others_layout(found: Registrations) -> Layout:
    """Scores of right and wrong pairs, and how many were refused."""
    groups = {
        "its own": found.own,
        "another head's": found.strangers,
        "its own, upside down": found.upside,
    }
    rows = tuple(_scores(name, group) for name, group in groups.items())
    note = (
        f"Part of the mutual information that is left {SHIFT:g} mm off, and how far in mm parts of "
        "the brain would rather be shifted, root mean square: median (range). The misfit is the "
        f"first plus a tenth of the second; above {LARGEST:g}, a limit set on heads of other "
        "seeds, a registration is refused. All simulated heads are one template, stretched by up "
        "to 4 % and warped by 1.8 mm: "
        "two patients differ more, and distortion of real series is not that of simulated ones."
    )
    return Layout(
        name="others",
        title="What is refused",
        note=note,
        columns=("image", "pairs", "refused", "information left", "parts apart", "misfit"),
        sections=(("", rows),),
    )


def _scores(name: str, group: Sequence[Registered]) -> tuple[str, ...]:
    refused = sum(bool(one.refused) for one in group)

    def cell(values: list[float], digits: int) -> str:
        known = [value for value in values if np.isfinite(value)]
        if not known:
            return "–"
        low, high = f"{min(known):.{digits}f}", f"{max(known):.{digits}f}"
        return f"{np.median(known):.{digits}f} ({low}–{high})"

    return (
        name,
        str(len(group)),
        str(refused),
        cell([one.kept for one in group], 2),
        cell([one.apart for one in group], 1),
        cell([one.kept + one.apart / 10 for one in group], 2),
    )
