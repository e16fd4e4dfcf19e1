"""Files of a result are handed back in order, each when it is there; what fails is raised."""

import threading

import numpy as np
import pytest

from bolus.data import Grid, OutputError
from bolus.report import writing
from bolus.report.artifacts import Artifact, Image, Summary


class Told:
    """A payload that is written at once."""

    ending = ".txt"

    def write(self, path):
        path.write_text("done")


class Whole(Summary):
    """A summary that wants everything before it to be there."""

    def write(self, path):
        missing = [one for one in self.maps if not (path.parent / one).exists()]
        assert not missing, missing
        path.write_text("done")


def images(*names):
    volume = np.random.default_rng(0).random((20, 20, 8)).astype(np.float32)
    return [
        Artifact(name, Image(volume, Grid(shape=volume.shape, affine=np.eye(4)))) for name in names
    ]


def test_files_are_handed_back_in_order_and_the_summary_is_last(tmp_path):
    names = [f"map{n}" for n in range(9)]
    first, last = images(*names), images("late")
    everything = [*(f"{name}.nii.gz" for name in (*names, "late")), "told.txt"]
    whole = Artifact("summary", Whole(everything))
    seen = []
    for one in writing.written([*first, Artifact("told", Told()), *last, whole], tmp_path.joinpath):
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
