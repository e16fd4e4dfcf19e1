"""Files of a result are handed back in order, each when it is there; what fails is raised."""

import threading

import numpy as np
import pytest

from bolus.data import Grid, OutputError
from bolus.report import writing
from bolus.report.artifacts import Artifact, Image


class Other:
    """A payload that wants everything before it to be there."""

    ending = ".txt"

    def __init__(self, *needed):
        self.needed = needed

    def write(self, path):
        missing = [one for one in self.needed if not (path.parent / one).exists()]
        assert not missing, missing
        path.write_text("done")


def images(*names):
    volume = np.random.default_rng(0).random((20, 20, 8)).astype(np.float32)
    return [
        Artifact(name, Image(volume, Grid(shape=volume.shape, affine=np.eye(4)))) for name in names
    ]


def test_images_are_there_before_what_follows_and_in_order(tmp_path):
    names = [f"map{n}" for n in range(9)]
    first, last = images(*names), images("late")
    told = Artifact("told", Other(*(f"{name}.nii.gz" for name in names)))
    whole = Artifact("summary", Other("late.nii.gz", "told.txt"))
    seen = []
    for one in writing.written([*first, told, *last, whole], tmp_path.joinpath):
        assert (tmp_path / one.file).exists()
        seen.append(one.name)
    assert seen == [*names, "told", "late", "summary"]


def test_no_more_images_are_made_than_are_packed_soon(tmp_path):
    made = []

    def lazily():
        for one in images(*(f"map{n}" for n in range(40))):
            made.append(one)
            yield one

    for count, _ in enumerate(writing.written(lazily(), tmp_path.joinpath), 1):
        assert len(made) - count <= writing.cores() + writing.AHEAD


def test_an_image_that_cannot_be_written_stops_the_rest(tmp_path):
    here, *others = images("here", *(f"map{n}" for n in range(30)))
    (tmp_path / "here.nii.gz").mkdir()
    with pytest.raises(OutputError, match="here"):
        list(writing.written([here, *others], tmp_path.joinpath))
    assert len(list(tmp_path.glob("map*"))) < len(others)
    assert threading.active_count() < 20
