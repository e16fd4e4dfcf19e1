"""Two echoes of a series as one that T1 does not touch."""

from dataclasses import replace

import numpy as np
import pytest

from bolus.data import DSCSeries, Grid, SeriesError, Source
from bolus.phantom.acquisition import magnitude_noise
from bolus.preprocess import two_echoes

FIRST, SECOND = 0.008, 0.030
SHAPE = (6, 5, 4)
GRID = Grid(shape=SHAPE, affine=np.diag([3.0, 3, 5, 1]))
FRAMES = np.arange(60)
BOLUS = np.exp(-0.5 * ((FRAMES - 18) / 3.0) ** 2)
ENHANCED = 1 + 0.3 * (FRAMES > 14)
"""What T1 does to both echoes."""


def echo(te, peak=20.0, level=1000.0, noise=0.0, seed=0, enhanced=ENHANCED):
    """A series of one R2*(t), 25 1/s before the bolus."""
    signal = level * enhanced * np.exp(-te * (25 + peak * BOLUS))
    whole = np.broadcast_to(signal.astype(np.float32), (*SHAPE, FRAMES.size)).copy()
    whole = magnitude_noise(np.random.default_rng(seed), whole, noise)
    source = Source(format="nifti", checksum=f"{te}")
    return DSCSeries(signal=whole, dt=1.5, te=te, grid=GRID, source=source)


def change(series):
    """ΔR2* of the mean voxel."""
    level = series.signal[..., :8].mean(axis=-1, keepdims=True)
    return -np.log(series.signal / level).mean(axis=(0, 1, 2)) / series.te


def test_t1_has_no_part():
    both = two_echoes(echo(FIRST), echo(SECOND))
    assert both.te == pytest.approx(SECOND - FIRST)
    assert both.echoes == (FIRST, SECOND)
    np.testing.assert_allclose(change(both), 20 * BOLUS, atol=0.01)
    assert np.abs(change(echo(SECOND)) - 20 * BOLUS).max() > 5
    assert both.signal.dtype == np.float32
    assert both.signal.mean() == pytest.approx(echo(SECOND).signal.mean(), rel=0.1)


def test_noise_is_that_of_two_signals():
    both = two_echoes(echo(FIRST, noise=8.0), echo(SECOND, noise=8.0, seed=1))
    expected = np.hypot(*(8 / echo(te).signal[0, 0, 0, 2] for te in (FIRST, SECOND)))
    found = (both.signal[..., :8].std(axis=-1) / both.signal[..., :8].mean(axis=-1)).mean()
    assert found == pytest.approx(expected, rel=0.1)


def test_where_the_second_echo_is_lost_the_first_one_speaks():
    """At the peak less than its noise is left of the second echo, which alone loses a fifth."""
    plain = np.ones_like(ENHANCED)
    one, other = (
        echo(te, peak=170.0, noise=8.0, seed=int(1000 * te), enhanced=plain)
        for te in (FIRST, SECOND)
    )
    both = change(two_echoes(one, other))
    assert both.max() == pytest.approx(170, rel=0.03)
    assert change(other).max() < 0.8 * 170


def test_air_stays_as_it_is_and_what_is_not_finite_does():
    one, other = echo(FIRST, noise=8.0), echo(SECOND, noise=8.0, seed=1)
    one.signal[0], other.signal[0] = 1.0, 2.0
    other.signal[1, 1, 1, 5] = np.nan
    both = two_echoes(one, other)
    np.testing.assert_array_equal(both.signal[0], other.signal[0])
    assert np.isnan(both.signal[1, 1, 1, 5])
    assert np.isfinite(both.signal[2:]).all()


def test_the_source_is_of_both():
    both, other = two_echoes(echo(FIRST), echo(SECOND)), two_echoes(echo(FIRST), echo(0.028))
    assert len(both.source.checksum) == 64
    assert both.source.checksum != other.source.checksum


@pytest.mark.parametrize(
    ("change_of", "words"),
    [
        (lambda s: replace(s, te=FIRST), r"known and rise, found 0.008 s and 0.008 s"),
        (lambda s: replace(s, te=None), "found 0.008 s and none"),
        (lambda s: replace(s, dt=1.6), "found 1.5 and 1.6 s"),
        (lambda s: replace(s, signal=s.signal[..., :30]), r"found \(6, 5, 4, 60\) and"),
        (
            lambda s: replace(s, grid=Grid(shape=SHAPE, affine=np.diag([3.0, 3, 4, 1]))),
            "at different places",
        ),
        (lambda s: replace(s, te=FIRST + 0.001), "echo time"),
    ],
)
def test_what_does_not_go_together_is_refused(change_of, words):
    with pytest.raises(SeriesError, match=words):
        two_echoes(echo(FIRST), change_of(echo(SECOND)))
