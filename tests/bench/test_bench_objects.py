"""Two digital objects of the literature: their truth, and what is told of it."""

from dataclasses import replace

import numpy as np
import pytest

from bolus.bench.objects import (
    DISPERSIONS,
    LATE,
    agreement,
    dispersion_object,
    dispersion_rows,
    kudo,
    kudo_rows,
)
from bolus.bench.objects_page import Objects, objects_page
from bolus.estimators import estimator
from bolus.physics import area


def test_kudos_tiles_are_all_its_combinations():
    tiles = kudo(1.0)
    together = set(zip(tiles.cbv, tiles.mtt, tiles.delay, tiles.residue, strict=True))
    assert len(together) == tiles.cbv.size == 294
    places = tiles.places
    assert len(np.unique(places.index, axis=0)) == 294 * 25
    assert (places.index.max(axis=0) < places.shape).all()


def test_a_tile_has_its_volume_its_arrival_and_its_fall():
    tiles = replace(kudo(1.0), snr=1e6)
    seen = tiles.measured(0)
    mean = seen.tissue.reshape(294, 25, -1).mean(axis=1)
    quick = tiles.mtt < 9
    ratio = area(mean, 1.0) / area(seen.aif, 1.0)
    np.testing.assert_allclose(ratio[quick] / tiles.cbv[quick], 1, atol=0.02)
    assert np.exp(-0.03 * mean.max()) == pytest.approx(0.6, abs=1e-3)
    same = (tiles.cbv == 0.04) & (tiles.mtt == 4.0) & (tiles.residue == "exponential")
    time = np.arange(mean.shape[1])
    centre = (mean[same] * time).sum(axis=1) / mean[same].sum(axis=1)
    np.testing.assert_allclose(centre - centre[3], tiles.delay[same], atol=0.05)


def test_dispersion_moves_the_middle_of_a_curve_by_its_time():
    centre = []
    for time in (0.0, 3.0):
        seen = replace(dispersion_object(time, 1.0), snr=1e6).measured(0)
        mean = seen.tissue.mean(axis=0)
        centre.append((mean * np.arange(mean.size)).sum() / mean.sum() * seen.dt)
    assert centre[1] - centre[0] == pytest.approx(3.0, abs=0.05)


def test_agreement_is_that_of_a_worked_example():
    """The six subjects and first two judges of Shrout & Fleiss, Psychol Bull 1979;86:420."""
    one, other = np.array([9.0, 6, 8, 7, 10, 6]), np.array([2.0, 1, 4, 1, 5, 2])
    assert agreement(one, one) == pytest.approx(1)
    rows = 2 * np.square((one + other) / 2 - (one + other).mean() / 2).sum() / 5
    columns = 6 * (np.square(one.mean() - other.mean()) / 2)
    left = one - other - (one - other).mean()
    error = np.square(left).sum() / 2 / 5
    expected = (rows - error) / (rows + error + 2 / 6 * (columns - error))
    assert agreement(one, other) == pytest.approx(expected)


def test_the_page_shows_every_method_beside_the_limit():
    methods = {"osvd": estimator("osvd"), "phae": estimator("phae")}
    rows = tuple(kudo_rows({"osvd": methods["osvd"]}, replace(kudo(1.5), voxels=4)))
    behind = tuple(r for name in DISPERSIONS for r in dispersion_rows(methods, name))
    limit, osvd = rows
    assert (limit.method, osvd.method) == ("limit", "osvd")
    assert limit.cbf > 0.95 > osvd.cbf > 0.8
    none, high = behind[1], behind[-1]
    assert len(none.ratio) == len(LATE)
    assert none.ratio[0] > 1.5 * high.ratio[0]
    assert none.held > 0.8 > high.held
    page = objects_page(Objects(kudo=rows, dispersion=behind))
    assert page.count("| limit |") == 1
    assert page.count("| phae |") == len(DISPERSIONS)
