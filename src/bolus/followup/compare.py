"""Two result folders compared, and the comparison as a folder."""

import os
from dataclasses import dataclass, fields
from pathlib import Path

from bolus.base.progress import QUIET, Reporter
from bolus.data import Anatomy, InputError, PerfusionMaps
from bolus.followup.compared import Compared, compared_pair
from bolus.followup.output import write_comparison
from bolus.followup.pair import paired
from bolus.followup.visit import Visit, read_visit, visit_of
from bolus.io import output_folder, read_registered

PathLike = str | os.PathLike[str]


@dataclass(frozen=True, kw_only=True, eq=False)
class Comparison(Compared):
    """What changed between two dates, to be saved."""

    def save(self, folder: PathLike, *, overwrite: bool = False) -> Path:
        """Write maps of change, tables, summary and page into a new folder.

        It appears complete or not at all. Raises OutputError when it exists (and is no earlier
        result to overwrite) or cannot be written.
        """
        with output_folder(folder, overwrite) as partial:
            write_comparison(self, partial)
        return Path(folder)


def compare_maps(
    before: PathLike | PerfusionMaps,
    after: PathLike | PerfusionMaps,
    *,
    anatomy: bool = False,
    reporter: Reporter = QUIET,
) -> Comparison:
    """What changed between two examinations of one patient, and the probability that it is real.

    ``before`` and ``after`` are folders that ``bolus maps`` wrote, or maps. The images before the
    bolus are registered rigidly; maps of the second examination are brought to the grid of the
    first, with ``anatomy`` to that of its anatomical image, too. Regions are those of either
    result. What protocols, methods or versions that differ rule out is left out, and said.

    Raises InputError for folders that bolus did not write, for a registration that failed, and for
    a first examination without the anatomical image that is asked for.
    """
    reporter.step("reading")
    visits = [_visit(given) for given in (before, after)]
    image = _anatomy(before, visits[0]) if anatomy else None
    reporter.step("registering")
    pair = paired(*visits)
    reporter.step("comparing")
    found = compared_pair(pair)
    named = {field.name: getattr(found, field.name) for field in fields(found)}
    return Comparison(**{**named, "anatomy": image})


def _visit(given: PathLike | PerfusionMaps) -> Visit:
    return visit_of(given) if isinstance(given, PerfusionMaps) else read_visit(Path(given))


def _anatomy(given: PathLike | PerfusionMaps, visit: Visit) -> Anatomy:
    """The first anatomical image of an examination. Raises InputError for one without."""
    if isinstance(given, PerfusionMaps):
        name, found = "the first examination", given.anatomies
    else:
        name, found = str(given), read_registered(Path(given), visit.told)
    if not found:
        raise InputError(
            f"{name}: maps with an anatomical image are expected (bolus maps --anatomy), found none"
        )
    return found[0]
