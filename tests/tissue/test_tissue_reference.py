"""A reference region that is found: where it lies, and where there is none."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt
from tissue_cases import patient, true_maps

from bolus.data import InputError
from bolus.data.reference import FoundReference
from bolus.findings import with_numbers, with_reference
from bolus.patient.given import reference_choice, rois_of
from bolus.tissue import TissueError, find_midline, find_reference, tissue_classes
from bolus.tissue.midline import mirrored_mask, places_of


@pytest.fixture(scope="module")
def found():
    made, _ = patient()
    maps = true_maps()
    mask, told = find_reference(maps, made.masks.tumor)
    return made, maps, mask, told


def test_it_is_white_matter_opposite_the_tumour_and_away_from_it(found):
    made, maps, mask, told = found
    far = distance_transform_edt(~made.masks.tumor, sampling=maps.grid.voxel_size)
    assert far[mask].min() > 12
    assert told.distance == pytest.approx(far[mask].min())
    assert not (mask & made.masks.vessels).any()
    x = places_of(maps)[..., 0]
    assert (np.sign(x[mask]) == -np.sign(x[made.masks.tumor].mean())).mean() > 0.95
    true = made.truth.cbv
    assert true[mask].mean() == pytest.approx(true[made.masks.nawm].mean(), rel=0.06)


def test_it_is_off_the_mirror_image_of_the_tumour(found):
    made, maps, mask, _ = found
    midline = find_midline(maps, made.masks.tumor)
    mirror = mirrored_mask(made.masks.tumor, maps, midline)
    assert mirror.sum() > 10
    assert not (mask & mirror).any()


def test_it_says_where_it_is(found):
    _, _, mask, told = found
    slices = np.flatnonzero(mask.any(axis=(0, 1)))
    assert f"{told.hemisphere} hemisphere, slices {slices[0]} to {slices[-1]}" in told.sentence
    assert f"{int(mask.sum())} voxels" in told.sentence
    assert FoundReference.from_json(told.as_json()) == told


def test_it_does_not_depend_on_the_scale_of_the_map(found):
    made, _, mask, _ = found
    other, _ = find_reference(true_maps(scale=8.0), made.masks.tumor)
    assert (other ^ mask).sum() <= 0.01 * mask.sum()


def test_a_tumour_in_both_hemispheres_has_its_reference_in_both(found):
    made, maps, _, _ = found
    mirror = mirrored_mask(made.masks.tumor, maps, find_midline(maps, made.masks.tumor))
    both = (made.masks.tumor | mirror) & maps.mask
    _, told = find_reference(maps, both)
    assert told.hemisphere == "both"


def test_the_mirror_region_is_brain_tissue_opposite(found):
    made, maps, _, _ = found
    mask, told = find_reference(maps, made.masks.tumor, "mirror")
    mirror = mirrored_mask(made.masks.tumor, maps, find_midline(maps, made.masks.tumor))
    assert 0.5 * mirror.sum() < (mask & mirror).sum() <= mask.sum()
    assert told.how == "mirror"
    with pytest.raises(TissueError, match="no tumour mask"):
        find_reference(maps, None, "mirror")


def test_classes_are_probabilities_that_know_the_tissue(found):
    made, maps, _, _ = found
    apart = distance_transform_edt(~made.masks.tumor, sampling=maps.grid.voxel_size) <= 12
    classes = tissue_classes(maps, apart)
    total = classes.white + classes.grey + classes.fluid
    assert total.max() <= 1 + 1e-9
    assert total[apart | ~maps.mask].max() == 0
    assert classes.white[made.masks.white & ~apart].mean() > 0.8
    assert classes.grey[made.masks.grey & ~apart].mean() > 0.8
    assert classes.contrast == pytest.approx(2, abs=0.5)


def test_tissue_that_does_not_show_is_refused_for_the_numbers_not_for_the_maps():
    made, _ = patient()
    maps = true_maps()
    flat = np.random.default_rng(0).normal(3, 1, maps.mask.shape)
    maps = replace(
        maps,
        volumes={**maps.volumes, "cbv": np.where(maps.mask, flat, np.nan)},
        rois={"tumor": made.masks.tumor},
    )
    done = with_numbers(with_reference(maps, "auto"))
    assert "reference" not in done.rois
    assert "tissue cannot be told apart" in done.reference.sentence
    assert {"cbf", "cbv"} <= done.volumes.keys()
    (ratio,) = [one for one in done.measurements if one.measure == "cbv_ratio"]
    assert np.isnan(ratio.value)


def test_a_found_region_is_one_of_the_result():
    made, _ = patient()
    maps = with_reference(replace(true_maps(), rois={"tumor": made.masks.tumor}), "auto")
    assert maps.regions["reference"].found
    assert not maps.regions["tumor"].found
    assert maps.reference_sd > 0
    given = with_reference(replace(maps, reference=None), "auto")
    assert not given.regions["reference"].found


def test_a_mask_overrules_and_words_choose():
    made, maps = patient()
    tumor, series = made.masks.tumor, maps.series.series
    assert reference_choice({}) == "none"
    assert reference_choice({"tumor": tumor, "reference": None}) == "auto"
    assert reference_choice({"reference": "auto"}) == "auto"
    assert reference_choice({"tumor": tumor, "reference": "mirror"}) == "mirror"
    assert reference_choice({"tumor": tumor, "reference": made.masks.nawm}) == "none"
    assert rois_of({"tumor": tumor, "reference": "auto"}, series).keys() == {"tumor"}
    with pytest.raises(InputError):
        rois_of({"tumor": tumor, "reference": "nowhere.nii.gz"}, series)
