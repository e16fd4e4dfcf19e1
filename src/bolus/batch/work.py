"""Maps of one series, written: what ``bolus maps`` does with each of its inputs."""

import gc
import time
import traceback
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bolus.base.options import changed, option_of_key, option_values
from bolus.base.progress import QUIET, Reporter, heard_by
from bolus.batch.inputs import Input
from bolus.data import BolusError, InputError
from bolus.io import check_apart, check_dicom_output
from bolus.options import MapOptions
from bolus.patient import PatientMaps
from bolus.patient.methods import DEFAULT

LABEL = "{label}"
"""What stands for the label of an input in a path that every patient has one of."""
_SHARED = ("weights",)
"""Paths that are not of one patient."""


@dataclass(frozen=True, kw_only=True)
class Done:
    """What became of one input: its page, or why there is none; ``trace`` only of a bug."""

    label: str
    page: Path | None
    seconds: float
    error: str | None = None
    trace: str | None = None


def map_one(
    source: Path,
    out: Path,
    options: MapOptions,
    *,
    overwrite: bool = False,
    reporter: Reporter = QUIET,
) -> tuple[PatientMaps, Path]:
    """Read a series, make its maps and write them to ``out``; the maps, and the path of their page.

    Everything that can be checked before is. Raises InputError and its kind, OutputError.
    """
    check_apart(source, out)
    for path in (options.reading.echo, *options.given.anatomy):
        if path is not None:
            check_apart(path, out)
    reporter.step("reading")
    layout, chosen = options.layout, options.estimation.chosen()
    options.preparation()
    names = layout.check(source, out, chosen, overwrite)
    series = options.reading.read(source)
    if layout.dicom:
        check_dicom_output(series)
    result = options.run_on(series, chosen, reporter)
    reporter.step("writing")
    with heard_by(reporter):
        page = layout.write(result, out, names, source=source, overwrite=overwrite)
    return result, page


def done_of(one: Input, out: Path, options: MapOptions, overwrite: bool) -> Done:
    """``map_one`` of an input of many: what goes wrong is returned, and stops no other.

    Its garbage is collected at the end: a figure of matplotlib is a cycle that holds its picture
    (some 25 MB a patient), and Python's own collection may come many patients later.
    """
    begun = time.monotonic()
    try:
        page = map_one(one.path, out, own_options(options, one), overwrite=overwrite)[1]
    except BolusError as error:
        told = {"error": " ".join(str(error).split())}
    except Exception as error:  # a bug in one patient's maps: reported, with its trace
        said = f"unexpected {type(error).__name__}: {error}"
        told = {"error": " ".join(said.split()), "trace": traceback.format_exc()}
    else:
        return Done(label=one.label, page=page, seconds=time.monotonic() - begun)
    finally:
        gc.collect()
    return Done(label=one.label, page=None, seconds=time.monotonic() - begun, **told)


def own_options(options: MapOptions, one: Input) -> MapOptions:
    """The options of one input of many: its label in paths, its subject and session."""
    changes: dict[str, Any] = {}
    for key, value in option_values(options).items():
        if isinstance(value, tuple):
            changes[key] = tuple(_labelled(each, one.label) for each in value)
        elif LABEL in str(value):
            changes[key] = _labelled(value, one.label)
    made = changed(options, changes)
    if one.subject is not None and made.layout.bids:
        layout = replace(made.layout, subject=one.subject, session=one.session)
        made = replace(made, layout=layout)
    return made


def _labelled(value: Any, label: str) -> Any:
    return type(value)(str(value).replace(LABEL, label))


def made_alike(options: MapOptions, made: MapOptions) -> bool:
    """Whether a result whose own options are ``made`` is one of these options.

    Paths are not held against each other: those of a result name its own files.
    """
    asked, found = options.estimation, made.estimation
    own = asked.weights is not None
    method = own or (asked.method or DEFAULT) == found.method
    reading = all(
        given in (None, known)
        for given, known in (
            (options.reading.te, made.reading.te),
            (options.reading.tr, made.reading.tr),
        )
    )
    return (
        method
        and reading
        and own == (found.weights is not None)
        and (asked.patient_prior, asked.spatial) == (found.patient_prior, found.spatial)
        and options.preparation().as_json() == made.preparation().as_json()
    )


def check_shared(options: MapOptions) -> None:
    """Raise InputError for what is of one patient, where the options are those of many."""
    for key, value in option_values(options).items():
        told = option_of_key(MapOptions, key)
        named = told.is_path(value) and key not in _SHARED
        each = value if isinstance(value, tuple) else (value,)
        if key in ("subject", "session") or (named and not all(LABEL in str(one) for one in each)):
            raise InputError(
                f"--{key} is of one patient, and these are many"
                + (f": put {LABEL} in the path where every patient's differs" if named else "")
            )
