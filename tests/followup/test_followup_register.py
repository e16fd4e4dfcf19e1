import numpy as np
import pytest
from followup_cases import grid_of, head, movement

from bolus.data import InputError
from bolus.followup.carried import carried, carried_mask, inside_of
from bolus.followup.register import FLOOR, Head, Registration, registered

WAY = movement([6.0, -9.0, 5.0], [4.0, -5.0, 6.0])


def apart(found, true, one):
    points = np.argwhere(one.brain) @ one.grid.affine[:3, :3].T + one.grid.affine[:3, 3]
    gap = points @ (found - true)[:3, :3].T + (found - true)[:3, 3]
    return np.linalg.norm(gap, axis=1).mean()


@pytest.fixture(scope="module")
def heads():
    grid, other = grid_of(), grid_of((34, 30, 13), (5.5, 6.5, 7.5))
    return Head(*head(grid, np.eye(4)), grid), Head(*head(other, WAY, seed=1), other)


def test_a_known_movement_is_found_on_another_grid(heads):
    found = registered(*heads)
    assert apart(found.transform, WAY, heads[0]) < 1.0
    assert found.good
    assert FLOOR * found.voxel <= found.sd < 1.0


def test_another_head_is_refused_with_its_scores(heads):
    rng = np.random.default_rng(3)
    image = np.where(heads[1].brain, 500, 30) + rng.normal(0, 200, heads[1].grid.shape)
    with pytest.raises(InputError, match=r"could not be registered: correlation of the images 0\."):
        registered(heads[0], heads[1]._replace(image=image.astype(np.float32)))


def test_thin_slabs_are_refused(heads):
    thin = Head(heads[0].image[..., :2], heads[0].brain[..., :2], grid_of((30, 34, 2)))
    with pytest.raises(InputError, match="3 slices are expected"):
        registered(thin, heads[1])


def test_what_makes_a_registration_bad():
    good = {"transform": np.eye(4), "likeness": 0.9, "overlap": 0.95, "error": 0.5, "voxel": 3.0}
    assert Registration(**good).good
    for worse in ({"likeness": 0.5}, {"overlap": 0.6}, {"error": 3.5}):
        assert not Registration(**{**good, **worse}).good


def test_a_plane_is_carried_as_a_plane():
    source, target = grid_of((12, 12, 6)), grid_of((10, 11, 5), (4.0, 4.5, 6.0))
    way = movement([2.0, -1.0, 1.0], [3.0, 2.0, -4.0])

    def plane(grid, transform):
        index = np.indices(grid.shape, dtype=float)
        whole = transform @ grid.affine
        place = np.tensordot(whole[:3, :3], index, axes=1) + whole[:3, 3, None, None, None]
        return place[0] + 2 * place[1] - 3 * place[2]

    found = carried(plane(source, np.eye(4)), source, target, way)
    seen = inside_of(source, target, way)
    assert np.isnan(found[~seen]).all()
    inner = np.zeros(target.shape, dtype=bool)
    inner[2:-2, 2:-2, 1:-1] = True
    np.testing.assert_allclose(found[inner & seen], plane(target, way)[inner & seen], atol=1e-9)


def test_what_is_not_known_is_not_carried_far():
    grid = grid_of((8, 8, 5))
    volume = np.ones(grid.shape)
    volume[4] = np.nan
    half = movement([2.4, 0.0, 0.0], [0, 0, 0])
    found = carried(volume, grid, grid, half)
    assert np.isnan(found[4, 3, 2])
    assert found[3, 3, 2] == 1
    mask = np.zeros(grid.shape, dtype=bool)
    mask[5] = True
    assert carried_mask(mask, grid, grid, movement([5.0, 0, 0], [0, 0, 0]))[4].all()
