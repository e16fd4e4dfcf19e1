import socket
import subprocess
import sys
import zlib

import numpy as np
import pytest

from bolus.assets import TEMPLATE, asset_path
from bolus.data import InputError
from bolus.io import read_map
from bolus.phantom.anatomy import TEMPLATE_ORIGIN, scanner_grid, simulate_anatomy, templates
from bolus.phantom.fields import smooth_field
from bolus.phantom.vessels import distance, simulate_vessels


@pytest.fixture(scope="module")
def anatomy():
    return simulate_anatomy(np.random.default_rng(0), (64, 64, 12))


def test_grid_is_axial_and_covers_the_cerebrum():
    grid = scanner_grid((64, 64, 12))
    assert grid.voxel_size == pytest.approx((220 / 64, 220 / 64, 7.0))
    assert np.count_nonzero(grid.affine[:3, :3] - np.diag(grid.affine.diagonal()[:3])) == 0
    bottom, top = grid.affine[2, 3], grid.affine[2, 3] + 11 * 7
    assert bottom < -10
    assert top > 55


def test_few_slices_still_hold_the_middle_cerebral_artery():
    for slices in (1, 4, 8):
        vessels = simulate_vessels(simulate_anatomy(np.random.default_rng(1), (48, 48, slices)))
        assert (vessels.trunks > 0.8).any()


def test_fractions_add_up_and_make_a_brain_of_human_size(anatomy):
    assert anatomy.tissue.max() < 1 + 1e-6
    assert min(anatomy.grey.min(), anatomy.white.min(), anatomy.fluid.min()) >= 0
    litres = np.prod(anatomy.grid.voxel_size) / 1e6
    assert 1.0 < anatomy.brain.sum() * litres < 1.7
    assert 0.8 < anatomy.grey.sum() / anatomy.white.sum() < 1.9
    # averaging over a voxel leaves many mixed ones: that is partial volume
    mixed = (anatomy.grey > 0.2) & (anatomy.grey < 0.8)
    assert 0.3 < mixed.sum() / anatomy.brain.sum() < 0.7


def test_partial_volume_shrinks_on_a_finer_grid(anatomy):
    fine = simulate_anatomy(np.random.default_rng(0), (128, 128, 12))
    pure = [(a.grey > 0.9).sum() / a.brain.sum() for a in (anatomy, fine)]
    assert pure[1] > 1.15 * pure[0]


def test_heads_differ_a_little(anatomy):
    other = simulate_anatomy(np.random.default_rng(1), (64, 64, 12))
    overlap = 2 * (anatomy.brain & other.brain).sum() / (anatomy.brain.sum() + other.brain.sum())
    assert 0.88 < overlap < 0.99


def test_scalp_lies_around_the_brain_with_bone_between(anatomy):
    assert anatomy.scalp[anatomy.brain].max() < 0.01
    middle = anatomy.scalp[:, :, 5]
    assert 0.9 < middle.max() <= 1
    assert middle[[0, -1]].max() < 0.05


def test_nothing_is_downloaded(monkeypatch):
    def refuse(*_):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    simulate_anatomy(np.random.default_rng(0), (24, 24, 1))


def test_the_tissue_maps_are_those_of_every_published_figure():
    found = [zlib.crc32(part.tobytes()) for part in templates()]
    assert found == [1182767571, 688931657, 709116631]
    assert {part.shape for part in templates()} == {(197, 233, 189)}


def test_the_tissue_maps_lie_where_the_vessels_expect_them():
    for name in TEMPLATE:
        _, grid = read_map(asset_path(name))
        np.testing.assert_array_equal(grid.affine[:3, :3], np.eye(3))
        np.testing.assert_array_equal(grid.affine[:3, 3], TEMPLATE_ORIGIN)


def test_what_others_made_is_named_with_its_licence():
    folder = asset_path(TEMPLATE[0]).parent
    texts = [(folder / name).read_text() for name in ("README.md", "LICENSES.txt")]
    assert all(name in text for name in TEMPLATE for text in texts)
    assert "Louis Collins, McConnell Brain Imaging Centre" in texts[1]
    with pytest.raises(KeyError, match="no asset 'mni152_red'"):
        asset_path("mni152_red")


def test_import_pulls_in_neither_nibabel_nor_scipy():
    code = (
        "import sys, bolus.phantom; "
        "print([m for m in ('scipy', 'nibabel', 'torch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_vessel_fractions_fill_no_voxel_twice(anatomy):
    vessels = simulate_vessels(anatomy)
    assert vessels.total.max() <= 1 + 1e-12
    assert min(vessels.trunks.min(), vessels.branches.min(), vessels.veins.min()) >= 0
    assert (vessels.trunks > 0.999).sum() >= 5
    # trunks on both sides of the midline, none far from the base
    where = anatomy.mni[vessels.trunks > 0.5]
    assert where[:, 0].min() < -20
    assert where[:, 0].max() > 20
    assert where[:, 2].max() < 30


def test_distance_to_a_line_is_euclidean():
    points = np.array([[[[0, 3, 0], [-4, 3, 0], [5, 0, 2]]]], dtype=float)
    assert distance(points, [((0, 0, 0), (10, 0, 0))])[0, 0] == pytest.approx([3, 5, 2])


def test_smooth_field_is_standard_and_smooth():
    rng = np.random.default_rng(0)
    field = smooth_field(rng, (40, 40, 10), (3.0, 3.0, 6.0), 9.0)
    assert field.mean() == pytest.approx(0, abs=1e-12)
    assert field.std() == pytest.approx(1)
    assert np.diff(field, axis=0).std() < 0.4
    assert (smooth_field(rng, (1, 1, 1), (3.0, 3.0, 6.0), 9.0) == 0).all()


def test_tiny_matrix_is_refused():
    with pytest.raises(InputError, match="24×24×1"):
        scanner_grid((16, 64, 12))
