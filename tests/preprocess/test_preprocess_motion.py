"""Motion: found within a fraction of a voxel, taken out once, and nothing done to a still head."""

from dataclasses import replace

import numpy as np
import pytest
from moved_head import moved_head

from bolus.data import AIF, DSCSeries, Grid, Motion, SeriesError
from bolus.estimators import METHODS
from bolus.pipeline import estimate, measure
from bolus.preprocess import correct_motion, prepare, without_flagged
from bolus.preprocess.motion import NEGLIGIBLE
from bolus.preprocess.rigid import (
    against,
    framewise_displacement,
    pose_error,
    pose_of,
    rigid_of,
)

SHAPE = (48, 48, 10)


@pytest.fixture(scope="module")
def still():
    return moved_head(1, SHAPE, 0.0)


@pytest.fixture(scope="module")
def moved():
    return moved_head(1, SHAPE, 2.0)


@pytest.fixture(scope="module")
def corrected(moved):
    return correct_motion(moved.series)


def flow_error(head, series):
    """Mean |ln(CBF/true)| of phae in tissue, with the true arterial input."""
    measured = measure(series, mask=head.brain, motion=False)
    aif = AIF(curve=head.aif[measured.series.frames.used], dt=series.dt, origin="given")
    found = estimate(replace(measured, aif=aif), "phae").cbf
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
        error = flow_error(moved, corrected)
        assert error <= 1.1 * least
        assert error < most

    def test_a_bolus_is_no_motion(self, still):
        found = correct_motion(still.series)
        away = pose_error(found.motion.pose, still.pose, still.series.grid, still.brain)
        assert away.mean() < NEGLIGIBLE
        assert not found.motion.flagged.any()
        same = (found.signal == still.series.signal).all(axis=(0, 1, 2))
        assert same.mean() > 0.9

    def test_threads_do_not_matter(self, moved):
        few = replace(moved.series, signal=moved.series.signal[..., :8])
        one, two = (correct_motion(few, threads=n) for n in (1, 2))
        assert one.signal.tobytes() == two.signal.tobytes()
        assert one.motion.pose.tobytes() == two.motion.pose.tobytes()

    def test_progress_is_told(self, moved):
        told = []
        correct_motion(replace(moved.series, signal=moved.series.signal[..., :3]), told.append)
        assert told
        assert all("motion" in line for line in told)


class TestOddInput:
    def test_a_single_slice_moves_within_its_plane(self, moved):
        grid = moved.series.grid
        one = replace(
            moved.series,
            signal=moved.series.signal[:, :, 5:6, :10],
            grid=Grid(shape=(*SHAPE[:2], 1), affine=grid.affine),
        )
        pose = correct_motion(one).motion.pose
        across = np.cross(grid.affine[:3, 0], grid.affine[:3, 1])
        across /= np.linalg.norm(across)
        np.testing.assert_allclose(pose[:, :3] @ across, 0, atol=1e-6)
        assert np.abs(pose).max() > 0.05

    def test_what_is_not_finite_stays_so_and_stays_local(self, moved, corrected):
        signal = moved.series.signal.copy()
        signal[20, 24, 5] = np.nan
        found = correct_motion(replace(moved.series, signal=signal)).signal
        spoilt = np.isnan(found) & ~np.isnan(corrected.signal)
        assert spoilt[20, 24, 5].any()
        assert spoilt.any(axis=3).sum() < 30

    def test_a_frame_without_contrast_is_left(self, moved):
        signal = moved.series.signal[..., :6].copy()
        signal[..., 2] = 0
        found = correct_motion(replace(moved.series, signal=signal))
        assert (found.signal[..., 2] == 0).all()
        np.testing.assert_array_equal(found.motion.pose[2], found.motion.pose[1])

    def test_motion_is_taken_out_once(self, corrected):
        with pytest.raises(SeriesError, match="already"):
            correct_motion(corrected)

    def test_the_limit_is_positive(self, moved):
        with pytest.raises(SeriesError, match="positive"):
            correct_motion(moved.series, limit=0.0)


class TestPoses:
    pose = np.array([1.0, -2.0, 0.5, 3.0, -4.0, 5.0])

    def test_round_trip(self):
        np.testing.assert_allclose(pose_of(rigid_of(self.pose)), self.pose, atol=1e-12)
        back = rigid_of(self.pose).back.after(rigid_of(self.pose))
        np.testing.assert_allclose(pose_of(back), 0, atol=1e-12)

    def test_against_itself_is_nothing(self):
        both = against(np.stack([self.pose, np.zeros(6)]), self.pose)
        np.testing.assert_allclose(both[0], 0, atol=1e-12)
        assert np.abs(both[1]).max() > 1

    def test_framewise_displacement_by_hand(self):
        path = np.zeros((3, 6))
        path[1, 0], path[2, 0], path[2, 5] = 1.0, 1.0, np.rad2deg(0.02)
        np.testing.assert_allclose(framewise_displacement(path), [0, 1.0, 50 * 0.02])


def with_flags(series: DSCSeries, frames) -> DSCSeries:
    """The series as if the head had jumped in some frames."""
    flagged = np.zeros(series.n_frames, dtype=bool)
    flagged[list(frames)] = True
    motion = Motion(
        pose=np.zeros((series.n_frames, 6)),
        displacement=np.where(flagged, 3.0, 0.0),
        flagged=flagged,
        limit=1.0,
    )
    return replace(series, motion=motion)


def spoilt(series: DSCSeries, frames) -> DSCSeries:
    """The same with another signal in these frames."""
    signal = series.signal.copy()
    signal[..., list(frames)] *= 1.6
    return replace(series, signal=signal)


class TestFlaggedFrames:
    frames = (20, 31)

    def maps(self, head, series, method, flagged):
        frames = prepare(head.series, head.brain).frames
        aif = AIF(curve=head.aif[frames.used], dt=series.dt, origin="given")
        one_slice = head.brain & (np.arange(SHAPE[2]) == 5)
        measured = measure(replace(series, frames=frames), aif, one_slice, flagged=flagged)
        return estimate(measured, method)

    @pytest.mark.parametrize(
        ("method", "word"),
        [("osvd", "interpolated"), ("phae", "interpolated"), ("bayes", "left out")],
    )
    def test_dropped_frames_do_not_count(self, still, method, word):
        head = still
        clean = with_flags(still.series, self.frames)
        dirty = spoilt(clean, self.frames)
        dropped, same = (self.maps(head, s, method, "drop") for s in (dirty, clean))
        assert dropped.flagged_frames == word
        np.testing.assert_array_equal(dropped.cbf, same.cbf)
        kept = self.maps(head, dirty, method, "keep")
        assert kept.flagged_frames == "kept"
        where = np.isfinite(kept.cbf) & np.isfinite(same.cbf)
        assert np.abs(np.log(np.abs(kept.cbf[where] / same.cbf[where]))).mean() > 0.01

    def test_what_is_left_out_is_near_what_was_measured(self, still):
        plain = self.maps(still, with_flags(still.series, ()), "phae", "drop")
        dropped = self.maps(still, with_flags(still.series, self.frames), "phae", "drop")
        assert plain.flagged_frames == "none"
        where = still.tissue & np.isfinite(plain.cbf) & np.isfinite(dropped.cbf)
        ratio = np.log(dropped.cbf[where] / plain.cbf[where])
        assert abs(np.median(ratio)) < 0.05
        assert abs(np.nanmedian(dropped.misfit) - np.nanmedian(plain.misfit)) < 0.1

    @pytest.mark.parametrize(
        ("frames", "words"),
        [(range(3, 45, 2), "at most a third"), (range(2, 11), "baseline"),
         (range(13, 18), "bolus passed")],
    )  # fmt: skip
    def test_too_much_is_refused(self, still, frames, words):
        series = prepare(with_flags(still.series, frames), still.brain)
        with pytest.raises(SeriesError, match=words):
            without_flagged(series)

    def test_every_method_says_what_it_does(self):
        able = {name for name, made in METHODS.items() if getattr(made, "weighs_samples", False)}
        assert able == {"bayes"}
