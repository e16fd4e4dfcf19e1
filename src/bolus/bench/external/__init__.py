"""A benchmark for any program: objects as files, maps in, one page with bolus' own rows."""

from bolus.bench.external.command import run_command
from bolus.bench.external.folder import Benchmark, export, read_benchmark, read_given, read_truth
from bolus.bench.external.maps import Mapped, read_maps
from bolus.bench.external.objects import OBJECTS, External
from bolus.bench.external.own import own_programs, own_results
from bolus.bench.external.page import external_layouts, external_page
from bolus.bench.external.results import Program, Result, read_results, score
from bolus.bench.external.run import all_results, open_benchmark, score_program, write_results

__all__ = [
    "OBJECTS",
    "Benchmark",
    "External",
    "Mapped",
    "Program",
    "Result",
    "all_results",
    "export",
    "external_layouts",
    "external_page",
    "open_benchmark",
    "own_programs",
    "own_results",
    "read_benchmark",
    "read_given",
    "read_maps",
    "read_results",
    "read_truth",
    "run_command",
    "score",
    "score_program",
    "write_results",
]
