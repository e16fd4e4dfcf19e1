"""What a program reached: its results, as a file and read back."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bolus.base.about import software
from bolus.base.json import plain, read_json, write_json
from bolus.bench.external.folder import FORMAT, Benchmark, read_truth
from bolus.bench.external.maps import Mapped
from bolus.bench.external.scores import Figures, Maps, common_factors, scored, together
from bolus.data import InputError, OutputError


@dataclass(frozen=True, kw_only=True)
class Program:
    """A program that is scored: its ``name`` with a version, and how its maps came here."""

    name: str
    origin: str

    @property
    def file_name(self) -> str:
        """The name as one of a file."""
        return re.sub(r"[^a-z0-9.+-]+", "-", self.name.lower()).strip("-.") or "program"


@dataclass(frozen=True, kw_only=True)
class ObjectResult:
    """Figures of one object, ``absolute`` and ``scaled``, and the ``factors`` of the latter.

    ``absolute`` is empty where flow or volume came without a unit. ``maps`` are those that were
    there.
    """

    maps: tuple[str, ...]
    absolute: Figures
    scaled: Figures
    factors: Figures


@dataclass(frozen=True, kw_only=True)
class Result:
    """All figures of a program; ``families`` are those of several objects together.

    ``seed`` and ``made_by`` are the benchmark's, ``scored_by`` is what scored it.
    """

    program: Program
    objects: Mapping[str, ObjectResult]
    families: Mapping[str, Figures]
    seed: int
    made_by: str
    scored_by: str

    def as_json(self) -> dict[str, object]:
        """For a results file; figures that are not numbers are null."""
        told = plain(self, nan_as_none=True)
        assert isinstance(told, dict)
        return {"software": software(), "external_results": FORMAT, **told}


def score(benchmark: Benchmark, program: Program, mapped: Mapping[str, Mapped]) -> Result:
    """Score the maps of a program, family by family."""
    objects, families = dict[str, ObjectResult](), dict[str, Figures]()
    for family in dict.fromkeys(entry.family for entry in benchmark.entries):
        own = [e for e in benchmark.entries if e.family == family and e.name in mapped]
        truths = {e.name: read_truth(benchmark, e.name)[0] for e in own}
        maps: dict[str, Maps] = {e.name: mapped[e.name].maps for e in own}
        factors = common_factors([(e.kind, truths[e.name], maps[e.name]) for e in own])
        for e in own:
            found = scored(e.kind, truths[e.name], maps[e.name], factors)
            objects[e.name] = ObjectResult(
                maps=tuple(maps[e.name]),
                absolute={} if mapped[e.name].relative else found.absolute,
                scaled=found.scaled,
                factors=factors,
            )
        if own and own[0].kind == "leakage":
            families[family] = together([(truths[e.name], maps[e.name]) for e in own])
    return Result(
        program=program,
        objects={e.name: objects[e.name] for e in benchmark.entries if e.name in objects},
        families=families,
        seed=benchmark.seed,
        made_by=benchmark.made_by,
        scored_by=software(),
    )


def save(benchmark: Benchmark, result: Result) -> Path:
    """Write a program's results beside the objects; an earlier file of it is replaced.

    Raises InputError where the file is that of a program with another name, OutputError.
    """
    folder = benchmark.folder / "results"
    path = folder / f"{result.program.file_name}.json"
    earlier = _read(path, benchmark).program.name if path.exists() else result.program.name
    if earlier != result.program.name:
        raise InputError(f"{path}: holds '{earlier}'; choose another name than "
                         f"'{result.program.name}'")  # fmt: skip
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be made ({error.strerror})") from error
    write_json(path, result.as_json())
    return path


def read_results(benchmark: Benchmark) -> dict[str, Result]:
    """By program, the results beside the objects. Raises InputError for a file of another kind."""
    found = [
        _read(path, benchmark) for path in sorted((benchmark.folder / "results").glob("*.json"))
    ]
    return {result.program.name: result for result in found}


def _read(path: Path, benchmark: Benchmark) -> Result:
    told: Any = read_json(path)
    if told.get("external_results") != FORMAT or told.get("seed") != benchmark.seed:
        raise InputError(
            f"{path}: results of format {FORMAT} and seed {benchmark.seed} are expected, found "
            f"format {told.get('external_results')} and seed {told.get('seed')}"
        )
    try:
        return Result(
            program=Program(**told["program"]),
            objects={name: _object(one) for name, one in told["objects"].items()},
            families={name: _figures(one) for name, one in told["families"].items()},
            seed=told["seed"],
            made_by=told["made_by"],
            scored_by=told["scored_by"],
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: this is no results file ({error})") from error


def _object(told: Any) -> ObjectResult:
    kept = {key: _figures(told[key]) for key in ("absolute", "scaled", "factors")}
    return ObjectResult(maps=tuple(told["maps"]), **kept)


def _figures(told: Any) -> Figures:
    return {name: float("nan") if value is None else float(value) for name, value in told.items()}
