"""The heavy libraries are imported with the first file, not with the package."""

import subprocess
import sys


def test_importing_the_room_imports_no_file_library():
    code = (
        "import sys, bolus.io; "
        "print([m for m in ('nibabel', 'pydicom', 'dcm2niix') if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"
