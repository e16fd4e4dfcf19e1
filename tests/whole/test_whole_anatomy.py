"""A patient with an anatomical image: masks and maps on either grid, files, page and viewer."""

import json
from dataclasses import replace
from fnmatch import fnmatch
from types import SimpleNamespace

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from bolus.cli import main
from bolus.data import (
    AnatomicalImage,
    Anatomy,
    Grid,
    InputError,
    MaskError,
    Preparation,
    RegistrationScore,
)
from bolus.io import read_map, read_transform, write_series, write_volume
from bolus.io.bids.dataset import SUFFIXES, BidsNames
from bolus.io.bids.description import write_description
from bolus.options import MapOptions
from bolus.patient import Beside, measure, perfusion_maps
from bolus.phantom import Displaced, anatomical_image, simulate_patient, write_anatomy
from bolus.report.artifacts import artifacts
from bolus.report.page import page
from bolus.viewer.anatomy import pictures
from bolus.viewer.load import read_view

STILL = Preparation(motion=None)
POSE = (4.0, -3.0, 5.0, 3.0, -2.0, 4.0)
OTHER = (-3.0, 5.0, 2.0, -4.0, 2.0, 1.0)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A small patient, images of 4 and 5 mm elsewhere, registered as they were made, and maps."""
    patient = simulate_patient(seed=5, shape=(28, 28, 4), frames=30, tumor="high", snr=80)
    score = RegistrationScore(kept=0.6, apart=1.0, travel=8.0)
    anatomies = []
    for contrast, pose, edge in (("flair", POSE, 4.0), ("t1c", OTHER, 5.0)):
        scan = anatomical_image(patient, contrast, Displaced(pose=pose), (edge, edge, edge))
        image = AnatomicalImage(volume=scan.volume, grid=scan.grid, name="/secret/name.nii.gz")
        anatomies.append(Anatomy(image=image, to_anatomy=scan.to_anatomy, score=score))
    given = Beside(regions={"tumor": patient.masks.tumor}, anatomy=anatomies)
    plain = perfusion_maps(patient.series, "svd", regions=given, preparation=STILL)
    maps = replace(plain, sd={"cbf": 0.1 * plain.cbf})
    folder = tmp_path_factory.mktemp("anatomy") / "maps"
    maps.save(folder)
    anatomy, second = anatomies
    return SimpleNamespace(
        patient=patient, anatomy=anatomy, second=second, maps=maps, folder=folder
    )


def test_maps_lie_on_the_anatomy(made):
    series = sitk.ReadImage(str(made.folder / "cbv.nii.gz"))
    target = sitk.ReadImage(str(made.folder / "anat.nii.gz"))
    transform = sitk.ReadTransform(str(made.folder / "anat_xfm.tfm"))
    known = sitk.Cast(sitk.ReadImage(str(made.folder / "brain_mask.nii.gz")), sitk.sitkFloat32)
    volume = sitk.GetArrayFromImage(series)
    filled = sitk.GetImageFromArray(np.nan_to_num(volume))
    filled.CopyInformation(series)
    moved, share = (
        sitk.GetArrayFromImage(sitk.Resample(one, target, transform, sitk.sitkLinear)).T
        for one in (filled, known)
    )
    ours, grid = read_map(made.folder / "anat_cbv.nii.gz")
    assert grid.matches(made.anatomy.grid)
    whole = share > 0.9999
    assert whole.sum() > 1000
    assert np.abs(ours - moved)[whole].max() < 1e-3 * np.abs(moved).max()
    told = json.loads((made.folder / "summary.json").read_text())["anatomy"]
    assert np.allclose(told["to_anatomy"], made.anatomy.to_anatomy)
    assert (told["information_left"], told["parts_apart_mm"]) == (0.6, 1.0)


def test_uncertainty_lies_on_the_anatomy_as_its_map_does(made):
    flow, grid = read_map(made.folder / "anat_cbf.nii.gz")
    sd, place = read_map(made.folder / "anat_cbf_sd.nii.gz")
    assert place.matches(grid)
    known = np.isfinite(flow)
    assert known.sum() > 1000
    np.testing.assert_allclose(sd[known], 0.1 * flow[known], rtol=1e-4)
    told = json.loads((made.folder / "anat_cbf_sd.json").read_text())
    assert told["Units"] == made.maps.units["cbf_sd"]
    assert not (made.folder / "anat_mtt_sd.nii.gz").exists()


def test_a_second_image_has_its_own_place(made):
    volume, grid = read_map(made.folder / "anat2.nii.gz")
    assert np.array_equal(volume, made.second.image.volume)
    assert grid.matches(made.second.grid)
    way = read_transform(made.folder / "anat2_xfm.tfm")
    assert np.allclose(way, made.second.to_anatomy, atol=1e-9)
    assert not (made.folder / "anat2_cbf.nii.gz").exists()
    (further,) = json.loads((made.folder / "summary.json").read_text())["further_anatomies"]
    assert np.allclose(further["to_anatomy"], made.second.to_anatomy)
    (first, second) = MapOptions.read(made.folder / "bolus.toml").given.anatomy
    assert (first.name, second.name) == ("anat.nii.gz", "anat2.nii.gz")


def test_the_name_of_the_image_is_written_nowhere(made):
    texts = [path for path in made.folder.iterdir() if path.suffix in (".json", ".html", ".tfm")]
    assert not any("secret" in path.read_text() for path in texts)


def test_a_result_with_an_anatomy_is_read_back(made):
    view, _ = read_view(made.folder)
    assert np.allclose(view.anatomies[0].to_anatomy, made.anatomy.to_anatomy, atol=1e-9)
    assert np.array_equal(view.anatomies[0].image.volume, made.anatomy.image.volume)
    assert view.anatomies[0].score == made.anatomy.score
    assert [a is b for a, b in zip(view.maps.anatomies, view.anatomies, strict=True)] == [True] * 2
    assert np.array_equal(view.anatomies[1].image.volume, made.second.image.volume)
    slices = pictures(view)
    other = pictures(view, number=2)
    assert other.shape == slices.shape
    assert 0 < np.corrcoef(other.ravel(), slices.ravel())[0, 1] < 0.99
    with pytest.raises(KeyError):
        pictures(view, number=3)
    assert slices.shape[0] == 4
    middle = slices[2, slices.shape[1] // 2]
    assert middle.max() > 100
    (made.folder / "anat_xfm.tfm").rename(made.folder / "gone")
    with pytest.raises(InputError, match=r"anat_xfm\.tfm"):
        read_view(made.folder)
    (made.folder / "gone").rename(made.folder / "anat_xfm.tfm")


def test_the_page_has_maps_over_the_anatomy(made):
    text = page(made.maps)
    assert "On the anatomy" in text
    assert text.count("over anatomical image 1</figcaption>") == 2
    assert text.count("over anatomical image 2</figcaption>") == 2
    one = page(replace(made.maps, anatomies=made.maps.anatomies[:1]))
    assert one.count("over the anatomical image</figcaption>") == 2
    assert "On the anatomy" not in page(replace(made.maps, anatomies=()))


def test_bids_names_of_what_lies_on_the_anatomy(made, tmp_path):
    names, found = BidsNames.of("01", None, "svd"), set()
    for artifact in artifacts(made.maps):
        path = tmp_path / names.path(artifact.file)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        found.add(path.name)
    assert "sub-01_space-anat_desc-svd_cbf.nii.gz" in found
    assert "sub-01_space-anat_desc-svdCorrected_cbv.nii.gz" in found
    assert "sub-01_space-anat_desc-svd_anat.nii.gz" in found
    assert "sub-01_from-dsc_to-anat_mode-image_desc-svd_xfm.tfm" in found
    assert "sub-01_space-anat_desc-svdSD_cbf.nii.gz" in found
    assert "sub-01_space-anat2_desc-svd_anat.nii.gz" in found
    assert "sub-01_from-dsc_to-anat2_mode-image_desc-svd_xfm.tfm" in found
    assert {path.name for path in names.present(tmp_path)} == found
    write_description(tmp_path, None, SUFFIXES)
    ignored = (tmp_path / ".bidsignore").read_text().split()
    on_anatomy = [name for name in found if "anat" in name]
    assert len(on_anatomy) > 8
    assert all(any(fnmatch(name, pattern) for pattern in ignored) for name in on_anatomy)


def drawn_on(anatomy, grid, mask):
    """A mask of the series on the grid of an image."""
    seen = anatomy.seen_by_series
    to_series = np.linalg.inv(grid.affine) @ seen.affine
    index = np.indices(seen.shape).reshape(3, -1)
    found = np.rint(to_series[:3, :3] @ index + to_series[:3, 3:]).astype(int)
    inside = ((found >= 0) & (found < np.array(grid.shape)[:, None])).all(axis=0)
    out = np.zeros(index.shape[1], dtype=bool)
    out[inside] = mask[tuple(found[:, inside])]
    return out.reshape(seen.shape)


def test_masks_on_either_anatomy_come_to_the_series(made, tmp_path):
    patient, both = made.patient, (made.anatomy, made.second)
    brain = drawn_on(made.second, patient.series.grid, patient.masks.brain)
    tumor = drawn_on(made.anatomy, patient.series.grid, patient.masks.tumor)
    write_volume(tmp_path / "brain.nii.gz", brain, made.second.grid)
    given = Beside(regions={"tumor": tumor}, anatomy=both)
    got = measure(patient.series, None, tmp_path / "brain.nii.gz", regions=given, preparation=STILL)
    for ours, truth in (
        (got.series.mask, patient.masks.brain),
        (got.rois["tumor"], patient.masks.tumor),
    ):
        assert 2 * (ours & truth).sum() / (ours.sum() + truth.sum()) > 0.85
    assert got.brain_given
    with pytest.raises(MaskError, match=r"tumor of shape \(3, 3, 3\) on a grid of .* or "):
        measure(
            patient.series,
            regions=Beside(regions={"tumor": np.ones((3, 3, 3), bool)}, anatomy=both),
        )
    write_volume(
        tmp_path / "none.nii.gz", np.ones((9, 9, 9), bool), Grid(shape=(9, 9, 9), affine=np.eye(4))
    )
    with pytest.raises(MaskError, match="lies on no grid that is known: on that of the series"):
        measure(patient.series, None, tmp_path / "none.nii.gz", regions=given, preparation=STILL)


def test_a_mask_on_the_anatomy_that_misses_the_series_is_refused(made):
    mask = np.zeros(made.anatomy.grid.shape, dtype=bool)
    mask[0, 0, 0] = True
    given = Beside(regions={"tumor": mask}, anatomy=made.anatomy)
    with pytest.raises(MaskError, match="lies outside the series"):
        measure(made.patient.series, regions=given, preparation=STILL)


def test_an_anatomy_that_does_not_exist_is_named(made, tmp_path, capsys):
    series = made.patient.series
    write_series(tmp_path / "dsc.nii.gz", series.signal, series.grid, series.dt, series.te)
    missing = str(tmp_path / "t1.nii.gz")
    asked = ["maps", str(tmp_path / "dsc.nii.gz"), "-o", str(tmp_path / "o"), "--anatomy", missing]
    with pytest.raises(SystemExit) as stopped:
        main([*asked, "-q"])
    assert stopped.value.code == 2
    assert "t1.nii.gz: no such file" in capsys.readouterr().err
    assert not (tmp_path / "o").exists()


def test_a_simulated_anatomy_is_written_with_its_truth(made, tmp_path):
    write_anatomy(made.patient, Displaced(pose=POSE), tmp_path, (8.0, 8.0, 8.0))
    assert {path.name for path in tmp_path.glob("*.nii.gz")} == {"t1c.nii.gz", "flair.nii.gz"}
    truth = read_transform(tmp_path / "truth_to_flair.tfm")
    assert np.allclose(truth, made.anatomy.to_anatomy, atol=1e-9)
