"""An independent validator of DICOM objects: Debian's dicom3tools.

Skips where it is not installed, unless BOLUS_REQUIRE_DCIODVFY=1 asks for failure instead.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest


def errors_of(path: Path) -> list[str]:
    """What dciodvfy says is wrong with a file; warnings are not among it."""
    program = shutil.which("dciodvfy")
    if program is None:
        reason = "dciodvfy (Debian's dicom3tools) is not installed"
        if os.environ.get("BOLUS_REQUIRE_DCIODVFY") == "1":
            pytest.fail(f"{reason}, and BOLUS_REQUIRE_DCIODVFY=1 asks for it")
        pytest.skip(reason)
    done = subprocess.run([program, path], capture_output=True, text=True, check=False)
    said = (done.stdout + done.stderr).splitlines()
    assert any("Image" in line or "Map" in line or "Seg" in line or "SR" in line for line in said)
    return [line for line in said if line.startswith("Error")]
