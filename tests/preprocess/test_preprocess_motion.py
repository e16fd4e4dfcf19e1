"""Motion: found within a fraction of a voxel, taken out once, and nothing done to a still head."""

from dataclasses import replace

import numpy as np
import pytest
from moved_head import moved_head

from bolus.data import AIF, SeriesError
from bolus.patient import estimate, measure_prepared
from bolus.phantom import simulate_patient
from bolus.preprocess import correct_motion, pose_error, prepare
from recorder import Recorder

SHAPE, FRAMES = (44, 44, 8), 36


@pytest.fixture(scope="module")
def still():
    return moved_head(1, SHAPE, 0.0, frames=FRAMES)


@pytest.fixture(scope="module")
def moved():
    return moved_head(1, SHAPE, 2.0, frames=FRAMES)


@pytest.fixture(scope="module")
def corrected(moved):
    return correct_motion(moved.series)


def flow_error(head, series):
    """Mean |ln(CBF/true)| of phae in tissue, with the true arterial input."""
    used = prepare(series, head.brain)
    aif = AIF(curve=head.aif[used.frames.used], dt=series.dt, origin="given")
    found = estimate(measure_prepared(used, aif), "phae").cbf
    where = head.tissue & (head.cbf > 15) & np.isfinite(found) & (found > 0)
    return float(np.abs(np.log(found[where] / head.cbf[where])).mean())


class TestCorrection:
    def test_poses_are_found(self, moved, corrected):
        grid, brain = moved.series.grid, moved.brain
        error = pose_error(corrected.motion.pose, moved.pose, grid, brain)
        before = pose_error(np.zeros_like(moved.pose), moved.pose, grid, brain)
        assert error.mean() <= 0.3
        assert before.mean() > 3 * error.mean()

    def test_flow_is_as_good_as_of_a_still_head(self, still, moved, corrected):
        least, most = flow_error(still, still.series), flow_error(moved, moved.series)
        error = flow_error(moved, corrected.series)
        assert error <= 1.1 * least
        assert error < most

    @pytest.mark.parametrize("shape", [(64, 64, 6), (48, 48, 6), (40, 40, 5)])
    def test_a_bolus_is_no_motion_and_a_still_head_keeps_its_bytes(self, shape):
        """Every fourth frame, so that the bolus is among them."""
        whole = simulate_patient(seed=1, shape=shape, frames=36).series
        series = replace(whole, signal=whole.signal[..., ::4])
        found = correct_motion(series)
        assert found.series.signal is series.signal
        assert not found.motion.flagged.any()
        assert found.motion.displacement.max() > 0

    def test_progress_is_told(self, moved):
        told = Recorder()
        correct_motion(replace(moved.series, signal=moved.series.signal[..., :3]), told)
        assert told.advances == [(n, 6, "registering frames") for n in range(1, 7)]


class TestOddInput:
    def test_what_is_not_finite_stays_so_and_stays_local(self, moved):
        some = replace(moved.series, signal=moved.series.signal[..., ::7])
        signal = some.signal.copy()
        signal[20, 24, 5] = np.nan
        signal[20, 25, 5, 3] = np.inf
        found, clean = (correct_motion(one).series.signal for one in
                        (replace(some, signal=signal), some))  # fmt: skip
        spoilt = np.isnan(found) & ~np.isnan(clean)
        assert spoilt[20, 24, 5].any()
        assert spoilt.any(axis=3).sum() < 30

    def test_a_frame_without_contrast_is_left(self, moved):
        signal = moved.series.signal[..., :6].copy()
        signal[..., 2] = 0
        found = correct_motion(replace(moved.series, signal=signal))
        assert (found.series.signal[..., 2] == 0).all()
        np.testing.assert_array_equal(found.motion.pose[2], found.motion.pose[1])

    def test_the_limit_is_positive(self, moved):
        with pytest.raises(SeriesError, match="positive"):
            correct_motion(moved.series, limit=0.0)
