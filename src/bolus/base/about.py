"""What the program is, once, wherever results are seen."""

from importlib.metadata import version

NOTICE = "Research software, not a medical device."


def software() -> str:
    """Name and version, as written into every file."""
    return f"bolus {version('bolus')}"
