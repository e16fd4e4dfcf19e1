"""Which series are meant: files and folders, or those of a BIDS dataset."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

DESCRIPTION = "dataset_description.json"
_SERIES = "_dsc.nii"
_SECOND = re.compile(r"_echo-0*[2-9]\d*_")
_NAMED = re.compile(r"sub-([A-Za-z0-9]+)(?:_ses-([A-Za-z0-9]+))?_")


@dataclass(frozen=True, kw_only=True)
class Input:
    """One series to make maps of: its ``label``, which names its results, and where it lies.

    ``subject`` and ``session`` are those of a BIDS name, None for none.
    """

    label: str
    path: Path
    subject: str | None = None
    session: str | None = None


def is_many(sources: Sequence[Path], participants: Sequence[str] = ()) -> bool:
    """Whether more than one series is meant: a list, a dataset, or participants of one."""
    return len(sources) != 1 or bool(participants) or is_dataset(sources[0])


def is_dataset(path: Path) -> bool:
    """Whether a folder is a BIDS dataset."""
    return path.is_dir() and (path / DESCRIPTION).is_file()


def find_inputs(sources: Sequence[Path], participants: Sequence[str] = ()) -> tuple[Input, ...]:
    """The series of files, DICOM folders and BIDS datasets, each with a label of its own.

    Of a dataset these are ``sub-XX[/ses-YY]/perf/…_dsc.nii[.gz]``, of second echoes the first
    alone; of ``participants`` ('01' or 'sub-01') only where some are given. The label of a file is
    its name, with that of its folder before it where several have one name.

    Raises InputError for a dataset without series, a participant that no dataset has, participants
    without a dataset, and labels that are the same.
    """
    from bolus.data import InputError

    wanted = {f"sub-{name.removeprefix('sub-')}" for name in participants}
    found: list[Input] = []
    for source in sources:
        if is_dataset(source):
            found += _of_dataset(source, wanted)
        elif wanted:
            raise InputError(f"{source}: is no BIDS dataset, so that it has no participants")
        else:
            found.append(_of_path(source))
    missing = wanted - {f"sub-{one.subject}" for one in found}
    if missing:
        raise InputError(f"no series of {', '.join(sorted(missing))} in {_listed(sources)}")
    if not found:
        raise InputError(
            f"no series in {_listed(sources)}: sub-XX/perf/sub-XX_dsc.nii.gz is expected"
        )
    return _told_apart(found)


def _of_dataset(root: Path, wanted: set[str]) -> Iterator[Input]:
    places = [*root.glob("sub-*/perf"), *root.glob("sub-*/ses-*/perf")]
    for path in sorted(path for place in places for path in place.iterdir()):
        stem = path.name.removesuffix(".gz")
        named = _NAMED.match(path.name)
        if named is None or not stem.endswith(_SERIES) or _SECOND.search(path.name):
            continue
        if not wanted or f"sub-{named[1]}" in wanted:
            label = stem.removesuffix(_SERIES)
            yield Input(label=label, path=path, subject=named[1], session=named[2])


def _of_path(path: Path) -> Input:
    name = path.resolve().name
    label = name if path.is_dir() else re.sub(r"\.nii(\.gz)?$", "", name)
    named = _NAMED.match(name)
    subject, session = (None, None) if named is None else (named[1], named[2])
    return Input(label=label, path=path, subject=subject, session=session)


def _told_apart(found: Sequence[Input]) -> tuple[Input, ...]:
    from bolus.data import InputError

    often = Counter(one.label for one in found)
    labelled = [
        replace(one, label=f"{one.path.resolve().parent.name}_{one.label}")
        if often[one.label] > 1
        else one
        for one in found
    ]
    same = [label for label, times in Counter(one.label for one in labelled).items() if times > 1]
    if same:
        raise InputError(f"several inputs are called {', '.join(same)}: run them apart")
    return tuple(labelled)


def _listed(sources: Sequence[Path]) -> str:
    return ", ".join(map(str, sources))
