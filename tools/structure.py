"""Figures of the structure, and the limits that CI holds them to.

    python tools/structure.py            a table: what is measured, today's figure, the limit
    python tools/structure.py --where    and the places counted

It reads ``src/bolus`` as text and runs none of it. Exit status 1 where a figure passes its limit.
"""

import argparse
import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "bolus"
LONGEST, TABLE = 60, 5
MAPS = frozenset({"cbf", "cbv", "mtt", "tmax", "delay", "ttp", "cbv_corrected", "k2", "misfit"})
FILE_NAMES = re.compile(r"^([a-z]{2,4}[-_]|\.|bolus|_)$")
"""Prefixes of file and identifier names; any other one that is asked for is prose."""
UNPREPARED = re.compile(r"\bseries\.(?:frames|mask)\s+is\s+(?:not\s+)?None\b|prepare it first")
PRIVATE = re.compile(
    r"\b(taken out|taking out|takes? out|held at|hangs? on|flagged drop)\b"
    r"|\btells\b(?!.*\b(?:apart|from)\b)",
    re.IGNORECASE,
)
"""What "tells apart" means has no other word; all else that tells reports."""
PRIVATE_NAMES = re.compile(r"(?i:against)|^WIDTH$")
PRIVATE_MODULES = frozenset({"tally", "sheets", "rows", "guard", "job", "wire"})


@dataclass(frozen=True)
class Module:
    """One file of the package."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def place(self) -> str:
        """Where it lies, from the package's folder."""
        return str(self.path.relative_to(SOURCE))


@dataclass(frozen=True)
class Figure:
    """A count with the places it is made of, and the most it may be."""

    name: str
    value: int
    limit: int
    places: tuple[str, ...] = ()


Function = ast.FunctionDef | ast.AsyncFunctionDef


def modules() -> list[Module]:
    """All files of the package."""
    found = []
    for path in sorted(SOURCE.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        found.append(Module(path, text, ast.parse(text)))
    return found


def functions(module: Module) -> Iterator[tuple[str, Function]]:
    """Functions and methods with their qualified names."""

    def below(node: ast.AST, prefix: str) -> Iterator[tuple[str, Function]]:
        for child in ast.iter_child_nodes(node):
            named = isinstance(child, Function | ast.ClassDef)
            name = f"{prefix}{child.name}." if named else prefix
            if isinstance(child, Function):
                yield name[:-1], child
            yield from below(child, name)

    yield from below(module.tree, "")


def parameters(function: Function) -> int:
    """Parameters of a function but self and cls."""
    given = function.args
    every = [*given.posonlyargs, *given.args, *given.kwonlyargs]
    every += [given.kwarg] if given.kwarg else []
    return sum(p.arg not in ("self", "cls") for p in every)


def parameters_of(found: list[Module], name: str, place: str, limit: int) -> Figure:
    """Parameters of the one function of that name in a folder or file."""
    counts = [
        (parameters(function), f"{module.place}:{function.lineno}")
        for module in found
        if module.place.startswith(place)
        for qualified, function in functions(module)
        if qualified == name
    ]
    if len(counts) != 1:
        raise SystemExit(f"one function {name} is expected in {place}, found {len(counts)}")
    return Figure(f"parameters of {name}", counts[0][0], limit, (counts[0][1],))


def most_parameters(found: list[Module], limit: int) -> Figure:
    """The most parameters of any public function."""
    counts = sorted(
        (
            (parameters(function), f"{module.place}:{function.lineno} {name}")
            for module in found
            for name, function in functions(module)
            if not any(part.startswith("_") for part in name.split("."))
        ),
        reverse=True,
    )
    places = tuple(f"{place} ({count})" for count, place in counts if count > limit)
    return Figure("most parameters of a public function", counts[0][0], limit, places)


def lines_with(found: list[Module], name: str, pattern: re.Pattern[str], limit: int) -> Figure:
    """Lines that a pattern is found in."""
    places = tuple(
        f"{module.place}:{number} {line.strip()[:80]}"
        for module in found
        for number, line in enumerate(module.text.splitlines(), 1)
        if pattern.search(line)
    )
    return Figure(name, len(places), limit, places)


def long_functions(found: list[Module], limit: int) -> Figure:
    """Functions of more than LONGEST lines, signature and docstring included."""
    places = tuple(
        f"{module.place}:{function.lineno} {name} ({size})"
        for module in found
        for name, function in functions(module)
        if (size := (function.end_lineno or 0) - function.lineno + 1) > LONGEST
    )
    return Figure(f"functions over {LONGEST} lines", len(places), limit, places)


def parsed_prose(found: list[Module], limit: int) -> Figure:
    """Calls of startswith and removeprefix with text that is no prefix of a file's name."""
    places = []
    for module in found:
        for node in ast.walk(module.tree):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if node.func.attr not in ("startswith", "removeprefix") or not node.args:
                continue
            texts = [c.value for c in ast.walk(node.args[0]) if isinstance(c, ast.Constant)]
            prose = [t for t in texts if isinstance(t, str) and not FILE_NAMES.match(t)]
            constants = [n.id for n in ast.walk(node.args[0]) if isinstance(n, ast.Name)]
            if prose or any(n.isupper() for n in constants):
                places.append(f"{module.place}:{node.lineno} {prose or constants}")
    return Figure("places where prose is parsed by its prefix", len(places), limit, tuple(places))


def tables_of_maps(found: list[Module], limit: int) -> Figure:
    """Literal collections that name TABLE maps or more, as keys or as entries."""
    places = []
    for module in found:
        for node in ast.walk(module.tree):
            parts: list[ast.expr | None] = []
            if isinstance(node, ast.Dict):
                parts = list(node.keys)
            elif isinstance(node, ast.Tuple | ast.List | ast.Set):
                parts = list(node.elts)
            elif isinstance(node, ast.Call):
                parts = [
                    ast.Constant(k.arg) for k in node.keywords if isinstance(k.value, ast.Constant)
                ]
            named = {p.value for p in parts if isinstance(p, ast.Constant)} & MAPS
            if len(named) >= TABLE:
                places.append(f"{module.place}:{node.lineno} {sorted(named)}")
    return Figure("tables of map names", len(places), limit, tuple(places))


def files_with(found: list[Module], name: str, word: str, limit: int) -> Figure:
    """Files that hold a word."""
    pattern = re.compile(rf"(?<![A-Za-z_]){word}(?![A-Za-z])")
    places = tuple(m.place for m in found if pattern.search(m.text))
    return Figure(name, len(places), limit, places)


def private_words(found: list[Module], limit: int) -> Figure:
    """Words of our own where the field has one: in prose, in names and as names of files."""
    places = [p for p in lines_with(found, "", PRIVATE, 0).places]
    for module in found:
        if module.path.stem in PRIVATE_MODULES:
            places.append(f"{module.place} (its name)")
        for node in ast.walk(module.tree):
            name = getattr(node, "name", None) or getattr(node, "id", None)
            defined = isinstance(node, Function | ast.ClassDef) or (
                isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            )
            if defined and isinstance(name, str) and PRIVATE_NAMES.search(name):
                places.append(f"{module.place}:{node.lineno} {name}")
    return Figure("private words", len(places), limit, tuple(places))


def figures() -> list[Figure]:
    """All that is held."""
    found = modules()
    return [
        parameters_of(found, "maps", "cli/maps", 14),
        parameters_of(found, "perfusion_maps", "", 8),
        most_parameters(found, 10),
        lines_with(found, "questions whether a series is prepared", UNPREPARED, 0),
        files_with(found, "files that name the map psr", "psr", 3),
        files_with(found, "files that name the estimator tikhonov-fixed", "tikhonov-fixed", 2),
        files_with(found, "files that name the leakage model bsw", "bsw", 2),
        parsed_prose(found, 0),
        tables_of_maps(found, 2),
        long_functions(found, 0),
        private_words(found, 0),
    ]


def main() -> int:
    """Print the table; 1 where a limit is passed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--where", action="store_true", help="print the places counted")
    where = parser.parse_args().where
    measured = figures()
    width = max(len(f.name) for f in measured)
    for figure in measured:
        passed = figure.value > figure.limit
        mark = "  OVER" if passed else ""
        print(f"{figure.name:<{width}}  {figure.value:>4}  limit {figure.limit:>3}{mark}")
        if where or passed:
            for place in figure.places:
                print(f"    {place}")
    return int(any(f.value > f.limit for f in measured))


if __name__ == "__main__":
    sys.exit(main())
