"""Numbers of a tumour: laws that hold whatever the patient."""

from dataclasses import replace

import numpy as np
import pytest
from findings_cases import maps_with

from bolus.data import Grid, InputError
from bolus.data.options import Burden, Preparation
from bolus.data.reference import FoundReference
from bolus.findings import with_numbers
from bolus.findings.burden import burden_numbers
from bolus.findings.draws import Spread, TumorVolume, tumor_volume


def volume_of(values, sd=None, off=0.0, shared=0.0):
    where = np.zeros((10, len(values) // 10, 1), dtype=bool)
    where[:] = True
    grid = Grid(shape=where.shape, affine=np.diag([5.0, 5.0, 7.0, 1.0]))
    return TumorVolume(values=values, sd=sd, where=where, grid=grid, off=off, shared=shared)


def told(numbers):
    return {one.measure: one for one in numbers}


def classes(numbers):
    found = told(numbers)
    return [found[f"burden_{name}"].value for name in ("low", "middle", "high")]


def test_normalised_volume_does_not_depend_on_scale():
    maps = maps_with(tumor=6.0, reference=2.0)
    once = with_numbers(maps)
    volumes = {**maps.volumes, "cbv": 7 * maps.volumes["cbv"]}
    sd = {**maps.sd, "cbv": 7 * maps.sd["cbv"]}
    scaled = with_numbers(replace(maps, volumes=volumes, sd=sd))
    np.testing.assert_allclose(scaled.volumes["nrcbv"], once.volumes["nrcbv"], rtol=1e-5)
    assert once.volumes["nrcbv"][maps.rois["tumor"]] == pytest.approx(3.0, rel=1e-5)
    for one, other in zip(once.measurements, scaled.measurements, strict=True):
        assert one.value == pytest.approx(other.value, rel=1e-5)


def test_burden_of_a_known_map_counts_it():
    values = np.concatenate([np.full(30, 0.5), np.full(20, 1.2), np.full(50, 3.0)])
    numbers = burden_numbers(volume_of(values), Burden())
    assert classes(numbers) == [30, 20, 50]
    assert all(one.interval is None for one in numbers)


def test_a_value_on_a_threshold_is_in_between():
    values = np.concatenate([np.full(50, 1.0), np.full(50, 1.75)])
    assert classes(burden_numbers(volume_of(values), Burden())) == [0, 100, 0]


def test_thresholds_are_an_option():
    values = np.linspace(0.505, 2.495, 200)
    low, middle, high = classes(burden_numbers(volume_of(values), Burden(low=1.5, high=2.0)))
    assert (low, middle, high) == (50, 25, 25)
    numbers = told(burden_numbers(volume_of(values), Burden(low=1.5, high=2.0, source="ours")))
    assert "below 1.5 and above 2, ours" in numbers["burden_low"].note


@pytest.mark.parametrize(("low", "high"), [(0, 1), (2, 1), (1, 1)])
def test_thresholds_that_do_not_rise_are_refused(low, high):
    with pytest.raises(InputError, match="rise from above 0"):
        Burden(low=low, high=high)


def test_thresholds_are_recorded():
    own = Preparation(burden=Burden(low=0.9, high=2.1, source="ours"))
    assert Preparation.from_json(own.as_json()) == own
    before = {name: one for name, one in own.as_json().items() if name != "burden"}
    assert Preparation.from_json(before).burden == Burden()


def test_expected_share_is_free_of_the_bias_of_a_map_that_smooths():
    """Values shrunk to their mean, as a posterior's are, hide what lies beyond a threshold."""
    rng = np.random.default_rng(0)
    truth = rng.normal(1.4, 0.3, 4000)
    measured = truth + rng.normal(0, 0.3, truth.size)
    shrunk, sd = 1.4 + (measured - 1.4) / 2, np.full(truth.size, 0.3 / np.sqrt(2))
    right = 100 * (truth > 1.75).mean()
    plain = 100 * (shrunk > 1.75).mean()
    high = told(burden_numbers(volume_of(shrunk, sd), Burden()))["burden_high"]
    assert plain < right - 5
    assert high.value == pytest.approx(right, abs=1.5)


def test_what_voxels_share_widens_intervals_and_the_reference_does():
    values, sd = np.linspace(0.8, 2.5, 200), np.full(200, 0.2)
    widths = []
    for off, shared in ((0.0, 0.0), (0.0, 0.5), (0.1, 0.5)):
        low, high = told(burden_numbers(volume_of(values, sd, off, shared), Burden()))[
            "burden_high"
        ].interval
        widths.append(high - low)
    assert widths[0] < widths[1] / 2
    assert widths[1] < widths[2]


@pytest.mark.parametrize(
    ("less", "more"),
    [
        (Spread(length=0.5), Spread(length=8.0)),
        (Spread(own=0.3), Spread()),
        (Spread(), Spread(unsure=0.8)),
    ],
)
def test_how_errors_spread_widens_a_share(less, more):
    values, sd = np.linspace(0.8, 2.5, 200), np.full(200, 0.4)
    widths = []
    for spread in (less, more):
        volume = replace(volume_of(values, sd), spread=spread)
        low, high = told(burden_numbers(volume, Burden()))["burden_low"].interval
        widths.append(high - low)
    assert 1.3 * widths[0] < widths[1]


def test_a_map_that_scatters_more_than_the_truth_is_drawn_to_its_mean_first():
    """A tumour of hardly any spread, whose map has errors that its SDs know."""
    rng = np.random.default_rng(1)
    truth = rng.normal(1.4, 0.05, 600)
    noisy, sd = truth + rng.normal(0, 0.2, 600), np.full(600, 0.2)
    found = {}
    for scatter in (0.0, 0.9):
        volume = replace(volume_of(noisy, sd), spread=Spread(own=0.2, scatter=scatter))
        found[scatter] = told(burden_numbers(volume, Burden()))["burden_middle"]
    assert found[0.0].value < 96
    assert found[0.9].value > 99
    flat = replace(volume, values=np.full(600, 1.4))
    assert next(flat.draws()).shape == (600,)


def test_a_tumour_is_told_by_what_its_voxels_have_alone():
    """The map was drawn to half of what all voxels of the tumour say; draws of it spread less."""
    maps = maps_with(tumor=6.0, reference=2.0)
    drawn = {"cbv_alone": np.where(maps.rois["tumor"], 2 * maps.cbv, maps.cbv)}
    alone = with_numbers(replace(maps, volumes={**maps.volumes, **drawn}))
    before, after = told(with_numbers(maps).measurements), told(alone.measurements)
    for name in ("cbv_ratio", "cbv_ratio_median", "cbv_ratio_p95", "cbv_ratio_hotspot"):
        assert after[name].value == pytest.approx(2 * before[name].value, rel=0.12), name


def test_draws_are_the_same_every_time():
    volume = tumor_volume(maps_with(tumor=6.0, reference=2.0))
    np.testing.assert_array_equal(next(volume.draws()), next(volume.draws()))


def test_a_refused_reference_leaves_one_number_that_says_why():
    maps = maps_with(tumor=6.0, reference=2.0)
    rois = {"tumor": maps.rois["tumor"]}
    refused = FoundReference(how="auto", refusal="tissue cannot be told apart: no")
    found = with_numbers(replace(maps, rois=rois, reference=refused))
    number = told(found.measurements)["cbv_ratio"]
    assert np.isnan(number.value)
    assert number.note == "tissue cannot be told apart: no"
    assert "burden_high" not in told(found.measurements)
    assert "nrcbv" not in found.volumes


def test_recovery_of_a_reference_like_the_tumour_has_a_ratio_of_one():
    maps = maps_with(tumor=6.0, reference=2.0)
    same = with_numbers(replace(maps, rois={**maps.rois, "reference": maps.rois["tumor"]}))
    peak = told(same.measurements)["peak_ratio"]
    assert peak.value == pytest.approx(1)
    assert peak.interval[0] < 1 < peak.interval[1]


def test_a_number_lies_in_its_interval_where_few_draws_reach_a_class():
    values, sd = np.full(200, 3.0), np.full(200, 0.55)
    for one in burden_numbers(volume_of(values, sd), Burden()):
        low, high = one.interval
        assert low <= one.value <= high
    assert 0 < told(burden_numbers(volume_of(values, sd), Burden()))["burden_low"].value < 0.5
