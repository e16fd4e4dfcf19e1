"""What is installed besides, where it is asked for: named, with the command that installs it."""

from importlib.util import find_spec

from bolus.data.errors import InputError

EXTRAS = {
    "torch": "train",
    "pynetdicom": "network",
    "dicomweb_client": "network",
    "pandas": "pandas",
    "xarray": "xarray",
}
"""The extra of the package that brings a library."""


def need(library: str, purpose: str) -> None:
    """Raise InputError where a library that is not always installed is missing."""
    if find_spec(library) is None:
        raise InputError(
            f"{purpose} needs {library}, which is not installed: pip install "
            f"'bolus[{EXTRAS[library]}]'"
        )
