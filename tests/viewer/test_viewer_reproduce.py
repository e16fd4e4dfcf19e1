"""A result that its own series does not give is never replaced."""

import json
import shutil
from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest

from bolus.data import SeriesError, quantity_of
from bolus.io import KEPT, read_kept, write_kept
from bolus.viewer import viewer_app
from bolus.viewer.reproduce import check_reproducible, disagreement
from bolus.viewer.view import TUMOR_OF_MAPS


@pytest.fixture
def leak(kept, tmp_path):
    """A copy of the result by osvd, the quick one."""
    shutil.copytree(kept.root / "leak", tmp_path / "OUT")
    return tmp_path / "OUT"


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def recomputed(folder):
    session = viewer_app(folder).state.session
    session.recompute(session.view.maps.aif.mask)
    session.job.wait(60)
    return session


def shuffled(folder):
    """The kept series with the curves of its voxels exchanged."""
    series = read_kept(folder / KEPT)
    signal = series.signal.copy()
    signal[series.mask] = np.random.default_rng(0).permutation(signal[series.mask])
    write_kept(series.with_signal(signal), folder / KEPT)


def scaled(folder):
    """One stored map in another unit."""
    image = nib.load(folder / "cbf.nii.gz")
    values = np.asarray(image.dataobj, dtype=np.float32) * 60
    nib.save(nib.Nifti1Image(values, image.affine, image.header), folder / "cbf.nii.gz")


@pytest.mark.parametrize(("tamper", "worst"), [(shuffled, ""), (scaled, "cbf ")])
def test_a_series_or_map_that_was_tampered_with_stops_it(leak, tamper, worst):
    tamper(leak)
    before = contents(leak)
    session = recomputed(leak)
    assert session.job.state == "failed"
    assert KEPT in session.job.problem
    assert f"{worst}differs in" in session.job.problem or not worst
    assert "stays as it is" in session.job.problem
    assert contents(leak) == before
    assert session.before is None


def test_what_can_be_made_again_is_replaced_and_not_made_twice(leak):
    session = recomputed(leak)
    assert session.job.state == "done", session.job.problem
    steps = [step["name"] for step in session.job.told()["steps"]]
    assert steps[0] == "making the present maps again"
    session.go_back()
    session.job.wait(60)
    steps = [step["name"] for step in session.job.told()["steps"]]
    assert "making the present maps again" not in steps


@pytest.mark.parametrize("moved", [True, False])
def test_a_tumor_drawn_before_the_viewer_was_started_again_is_no_obstacle(leak, moved):
    """The maps are made again with the tumour they were made with, then with the new one."""
    session = viewer_app(leak).state.session
    drawn = {name: mask.copy() for name, mask in session.view.regions.items()}
    drawn["tumor"] = np.roll(drawn["tumor"], 12, axis=0) if moved else drawn["tumor"] & False
    session.save_regions(drawn)
    again = viewer_app(leak).state.session
    made_with = again.view.result.measured.rois["tumor"]
    assert not np.array_equal(made_with, drawn["tumor"])
    np.testing.assert_array_equal(
        again.view.regions.get("tumor", made_with & False), drawn["tumor"]
    )
    again.recompute(again.view.maps.aif.mask)
    again.job.wait(60)
    assert again.job.state == "done", again.job.problem
    told = json.loads((leak / "summary.json").read_text())["regions"]
    assert ("tumor" in told) == moved
    assert not (leak / TUMOR_OF_MAPS).exists()


def test_single_voxels_may_differ(kept, reading):
    maps = kept.leak
    one = replace(maps, volumes={**maps.volumes, "cbf": maps.cbf.copy()})
    voxel = tuple(np.argwhere(np.isfinite(maps.cbf))[0])
    one.volumes["cbf"][voxel] *= 2
    shares = disagreement(maps, one)
    assert shares["cbf"] == pytest.approx(1 / maps.mask.sum())
    assert {share for name, share in shares.items() if name != "cbf"} == {0.0}
    one.volumes["cbf"][voxel] = np.nan
    assert disagreement(maps, one)["cbf"] == pytest.approx(1 / maps.mask.sum())


def test_every_map_is_compared(reading, tmp_path):
    session = reading.session
    result, estimator = session.view.result, session.chosen
    # those that change with regions, which may be drawn anew, are left out
    for name in (one for one in result.maps.units if not quantity_of(one).regional):
        volume = np.where(result.maps.mask, 7.0 + np.abs(result.maps.volume(name)), np.nan)
        plain = name.removesuffix("_sd")
        changed = {"sd": {**result.maps.sd, plain: volume}}
        if plain == name:
            changed = {"volumes": {**result.maps.volumes, name: volume}}
        shares = disagreement(result.maps, replace(result.maps, **changed))
        assert max(shares, key=lambda which: shares[which]) == name
        assert shares[name] > 0.9
    spoilt = replace(result, maps=replace(result.maps, **changed))
    from bolus.base.progress import QUIET

    with pytest.raises(SeriesError, match=f"{name} differs in"):
        check_reproducible(spoilt, estimator, session.method, tmp_path, QUIET)
