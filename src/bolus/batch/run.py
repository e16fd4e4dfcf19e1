"""Maps of all inputs, on the cores of this machine or a cluster; one failure stops no other."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bolus.base.parallel import run_all
from bolus.base.progress import QUIET, Reporter
from bolus.batch.inputs import Input
from bolus.batch.outcome import Outcome, failed, outcome_of
from bolus.batch.page import write_index
from bolus.batch.work import Done, check_shared, done_of, made_alike, own_options
from bolus.data import InputError, OutputError
from bolus.estimators import Estimator
from bolus.io import write_table
from bolus.io.bids.dataset import BidsNames
from bolus.options import MapOptions
from bolus.options.bids import method_label

INDEX, TABLE = "index.html", "results.tsv"
_FILES = {
    "summary": "summary.json",
    "picture": "overview.png",
    "page": "report.html",
    "options": "bolus.toml",
}


@dataclass(frozen=True, kw_only=True)
class Batch:
    """What became of all inputs, in their order; ``page`` is the one over all."""

    outcomes: tuple[Outcome, ...]
    page: Path

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """Those without a result."""
        return tuple(one for one in self.outcomes if one.state == "failed")


def map_all(
    inputs: Sequence[Input],
    out: Path,
    options: MapOptions,
    *,
    jobs: int | None = None,
    dask: str | None = None,
    resume: bool = False,
    overwrite: bool = False,
    reporter: Reporter = QUIET,
) -> Batch:
    """Maps of every input: ``out/LABEL``, or one BIDS dataset ``out``; a page and a table over all.

    ``options`` are those of all; a path in them that holds ``{label}`` is that of each. ``jobs``
    and ``dask`` are ``run_all``'s. With ``resume`` results that are there are kept, without they
    are failures, unless ``overwrite`` replaces them. What goes wrong with an
    input is in its outcome.

    Raises InputError for options of one patient, OutputError where the page cannot be written.
    """
    check_shared(options)
    options.preparation()
    method = options.estimation.chosen()
    places = {one.label: _places(one, out, options, method) for one in inputs}
    found = {
        one.label: _kept(one.label, places[one.label], out, options)
        for one in inputs
        if resume and places[one.label]["summary"].is_file()
    }
    there = {label for label, place in places.items() if place["summary"].is_file()}
    tasks = {
        one.label: (one, places[one.label]["out"], options, overwrite)
        for one in inputs
        if one.label not in found
    }
    reporter.advance(len(found), len(inputs), "maps")
    for label, done in run_all(done_of, tasks, jobs=jobs, dask=dask):
        found[label] = (
            _kept(label, places[label], out, options, "done")
            if _made_before(done, places[label], label in there)
            else _outcome(done, inputs, places[label], out)
        )
        if found[label].error is not None:
            reporter.skipped(label, found[label].error or "")
        if done.trace is not None:
            reporter.note(done.trace)
        reporter.advance(len(found), len(inputs), label)
    ordered = tuple(found[one.label] for one in inputs)
    return Batch(outcomes=ordered, page=_write(ordered, out))


def _made_before(done: Done, places: Mapping[str, Path], there: bool) -> bool:
    """Whether a task failed on its own result: that of a worker that was lost before it said so."""
    return done.error is not None and not there and places["summary"].is_file()


def _kept(
    label: str, places: Mapping[str, Path], out: Path, options: MapOptions, state: str = "kept"
) -> Outcome:
    """A result that is there, if it is one of these options."""
    made = places["options"]
    if not made.is_file() or not made_alike(options, MapOptions.read(made)):
        return failed(label, "a result of other options is there, and stays; or --overwrite it")
    return outcome_of(label, state, places, out)


def _write(outcomes: tuple[Outcome, ...], out: Path) -> Path:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{out}: cannot be made ({error.strerror})") from error
    write_table(out / TABLE, [one.as_table() for one in outcomes])
    return write_index(outcomes, out / INDEX)


def _outcome(done: Done, inputs: Sequence[Input], places: Mapping[str, Path], out: Path) -> Outcome:
    one = next(one for one in inputs if one.label == done.label)
    if done.error is None:
        return outcome_of(done.label, "done", places, out, done.seconds)
    return failed(done.label, _without_paths(done.error, one), done.seconds)


def _without_paths(error: str, one: Input) -> str:
    """The input's files called by its label: their names and folders may hold a patient's."""
    told = error
    for path in dict.fromkeys((str(one.path), str(one.path.resolve()))):
        told = re.sub(re.escape(path) + r"[^\s:,;]*", lambda _: one.label, told)
    return re.sub(rf"^{re.escape(one.label)}: ", "", told)


def _places(one: Input, out: Path, options: MapOptions, method: str | Estimator) -> dict[str, Path]:
    """Where the results of an input go, and what of them a page over all shows."""
    layout = own_options(options, one).layout
    if not layout.bids:
        folder = out / one.label
        return {
            "out": folder,
            **{what: folder / file for what, file in _FILES.items()},
        }
    if layout.subject is None:
        raise InputError(
            f"{one.label}: with --bids every input is called sub-…_…, as those of a dataset are"
        )
    names = BidsNames.of(layout.subject, layout.session, method_label(method))
    return {"out": out, **{what: out / names.path(file) for what, file in _FILES.items()}}
