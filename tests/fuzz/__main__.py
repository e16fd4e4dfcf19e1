"""The long campaign: run from ``tests``, ``python -m fuzz PAGE``; see ``make fuzz``."""

import argparse
import sys
from pathlib import Path

from fuzz.campaign import campaign
from fuzz.page import page

COUNTS = {"nifti": 900, "sidecar": 200, "dicom": 640}


def main() -> int:
    """Run the campaigns and write the page; 1 where a fault was found."""
    asked = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    asked.add_argument("page", type=Path, help="the page to write")
    asked.add_argument("--seed", type=int, default=7)
    asked.add_argument("--keep", type=Path, help="folder in which outcomes are kept, to go on from")
    for kind, count in COUNTS.items():
        asked.add_argument(f"--{kind}", type=int, default=count, help="cases")
    told = asked.parse_args()
    if told.keep is not None:
        told.keep.mkdir(parents=True, exist_ok=True)
    done = [
        campaign(
            kind, getattr(told, kind), told.seed, told.keep and told.keep / f"{kind}-{told.seed}"
        )
        for kind in COUNTS
    ]
    told.page.write_text(page(done), encoding="utf-8")
    return int(any(one.faults for one in done))


if __name__ == "__main__":
    sys.exit(main())
