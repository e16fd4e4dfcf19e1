"""Lesions and a late hemisphere of a digital patient."""

import numpy as np
import pytest

from bolus.data import InputError
from bolus.phantom import Ball, LateSide, Realism, simulate_patient

SMALL = {"seed": 2, "shape": (32, 32, 4), "frames": 40, "snr": np.inf}


@pytest.fixture(scope="module")
def plain():
    return simulate_patient(**SMALL)


def test_a_ball_has_its_own_transit_time_volume_and_delay(plain):
    centre = tuple(int(n) for n in np.argwhere(plain.masks.white)[40])
    ball = Ball(centre=centre, diameter=3, mtt=9.0, volume=0.5, later=2.0)
    made = simulate_patient(**SMALL, realism=Realism(balls=(ball,)))
    inside = ball.mask(SMALL["shape"]) & plain.masks.brain
    assert 5 < inside.sum() < 30
    np.testing.assert_allclose(made.truth.mtt[inside], 9, rtol=1e-5)
    np.testing.assert_allclose(made.truth.cbv[inside], plain.truth.cbv[inside] / 2, rtol=1e-5)
    np.testing.assert_allclose(made.truth.delay[inside], plain.truth.delay[inside] + 2, rtol=1e-4)
    outside = plain.masks.brain & ~inside
    np.testing.assert_array_equal(made.truth.cbf[outside], plain.truth.cbf[outside])
    changed = np.abs(made.series.signal - plain.series.signal).max(axis=3) > 1e-3
    assert changed[inside].all()


def test_one_side_is_late(plain):
    side = LateSide(later=6.0, mtt=1.5, flow=0.5)
    made = simulate_patient(**SMALL, realism=Realism(late_side=side))
    half = np.zeros(SMALL["shape"], dtype=bool)
    half[:16] = True
    late, other = half & plain.masks.brain, ~half & plain.masks.brain
    np.testing.assert_allclose(made.truth.delay[late], plain.truth.delay[late] + 6, rtol=1e-4)
    np.testing.assert_allclose(made.truth.mtt[late], 1.5 * plain.truth.mtt[late], rtol=1e-4)
    np.testing.assert_allclose(made.truth.cbf[late], 0.5 * plain.truth.cbf[late], rtol=1e-4)
    np.testing.assert_array_equal(made.truth.cbf[other], plain.truth.cbf[other])


@pytest.mark.parametrize(
    "wrong", [{"diameter": 0}, {"diameter": 2, "mtt": 0}, {"diameter": 2, "volume": -1}]
)
def test_a_ball_that_is_none(wrong):
    with pytest.raises(InputError, match="positive diameter"):
        Ball(centre=(1, 1, 1), **wrong)


def test_a_side_that_is_none():
    with pytest.raises(InputError, match="late side are positive"):
        LateSide(later=1.0, flow=0)
