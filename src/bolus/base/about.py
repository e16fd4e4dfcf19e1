"""What the program is, once, wherever results are seen."""

from functools import cache
from importlib.metadata import version

NOTICE = "Research software, not a medical device."


@cache
def release() -> str:
    """The version that is installed, looked up once."""
    return version("bolus")


def software() -> str:
    """Name and version, as written into every file."""
    return f"bolus {release()}"
