"""Bookkeeping of the clock; no test here depends on how fast the machine is."""

from dataclasses import dataclass

import numpy as np
import pytest

import bolus.bench.timing as timing
from bolus.bench import TimingSettings, bench_methods, time_methods
from bolus.bench.stopwatch import padded_length, peak_bytes, timing_batch, transform_and_back
from bolus.data import InputError
from bolus.estimators import estimator

SMALL = TimingSettings(voxels=600, frames=40, repeats=4)


def test_every_method_gets_a_row_against_a_positive_floor():
    speed = time_methods(bench_methods(["csvd", "osvd"]), SMALL)
    assert 0 < speed.floor_fastest <= speed.floor_median
    assert (speed.voxels, speed.frames, speed.length) == (600, 40, 80)
    assert [r.method for r in speed.rows] == ["csvd", "osvd"]
    for r in speed.rows:
        assert 0 < r.fastest <= r.median
        assert r.to_floor == pytest.approx(r.median / speed.floor_median)
        assert r.fastest_to_floor == pytest.approx(r.fastest / speed.floor_fastest)
        assert r.us_per_voxel == pytest.approx(1e6 * r.median / 600)
        assert (r.measured_voxels, r.scaled, r.repeats) == (600, False, 4)
        assert r.peak_bytes > 600 * 4


def test_slow_methods_are_timed_on_fewer_voxels_and_scaled(monkeypatch):
    monkeypatch.setattr(timing, "SLOW_SECONDS", -1.0)
    clock = iter([0.5] + [0.25] * 100)
    monkeypatch.setattr(timing, "seconds", lambda call: (call(), next(clock))[1])
    speed = time_methods(bench_methods(["csvd"]), SMALL)
    (r,) = speed.rows
    assert (r.measured_voxels, r.scaled, r.repeats) == (30, True, 3)
    assert r.median == pytest.approx(20 * 0.25)
    assert r.to_floor == pytest.approx(20)


def test_methods_are_timed_on_float32_curves_with_their_noise():
    seen = []

    @dataclass(frozen=True)
    class Spy:
        def bind(self, aif, dt, *, like):
            bound = estimator("csvd").bind(aif, dt, like=like)

            def call(tissue, noise_sd=None):
                seen.append((tissue.dtype, tissue.shape, noise_sd.shape))
                return bound(tissue)

            return call

    time_methods({"spy": Spy()}, TimingSettings(voxels=60, frames=40, repeats=1))
    assert {dtype for dtype, *_ in seen} == {np.dtype(np.float32)}
    assert seen[-1][1:] == ((60, 40), (60, 1))
    assert {(n, wide) for _, (n, _), (_, wide) in seen} == {(3, 1), (60, 1)}


def test_the_transform_returns_its_input():
    batch = np.random.default_rng(0).standard_normal((7, 120)).astype(np.float32)
    there_and_back = transform_and_back(batch, 1)
    assert there_and_back.dtype == np.float32
    np.testing.assert_allclose(there_and_back, batch, atol=1e-5)


def test_padding_is_at_least_twofold():
    assert padded_length(60) == 120
    assert all(padded_length(n) >= 2 * n for n in range(40, 200))


def test_the_batch_mixes_noise_levels():
    batch = timing_batch(100, 60, 0)
    assert batch.tissue.shape == (100, 60)
    assert set(batch.snr) == {50.0, 20.0, 10.0}


def test_memory_is_seen():
    held = peak_bytes(lambda: np.ones(1_000_000).sum())
    assert 8_000_000 <= held < 9_000_000
    assert peak_bytes(lambda: None) < 10_000


@pytest.mark.parametrize("wrong", [{"voxels": 5}, {"frames": 20}, {"repeats": 0}])
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(InputError):
        TimingSettings(**wrong)
