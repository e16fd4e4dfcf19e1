import csv
import json
from dataclasses import replace
from html import unescape

import nibabel as nib
import numpy as np
import pytest
from followup_cases import STILL, grid_of, head, movement, regions_of

from bolus.base.about import NOTICE
from bolus.base.json import write_json
from bolus.cli import app, main
from bolus.data import (
    AIF,
    AnatomicalImage,
    Anatomy,
    DSCSeries,
    FrameWindow,
    Grid,
    InputError,
    PerfusionMaps,
    PreparedSeries,
    RegistrationScore,
    Vein,
)
from bolus.data.measures import Measurement
from bolus.followup import compare_maps
from bolus.followup.compared import compared_pair
from bolus.followup.pair import Pair
from bolus.followup.visit import read_visit, visit_of
from bolus.io import KEPT, write_kept, write_transform, write_volume
from bolus.report import summary

WAY = movement([5.0, -4.0, 3.0], [2.0, -3.0, 4.0])
NAMES = ("cbf", "cbv", "mtt")
FILES = {
    "anat.nii.gz", "baseline_after.nii.gz", "baseline_before.nii.gz", "changes.tsv", "report.html",
    "roi_reference.nii.gz", "roi_tumor.nii.gz", "summary.json",
    *(f"{map}.{end}" for n in NAMES for end in ("json", "nii.gz")
      for map in (f"change_{n}", f"change_{n}_sd", f"probability_{n}",
                  f"anat_change_{n}", f"anat_change_{n}_sd", f"anat_probability_{n}")),
}  # fmt: skip


def imaged(grid, image):
    """An anatomical image that saw the same voxels 7 mm to the right."""
    way = np.eye(4)
    way[0, 3] = 7.0
    there = Grid(shape=grid.shape, affine=way @ grid.affine)
    scan = AnatomicalImage(volume=image, grid=there)
    return (Anatomy(image=scan, to_anatomy=way, score=RegistrationScore(0.6, 1.0, 7.0)),)


def result(folder, transform, seed, rois):
    """A folder as bolus maps writes it, as far as a comparison reads it."""
    grid = grid_of()
    image, brain = head(grid, transform, seed)
    signal = np.repeat(image[..., None], 12, axis=3)
    series = DSCSeries(signal=signal, dt=1.5, te=0.03, grid=grid)
    curve = np.maximum(0, np.sin(np.linspace(0, 3, 12)))
    rng = np.random.default_rng(seed)
    cbv = np.where(brain, 2.0 + rng.normal(0, 0.3, grid.shape), np.nan).astype(np.float32)
    maps = PerfusionMaps(
        series=PreparedSeries(
            series=series,
            frames=FrameWindow(first=0, onset=4, stop=12),
            mask=brain,
            motion=None,
            measured=np.ones((grid.shape[2], 12), dtype=bool),
        ),
        aif=AIF(curve=curve, dt=1.5, origin="given", scale_sd=0.15),
        method="joint",
        parameters={},
        volumes=dict.fromkeys((*NAMES, "misfit"), cbv),
        quality=np.zeros(grid.shape, dtype=np.uint8),
        mask=brain,
        sd=dict.fromkeys(NAMES, np.hypot(0.3, 0.15 * cbv).astype(np.float32)),
        leakage_model=None,
        description=None,
        tissue=curve,
        noise=0.1,
        seconds={},
        common={"cbf": 0.15, "cbv": 0.15},
        rois=rois,
        measurements=(
            Measurement(measure="cbv_ratio", region="tumor", value=1.0 + seed, interval=(1, 3)),
        )
        if rois
        else (),
    )
    folder.mkdir()
    maps = replace(maps, anatomies=imaged(grid, image) if rois else ())
    for anatomy in maps.anatomies:
        write_volume(folder / "anat.nii.gz", anatomy.image.volume, anatomy.grid)
        write_transform(folder / "anat_xfm.tfm", anatomy.to_anatomy)
    write_json(folder / "summary.json", summary(maps))
    for name in maps.units:
        write_volume(folder / f"{name}.nii.gz", maps.volume(name), grid)
    for name, mask in rois.items():
        write_volume(folder / f"roi_{name}.nii.gz", mask, grid)
    write_kept(maps.series, folder / KEPT)
    return maps


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    place = tmp_path_factory.mktemp("dates")
    shifted = {
        n: np.roll(m, (12, 12, 5), (0, 1, 2)) for n, m in regions_of(grid_of().shape).items()
    }
    maps = result(place / "a", np.eye(4), 0, shifted)
    result(place / "b", WAY, 1, {})
    return place, maps


@pytest.fixture(scope="module")
def written(folders):
    place, _ = folders
    arguments = ["compare", str(place / "a"), str(place / "b"), "-o", str(place / "out"), "--quiet"]
    app([*arguments, "--anatomy"], standalone_mode=False)
    return place / "out"


def test_every_file_is_there(written):
    assert {path.name for path in written.iterdir()} == FILES


def test_table_and_summary_agree(written):
    told = json.loads((written / "summary.json").read_text())
    assert told["notice"] == NOTICE
    with (written / "changes.tsv").open() as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert len(rows) == len(told["changes"]) == 9
    for row, change in zip(rows, told["changes"], strict=True):
        for name in ("before", "after", "change", "low_90", "high_90", "probability"):
            assert float(row[name]) == change[name]
    assert {(c["region"], c["kind"]) for c in told["changes"]} == {
        ("tumor", "normalised"),
        ("tumor", "absolute"),
        ("reference", "absolute"),
    }


def test_maps_of_change_lie_on_the_first_grid(written, folders):
    grid = folders[1].grid
    image = nib.load(written / "change_cbv.nii.gz")
    np.testing.assert_allclose(image.affine, grid.affine)
    assert image.shape == grid.shape
    probability = np.asarray(nib.load(written / "probability_cbv.nii.gz").dataobj)
    inside = probability[np.isfinite(probability)]
    assert (np.abs(inside) <= 1).all()
    assert np.mean(np.abs(inside) >= 0.95) < 0.06


def test_maps_of_change_lie_on_the_anatomy_of_the_first_date(written, folders):
    place, maps = folders
    (anatomy,) = maps.anatomies
    for name in ("change_cbv", "change_cbv_sd", "probability_cbv"):
        image = nib.load(written / f"anat_{name}.nii.gz")
        np.testing.assert_allclose(image.affine, anatomy.grid.affine, atol=1e-5)
        plain = np.asarray(nib.load(written / f"{name}.nii.gz").dataobj)
        moved = np.asarray(image.dataobj)
        known = np.isfinite(plain)
        assert known.sum() > 1000
        np.testing.assert_allclose(moved[known], plain[known], rtol=1e-3, atol=1e-3)
    with pytest.raises(InputError, match=r"b: maps with an anatomical image are expected"):
        compare_maps(place / "b", place / "a", anatomy=True)


def test_the_page_loads_nothing_and_says_what_it_is(written):
    page = unescape((written / "report.html").read_text())
    assert "default-src 'none'" in page
    assert NOTICE in page
    assert "http" not in page.replace("http-equiv", "")
    assert "<script" not in page


def test_a_folder_is_read_as_its_maps_are(folders):
    place, maps = folders
    read, known = read_visit(place / "a"), visit_of(maps)
    assert json.loads(json.dumps(known.told)) == read.told
    for name in NAMES:
        np.testing.assert_allclose(read.own_sd(name), known.own_sd(name), rtol=1e-5)
    np.testing.assert_allclose(read.baseline, known.baseline, rtol=1e-6)
    assert (read.brain == known.brain).all()
    assert {n: m.sum() for n, m in read.rois.items()} == {n: 32 for n in ("tumor", "reference")}


def test_no_change_is_asked_for_in_a_vein(folders):
    """It is no tissue, and a folder has no region of it."""
    maps = folders[1]
    vein = Vein(mask=maps.mask, curve=maps.aif.curve)
    known = visit_of(replace(maps, aif=replace(maps.aif, vein=vein)))
    assert set(known.rois) == {"tumor", "reference"}


def test_numbers_of_both_are_compared(folders):
    maps = folders[1]
    more = Measurement(measure="cbv_ratio", region="tumor", value=2.0, interval=(1.5, 3))
    later = visit_of(replace(maps, measurements=(more,)))
    (number,) = compared_pair(Pair(visit_of(maps), later, STILL)).numbers
    assert (number.kind, number.before, number.after, number.change) == ("number", 1.0, 2.0, 1.0)


def test_refusals_leave_nothing(folders, capsys, tmp_path):
    place, _ = folders
    (tmp_path / "empty").mkdir()
    with pytest.raises(SystemExit) as ended:
        main(["compare", str(place / "a"), str(tmp_path / "empty"), "-o", str(tmp_path / "out")])
    assert ended.value.code == 2
    assert "summary.json" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    with pytest.raises(SystemExit) as ended:
        main(["compare", str(place / "a"), str(place / "b"), "-o", str(place / "a"), "--overwrite"])
    assert ended.value.code == 2
    assert (place / "a" / "cbv.nii.gz").exists()
