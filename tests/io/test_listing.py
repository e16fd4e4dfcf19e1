"""Series of a folder, as a user is shown them before one is read."""

import numpy as np
import pytest
from dicom_writers import Protocol, phantom, write_classic

from bolus.data import InputError, SeriesError
from bolus.io.listing import list_series


def test_what_can_be_of_dsc_comes_first_with_its_reason_otherwise(tmp_path):
    for name, number, frames, b in (("a", 3, 6, None), ("b", 4, 22, 1000.0), ("c", 5, 22, None)):
        (tmp_path / name).mkdir()
        protocol = Protocol(number=number, b_value=b, description=f"series {name}")
        write_classic(tmp_path / name, phantom((6, 5, 2), frames), protocol, seed=number)
    found = list_series(tmp_path)
    assert [(one.number, one.frames, one.problem) for one in found] == [
        (5, 22, None),
        (3, 6, "fewer than 20 frames"),
        (4, 22, "diffusion images"),
    ]
    assert "'series c', 22 frames of 2 slices" in found[0].title
    assert {one.path for one in found} == {tmp_path}


def test_several_patients_in_one_folder_are_refused(tmp_path):
    for patient in ("P1", "P2"):
        (tmp_path / patient).mkdir()
        write_classic(
            tmp_path / patient, np.ones((4, 4, 1, 2), np.uint16), Protocol(patient=patient)
        )
    with pytest.raises(SeriesError, match="2 patients"):
        list_series(tmp_path)


def test_a_damaged_file_is_listed_with_what_is_wrong(tmp_path):
    (tmp_path / "dsc.nii").write_bytes(b"nothing")
    (found,) = list_series(tmp_path)
    assert found.problem is not None
    assert found.frames == 0
    (tmp_path / "note.txt").write_text("x")
    with pytest.raises(InputError, match="a NIfTI file, or a folder"):
        list_series(tmp_path / "note.txt")
