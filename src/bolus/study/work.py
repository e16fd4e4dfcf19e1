"""Where a study keeps what it has finished, so that nothing is done twice."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from bolus.base.json import plain, read_json, write_json
from bolus.data import InputError, OutputError
from bolus.study.patient import Examined

PLAN, DONE, MAPS = "plan.json", "done", "maps"


def work_folder(out: Path) -> Path:
    """Where the study of ``out`` works until it is finished."""
    return out.with_name(out.name + ".work")


def begin(out: Path, plan: Mapping[str, object], *, resume: bool, overwrite: bool) -> Path:
    """The work folder, made ready for a ``plan``.

    Raises OutputError when an unfinished study lies there that is neither to be resumed nor
    overwritten, or the place cannot be written; InputError when it had another plan.
    """
    work = work_folder(out)
    if (work / PLAN).exists() and not overwrite:
        if not resume:
            raise OutputError(
                f"{work}: an unfinished study lies here; --resume goes on with it, --overwrite "
                "starts anew"
            )
        if read_json(work / PLAN) != plain(plan):
            raise InputError(
                f"{work}: of another study; resume with the same cohort and settings, or "
                "--overwrite"
            )
        return work
    forget(out)
    try:
        (work / DONE).mkdir(parents=True)
        (work / MAPS).mkdir()
    except OSError as error:
        raise OutputError(f"{work}: cannot be made ({error.strerror})") from error
    write_json(work / PLAN, plan)
    return work


def forget(out: Path) -> None:
    """Remove the work folder."""
    shutil.rmtree(work_folder(out), ignore_errors=True)


def finished(work: Path) -> dict[str, tuple[Examined, ...]]:
    """What is done, by the name of its task. Raises InputError for a file that is damaged."""
    paths = sorted((work / DONE).glob("*.json"))
    return {path.stem: tuple(map(Examined.from_json, _kept(path))) for path in paths}


def keep(work: Path, task: str, found: Sequence[Examined]) -> None:
    """Write what came of a task, in one go."""
    write_json(work / DONE / f"{task}.json", {"examined": [one.as_json() for one in found]})


def _kept(path: Path) -> list[Mapping[str, object]]:
    found = read_json(path).get("examined")
    if not isinstance(found, list):
        raise InputError(f"{path}: what a study has finished is expected")
    return found
