"""``python -m bolus``."""

from bolus.cli import main

main()
