"""bolus' own rows: its methods on the objects, given what any program is given."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from bolus.base.about import software
from bolus.base.progress import QUIET, Reporter, Steps
from bolus.bench.external.folder import Benchmark, Given, read_given
from bolus.bench.external.made import NAMES, UNITS
from bolus.bench.external.maps import FACTORS, Mapped
from bolus.bench.external.results import Program, Result, score
from bolus.data import LeakageCorrection
from bolus.data.options import UNTOUCHED
from bolus.patient import PatientMaps, estimate, measure_prepared
from bolus.patient.leakage import MODELS
from bolus.preprocess import prepare

ORIGIN = "of this package"


@dataclass(frozen=True, kw_only=True)
class Own:
    """A method with a leakage ``model`` (None: not corrected), on objects of some ``kinds``."""

    method: str
    model: str | None
    kinds: tuple[str, ...]


ALL = ("golden", "dispersion", "kudo", "leakage", "brain")
DEFAULT_MODEL = LeakageCorrection().name
METHODS = (
    "joint",
    "phae",
    "bayes",
    "vascular",
    "cpi",
    "spinned",
    "osvd",
    "tikhonov",
    "svd-pws",
)
"""Methods that are rows of the page."""


def own_programs() -> dict[str, Own]:
    """The rows by name: methods on all objects, and every leakage model of one on leaking ones."""
    found = {
        f"bolus {method}": Own(method=method, model=DEFAULT_MODEL, kinds=ALL) for method in METHODS
    }
    for model in (*MODELS, None):
        if model != DEFAULT_MODEL:
            name = f"bolus osvd, {model or 'uncorrected'}"
            found[name] = Own(method="osvd", model=model, kinds=("leakage",))
    return found


def own_results(
    benchmark: Benchmark,
    programs: Mapping[str, Own] | None = None,
    *,
    reporter: Reporter = QUIET,
) -> Iterator[Result]:
    """Map the objects by bolus' methods and score them, program by program; some minutes."""
    chosen = own_programs() if programs is None else programs
    steps = Steps(len(chosen), reporter)
    for name, own in chosen.items():
        steps(name)
        wanted = [e.name for e in benchmark.entries if e.kind in own.kinds]
        mapped = {one: own_maps(read_given(benchmark, one), own) for one in wanted}
        yield score(benchmark, Program(name=name, origin=f"{ORIGIN}, {software()}"), mapped)
    steps.finish()


def own_maps(given: Given, own: Own) -> Mapped:
    """What a method makes of an object, in the units of the benchmark.

    Leakage is corrected where there is a tumour.
    """
    leaks = given.tumor is not None and own.model is not None
    leakage = LeakageCorrection(use=leaks, model=own.model or DEFAULT_MODEL)
    series = prepare(given.series, given.mask, frames=given.frames)
    measured = measure_prepared(
        series,
        given.aif,
        regions={"tumor": given.tumor},
        preparation=replace(UNTOUCHED, leakage=leakage),
    )
    return as_mapped(estimate(measured, own.method))


def as_mapped(maps: PatientMaps) -> Mapped:
    """The maps of bolus in the units of the benchmark."""
    found = dict[str, np.ndarray]()
    for key in UNITS:
        for name in NAMES[key]:
            if key not in found and name in maps.volumes and np.isfinite(maps.volumes[name]).any():
                unit = maps.units[name].lower().replace(" ", "")
                found[key] = FACTORS[key][unit] * maps.volumes[name].astype(float)
    return Mapped(maps=found)
