"""``bolus train`` as the shell calls it."""

from bolus.cli import main


def call(*arguments):
    """Exit code of the command line."""
    try:
        main(["train", *map(str, arguments)])
    except SystemExit as stop:
        return stop.code or 0
    return 0
