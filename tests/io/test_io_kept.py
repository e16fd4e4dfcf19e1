"""The kept series: everything that a prepared series knows comes back."""

import numpy as np
import pytest

from bolus.base.tensors import write_tensors
from bolus.data import Drift, DSCSeries, FrameWindow, Grid, Motion, PreparedSeries, SeriesError
from bolus.io import KEPT, read_kept, write_kept

SHAPE, FRAMES = (3, 4, 5), 30


def test_what_is_known_of_frames_slices_and_motion(tmp_path):
    rng = np.random.default_rng(0)
    measured = rng.random((5, 26)) > 0.2
    left_out = np.arange(26) == 4
    measured[:, left_out] = False
    motion = Motion(
        pose=rng.normal(size=(FRAMES, 6)),
        displacement=rng.random(FRAMES),
        flagged=rng.random(FRAMES) > 0.5,
        limit=0.5,
    )
    made = PreparedSeries(
        series=DSCSeries(
            signal=rng.random((*SHAPE, FRAMES), dtype=np.float32),
            dt=1.5,
            te=None,
            grid=Grid(shape=SHAPE, affine=np.diag([2.0, 2.0, 5.0, 1.0])),
            slice_times=np.array([0.0, 0.6, 0.3, 0.9, 1.2]),
        ),
        frames=FrameWindow(first=2, onset=8, stop=28),
        mask=rng.random(SHAPE) > 0.5,
        motion=motion,
        measured=measured,
        left_out=left_out,
        drift=Drift(change=rng.normal(size=SHAPE).astype(np.float32)),
    )
    write_kept(made, tmp_path / KEPT)
    found = read_kept(tmp_path / KEPT)
    assert (found.frames, found.dt, found.te) == (made.frames, 1.5, None)
    np.testing.assert_array_equal(found.signal[made.mask], made.signal[made.mask])
    np.testing.assert_array_equal(found.measured, measured)
    np.testing.assert_array_equal(found.left_out, left_out)
    np.testing.assert_array_equal(found.slice_times, made.slice_times)
    for name in ("pose", "displacement", "flagged"):
        np.testing.assert_array_equal(getattr(found.motion, name), getattr(motion, name))
    assert found.motion.limit == 0.5
    np.testing.assert_array_equal(found.drift.change, made.drift.change)


@pytest.mark.parametrize(
    "told",
    ["[1, 2]", "[" * 9000 + "]" * 9000, "{", '{"format": "bolus-series-2", "frames": 3}', "7"],
)
def test_facts_that_are_no_object_are_refused_with_the_file(tmp_path, told):
    path = tmp_path / KEPT
    write_tensors(path, {name: np.ones((2, 2, 2)) for name in ("mask", "baseline")}, {"told": told})
    with pytest.raises(SeriesError, match=KEPT):
        read_kept(path)
