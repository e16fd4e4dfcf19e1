"""The steps of the external benchmark: objects made or found, programs scored, results gathered."""

from pathlib import Path
from tempfile import TemporaryDirectory

from bolus.base.json import write_json
from bolus.base.progress import QUIET, Reporter
from bolus.bench.external.command import run_command
from bolus.bench.external.folder import FORMAT, Benchmark, export, read_benchmark
from bolus.bench.external.maps import read_maps
from bolus.bench.external.own import own_programs, own_results
from bolus.bench.external.results import Program, Result, read_results, save, score
from bolus.data import InputError


def open_benchmark(folder: Path, seed: int = 0, *, reporter: Reporter = QUIET) -> Benchmark:
    """The benchmark in a folder, exported first where there is no such folder.

    Raises InputError for a folder of another seed, or that is no benchmark.
    """
    if not folder.exists():
        return export(folder, seed, reporter=reporter)
    found = read_benchmark(folder)
    if found.seed != seed:
        raise InputError(f"{folder}: holds the objects of seed {found.seed}, asked was {seed}")
    return found


def score_program(
    benchmark: Benchmark,
    program: Program,
    maps: Path | None = None,
    command: str | None = None,
    *,
    reporter: Reporter = QUIET,
) -> Result:
    """Score a folder of ``maps``, or what a ``command`` makes; results are kept in the benchmark.

    With both, the command's maps are kept in the folder, which must not exist. Raises InputError
    for neither, for a name of bolus' own rows, and as ``read_maps`` and ``run_command``; then no
    results are written.
    """
    if program.name in own_programs():
        raise InputError(f"'{program.name}' is a row of bolus' own; choose another name")
    if command is not None:
        with TemporaryDirectory() as nowhere:
            kept = Path(nowhere) / "maps" if maps is None else maps
            mapped = run_command(benchmark, command, kept, reporter=reporter)
    elif maps is not None:
        mapped = read_maps(maps, benchmark)
    else:
        raise InputError("a folder of maps or a command is needed, found neither")
    result = score(benchmark, program, mapped)
    save(benchmark, result)
    return result


def all_results(benchmark: Benchmark, *, reporter: Reporter = QUIET) -> dict[str, Result]:
    """By program, bolus' own rows, made where they are not there yet, and all others."""
    own, there = own_programs(), read_results(benchmark)
    missing = {name: one for name, one in own.items() if name not in there}
    for result in own_results(benchmark, missing, reporter=reporter):
        save(benchmark, result)
        there[result.program.name] = result
    others = sorted((name for name in there if name not in own), key=str.lower)
    return {name: there[name] for name in (*own, *others)}


def write_results(path: Path, benchmark: Benchmark, results: dict[str, Result]) -> None:
    """Write the results of all programs as one JSON file."""
    told = {name: result.as_json() for name, result in results.items()}
    about = {"external_results": FORMAT, "seed": benchmark.seed, "made_by": benchmark.made_by}
    write_json(path, {**about, "programs": told})
