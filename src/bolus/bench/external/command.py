"""A program that is run on every object."""

import shlex
import string
import subprocess
from pathlib import Path

from bolus.base.progress import QUIET, Reporter, Steps
from bolus.bench.external.folder import Benchmark
from bolus.bench.external.maps import Mapped, read_mapped
from bolus.data import InputError
from bolus.io import output_folder

PLACES = ("series", "mask", "aif", "tumor", "output")
"""What a command may name in braces. ``{tumor}`` is empty where an object has no tumour."""
LAST = 12
"""Lines of what a program said that an error repeats."""


def run_command(
    benchmark: Benchmark, command: str, folder: Path, *, reporter: Reporter = QUIET
) -> dict[str, Mapped]:
    """Run a command on every object, keep its maps in a new ``folder``, and read them.

    The command is split as a shell would, and run without one: ``{series}``, ``{mask}``, ``{aif}``,
    ``{tumor}`` and ``{output}`` become paths, the last that of a folder that exists. Raises
    InputError for a command without series or output, one that cannot be started, one that fails,
    and maps that cannot be read: then nothing is written.
    """
    words = _words(command)
    steps = Steps(len(benchmark.entries), reporter)
    found = dict[str, Mapped]()
    with output_folder(folder) as partial:
        for entry in benchmark.entries:
            steps(entry.name)
            given, output = benchmark.given(entry.name).resolve(), partial / entry.name
            output.mkdir()
            tumor = given / "tumor_mask.nii.gz"
            values = {
                "series": given / "dsc.nii.gz",
                "mask": given / "mask.nii.gz",
                "aif": given / "aif.tsv",
                "tumor": tumor if tumor.exists() else "",
                "output": output,
            }
            _run([word.format_map(values) for word in words], entry.name)
            found[entry.name] = read_mapped(output, benchmark, entry.name)
    steps.finish()
    return found


def _words(command: str) -> list[str]:
    """The words of a command, checked. Raises InputError."""
    try:
        words = shlex.split(command)
        named = {name for word in words for _, name, _, _ in string.Formatter().parse(word) if name}
    except ValueError as error:
        raise InputError(f"the command '{command}' cannot be read ({error})") from error
    if not named <= set(PLACES) or not {"series", "output"} <= named:
        raise InputError(
            "a command names {series} and {output}, and may name {mask}, {aif} and {tumor}; found "
            f"'{command}'"
        )
    return words


def _run(words: list[str], name: str) -> None:
    try:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    except OSError as error:
        raise InputError(f"{words[0]}: cannot be run ({error.strerror})") from error
    if done.returncode:
        said = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()
        raise InputError(
            f"{words[0]} failed on {name} with exit code {done.returncode}:\n"
            + "\n".join(said[-LAST:])
        )
