"""Motion through the whole job: what it does to the maps, and what the outputs say of it."""

import json
from contextlib import redirect_stdout
from dataclasses import replace
from io import StringIO

import numpy as np
import pytest

from altered import LIGHT
from bolus.cli import main
from bolus.data import (
    Censoring,
    InputError,
    LeakageCorrection,
    MotionCorrection,
    Preparation,
    SeriesError,
)
from bolus.io import read_kept, write_series
from bolus.patient import estimate, measure_prepared
from bolus.phantom import simulate_patient
from bolus.phantom.realism import Realism
from bolus.preprocess import censor_moved, prepare, tissue_curves

pytestmark = pytest.mark.usefixtures("undrawn")


@pytest.fixture(scope="module")
def restless(tmp_path_factory):
    """A head that drifts and jumps once, by up to 2 mm or degrees, on disk."""
    options = {"seed": 4, "shape": (32, 32, 5), "frames": 30}
    size = 2 / np.abs(simulate_patient(**options, realism=Realism(motion=1.0)).motion).max()
    made = simulate_patient(**options, realism=Realism(motion=size))
    path = tmp_path_factory.mktemp("restless") / "dsc.nii.gz"
    write_series(path, made.series.signal, made.series.grid, made.series.dt, made.series.te)
    return made, path


@pytest.fixture(scope="module")
def mapped(restless, tmp_path_factory):
    """What the command wrote and said: motion need be taken out but once."""
    _, path = restless
    folder = tmp_path_factory.mktemp("mapped") / "out"
    said = StringIO()
    with redirect_stdout(said), pytest.raises(SystemExit, match="0"):
        main(["maps", str(path), "-o", str(folder), "-m", "osvd", "--motion-limit", "1.5"])
    return folder, said.getvalue()


@pytest.fixture(scope="module")
def corrected(mapped):
    """The series with motion taken out, as the command keeps it."""
    return read_kept(mapped[0] / "series.safetensors")


def test_the_command_takes_motion_out_and_says_so(mapped):
    folder, out = mapped
    line = next(line for line in out.splitlines() if line.startswith("head motion: "))
    told = json.loads((folder / "summary.json").read_text())
    motion = told["motion"]
    assert motion["corrected"] is True
    assert motion["limit_mm"] == 1.5
    assert motion["flagged"] == len(motion["frames"]) > 0
    assert motion["max_fd_mm"] > 1.5 > motion["mean_fd_mm"] > 0.2
    assert motion["handling"] == "kept"
    assert line.endswith("used frames over 1.5 mm (kept)")
    assert f", {motion['flagged']} of " in line
    assert told["seconds"]["correcting head motion"] > 0
    assert Preparation.from_json(told["preparation"]) == Preparation(
        motion=MotionCorrection(limit=1.5), leakage=LeakageCorrection()
    )
    side = json.loads((folder / "cbf.json").read_text())
    assert (side["MotionCorrected"], side["FlaggedFrames"]) == (True, "kept")


def test_no_motion_is_said_too(restless, run, tmp_path):
    _, path = restless
    code, out, err = run("maps", *LIGHT, path, "-o", tmp_path / "out")
    assert code == 0, err
    assert "head motion: not motion-corrected" in out
    told = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert told["motion"]["corrected"] is False
    assert told["motion"]["frames"] is None
    assert "correcting head motion" not in told["seconds"]


@pytest.mark.parametrize(("method", "word"), [("osvd", "interpolated"), ("bayes", "left out")])
def test_dropped_frames_are_said_and_kept_for_the_viewer(
    restless, corrected, tmp_path, method, word
):
    made, _ = restless
    flagged = np.zeros(made.series.n_frames, dtype=bool)
    flagged[[18, 27]] = True
    few = made.masks.white & (np.arange(5) == 2)
    motion = replace(corrected.motion, flagged=flagged)
    series = censor_moved(prepare(corrected.series, few, motion=motion))
    measured = measure_prepared(series, made.masks.aif)
    maps = estimate(measured, method)
    assert maps.flagged_frames == word
    maps.save(tmp_path / "out")
    told = json.loads((tmp_path / "out" / "summary.json").read_text())["motion"]
    assert (told["frames"], told["handling"]) == ([18, 27], word)
    kept = read_kept(tmp_path / "out" / "series.safetensors")
    gone = kept.frames.first + np.flatnonzero(~kept.measured_frames)
    assert gone.tolist() == [18, 27]
    noise = tissue_curves(kept).noise_sd
    np.testing.assert_allclose(noise, measured.curves.noise_sd, rtol=1e-4)
    assert 0.5 < np.nanmedian(maps.misfit) < 2


def test_what_cannot_be_done_is_refused(restless, corrected, run, tmp_path):
    made, path = restless
    with pytest.raises(InputError, match="only where motion is measured"):
        Preparation(motion=None, censoring=Censoring(moved=True))
    flagged = np.arange(made.series.n_frames) % 2 > 0
    with pytest.raises(SeriesError, match="--motion correct"):
        censor_moved(replace(corrected, motion=replace(corrected.motion, flagged=flagged)))
    code, _, err = run("maps", path, "-o", tmp_path / "out", "--motion", "leave")
    assert code == 2
    assert "censor" in err
    assert not (tmp_path / "out").exists()
