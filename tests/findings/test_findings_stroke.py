"""Volumes of a stroke: laws on maps that are known."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from findings_cases import mapped
from stroke_cases import BLOCK, INNER, millilitres, numbers, stroke_maps

from altered import undraw
from bolus.data import InputError, StrokeThresholds
from bolus.findings import volumes, with_numbers
from bolus.findings.components import without_small
from bolus.findings.decisions import straddled
from bolus.findings.errors import Alike
from bolus.findings.extent import LOST, MOST, Extent
from bolus.findings.volumes import Volume
from bolus.io.dicom.write.codes import SEGMENTS
from bolus.report import write_report


def test_volumes_of_known_maps():
    maps = with_numbers(stroke_maps())
    found = numbers(maps)
    whole, inner = millilitres(maps, BLOCK), millilitres(maps, INNER)
    assert found["late_volume", "Tmax > 6 s"].value == pytest.approx(whole)
    assert found["late_volume", "Tmax > 8 s"].value == pytest.approx(inner)
    assert found["low_flow_volume", "CBF < 30 %"].value == pytest.approx(inner)
    assert found["hypoperfusion_index", "Tmax > 10 s over 6 s"].value == pytest.approx(
        inner / whole
    )
    mismatch = found["mismatch_volume", "Tmax > 6 s, CBF < 30 %"]
    assert mismatch.value == pytest.approx(whole - inner)
    assert "no map of diffusion" in mismatch.note
    assert mismatch.interval is None


def test_thresholds_are_options():
    asked = StrokeThresholds(late=(5.0, 11.0), critical=5.0, severe=11.0, low_flow=(40.0, 60.0),
                             core_flow=60.0)  # fmt: skip
    found = numbers(with_numbers(stroke_maps(asked=asked)))
    late = [region for measure, region in found if measure == "late_volume"]
    assert late == ["Tmax > 5 s", "Tmax > 11 s"]
    whole = found["late_volume", "Tmax > 5 s"].value
    assert found["low_flow_volume", "CBF < 60 %"].value == pytest.approx(whole)


@pytest.mark.parametrize(
    "wrong",
    [{"critical": 5.0}, {"core_flow": 25.0}, {"map": "ttp"}, {"cluster": -1.0}, {"adc": 620.0}],
)
def test_thresholds_that_make_no_sense_are_refused(wrong):
    with pytest.raises(InputError):
        StrokeThresholds(**wrong)


def test_small_clusters_are_left_out_and_corners_do_not_join():
    region = np.zeros((6, 6, 2), dtype=bool)
    region[:2, :2, 0] = True
    region[2:4, 2:4, 0] = True
    region[5, 5, 1] = True
    assert without_small(region, 0.5, 2.0).sum() == 8
    assert not without_small(region, 0.5, 2.1).any()
    assert without_small(region, 0.5, 0.0).sum() == 9


def test_fluid_is_not_counted():
    maps = stroke_maps()
    volume = maps.cbv.copy()
    volume[INNER] = 0.1
    found = numbers(with_numbers(replace(maps, volumes={**maps.volumes, "cbv": volume})))
    dry = millilitres(maps, BLOCK) - millilitres(maps, INNER)
    assert found["late_volume", "Tmax > 6 s"].value == pytest.approx(dry)


def with_vessels(maps, times):
    """An artery through the block, a vein through normal brain, that have ``times`` and no SD."""
    volume, late, flow = (maps.volumes[name].copy() for name in ("cbv", "tmax", "cbf"))
    sd = {name: one.copy() for name, one in maps.sd.items()}
    for place, seconds in zip((np.s_[7:9, 9, 1:5], np.s_[2:4, :, 3]), times, strict=True):
        volume[place], late[place], flow[place] = 20.0, seconds, 400.0
        for one in sd.values():
            one[place] = 0.0
    return replace(maps, volumes={**maps.volumes, "cbv": volume, "tmax": late, "cbf": flow}, sd=sd)


def test_tissue_in_a_vessel_is_as_the_tissue_around_it():
    """What an artery and a vein show for themselves is no tissue's time or flow."""
    maps = stroke_maps(late=6.3, sd=1.0)
    plain, crossed = (with_numbers(one) for one in (maps, with_vessels(maps, (-2.0, 9.0))))
    assert numbers(plain) == numbers(crossed)
    assert numbers(plain)["low_flow_volume", "CBF < 30 %"].value > 0


def test_without_a_usual_volume_no_voxel_is_a_vessel():
    """Noise may leave a median of no blood: twice that tells nothing."""
    maps = stroke_maps()
    for level in (0.0, -1.0):
        volume = np.full_like(maps.cbv, level)
        volume[BLOCK] = 5.0
        made = Extent(replace(maps, volumes={**maps.volumes, "cbv": volume}), StrokeThresholds())
        np.testing.assert_array_equal(made.own, maps.volumes["tmax"])


def test_an_interval_grows_with_the_sd_and_is_the_same_each_time():
    little, much = (
        numbers(with_numbers(stroke_maps(late=6.3, sd=sd)))["late_volume", "Tmax > 6 s"]
        for sd in (0.3, 1.0)
    )
    assert little.interval[0] < little.value < little.interval[1]
    assert np.ptp(much.interval) > np.ptp(little.interval)
    again = numbers(with_numbers(stroke_maps(late=6.3, sd=1.0)))["late_volume", "Tmax > 6 s"]
    assert again == much


def test_a_method_whose_times_are_not_known_to_hold_has_no_interval():
    maps = replace(stroke_maps(sd=1.0), method="phae")
    assert numbers(with_numbers(maps))["late_volume", "Tmax > 6 s"].interval is None


def test_late_tissue_of_joint_is_less_drawn_to_the_rest():
    value = [
        numbers(with_numbers(stroke_maps(late=5.8, sd=sd)))["late_volume", "Tmax > 6 s"].value
        for sd in (0.1, 1.0)
    ]
    assert value[0] < value[1] == pytest.approx(millilitres(stroke_maps(), BLOCK))


def times_in_block(maps):
    made = Extent(maps, StrokeThresholds())
    return made.times[6, 8, 1], made.times[0, 0, 0]


def test_how_far_a_time_was_drawn_goes_with_its_sd_and_how_late_it_is():
    """Normal brain has 1 s; of a share s what is left is 1 − s."""
    maps = stroke_maps(late=8.0, sd=1.0)
    assert times_in_block(maps) == pytest.approx((1 + 7.0 / 0.9, 1.0))
    assert times_in_block(replace(maps, method="osvd")) == pytest.approx((8.0, 1.0))
    wild = stroke_maps(late=8.0, sd=100.0)
    assert times_in_block(wild) == pytest.approx((1 + 7.0 / (1 - MOST), 1.0))


def test_what_all_late_tissue_has_wrong_alike_widens_intervals(monkeypatch):
    """A block of one time and one flow, of no noise, is moved as a whole or not at all."""
    maps = stroke_maps(late=5.95, sd=0.3)
    wide = numbers(with_numbers(maps))["late_volume", "Tmax > 6 s"]
    monkeypatch.setattr(volumes, "ALIKE", Alike(shared=0.0, length=0.1))
    monkeypatch.setattr(volumes, "PULL", 0.0)
    narrow = numbers(with_numbers(maps))["late_volume", "Tmax > 6 s"]
    assert np.ptp(narrow.interval) < np.ptp(wide.interval) / 2


def test_the_index_knows_that_later_tissue_is_drawn_by_another_share(monkeypatch):
    """All of the block is over 6 s and stays so; its inner part is at the threshold of 10 s."""
    maps = stroke_maps(late=9.0, latest=9.5, sd=0.5)

    def width():
        return np.ptp(
            numbers(with_numbers(maps))["hypoperfusion_index", "Tmax > 10 s over 6 s"].interval
        )

    known = width()
    monkeypatch.setattr(volumes, "APART", 0.0)
    assert width() < 0.8 * known


def test_flow_of_late_tissue_is_without_what_joint_takes_off():
    """Normal brain has 60, the block 30 and 6; by joint 5 % more."""
    maps = stroke_maps(sd=1.0)
    of_joint, of_other = (
        Extent(one, StrokeThresholds()).flow for one in (maps, replace(maps, method="osvd"))
    )
    assert of_other[6, 8, 1] == pytest.approx(50.0)
    assert of_joint[6, 8, 1] == pytest.approx(50.0 * math.exp(LOST["joint"]))
    assert of_joint[0, 0, 0] == of_other[0, 0, 0] == pytest.approx(100.0)
    known = replace(maps, sd={})
    assert Extent(known, StrokeThresholds()).flow[6, 8, 1] == pytest.approx(50.0)


@pytest.mark.parametrize(
    ("measure", "interval", "warned"),
    [
        ("core_volume", (60.0, 80.0), True),
        ("core_volume", (71.0, 80.0), False),
        ("mismatch_volume", (10.0, 20.0), True),
        ("mismatch_ratio", (1.5, math.inf), True),
        ("mismatch_ratio", (1.9, 2.5), False),
        ("late_volume", (60.0, 80.0), False),
        ("core_volume", None, False),
    ],
)
def test_a_limit_within_an_interval_is_warned_of(measure, interval, warned):
    assert bool(straddled(measure, interval)) == warned


def test_the_warning_reaches_the_number():
    adc = np.full(mapped().grid.shape, 0.8e-3)
    adc[BLOCK] = 0.5e-3
    adc += 0.14e-3 * np.random.default_rng(1).standard_normal(adc.shape)
    found = numbers(with_numbers(stroke_maps(sd=1.0, adc=adc)))
    core = found["core_volume", "ADC < 620e-6 mm2/s"]
    assert core.interval[0] < core.value < core.interval[1]
    ratio = found["mismatch_ratio", "Tmax > 6 s, ADC core"]
    assert ratio.interval[0] < ratio.value < ratio.interval[1]


def test_no_core_no_ratio():
    adc = np.full(mapped().grid.shape, 0.8e-3)
    ratio = numbers(with_numbers(stroke_maps(adc=adc)))["mismatch_ratio", "Tmax > 6 s, ADC core"]
    assert math.isnan(ratio.value)
    assert "no core" in ratio.note


def test_nothing_without_being_asked():
    maps = stroke_maps()
    plain = replace(maps, preparation=replace(maps.preparation, stroke=None))
    done = with_numbers(plain)
    assert done.measurements == ()
    assert dict(done.found) == {}


def test_a_method_that_knows_no_delay_is_named():
    still = stroke_maps(late=1.0, latest=1.0)
    found = numbers(with_numbers(still))["late_volume", "Tmax > 6 s"]
    assert math.isnan(found.value)
    assert "knows of no delay" in found.note


def test_a_series_that_ends_too_early_is_named():
    maps = stroke_maps()
    peak = int(np.argmax(maps.aif.curve))
    short = replace(maps.aif, curve=maps.aif.curve[: peak + 1 + round(13 / maps.aif.dt)])
    found = numbers(with_numbers(replace(maps, aif=short)))
    assert math.isfinite(found["late_volume", "Tmax > 6 s"].value)
    assert "end 13" in found["late_volume", "Tmax > 10 s"].note
    assert math.isnan(found["hypoperfusion_index", "Tmax > 10 s over 6 s"].value)


def test_sums_of_volumes_that_are_not_known_have_no_interval():
    known, counted = Volume(10.0, np.array([9.0, 10.0, 11.0])), Volume(5.0)
    assert known.less(counted).interval is None
    assert known.less(counted).value == 5.0
    assert known.over(known).interval == (1.0, 1.0)


def test_outputs_hold_regions_and_numbers(tmp_path, monkeypatch):
    undraw(monkeypatch)
    maps = with_numbers(stroke_maps(sd=1.0))
    assert set(maps.found) == {"hypoperfused", "low_flow"}
    assert maps.regions["low_flow"].found
    assert set(maps.regions) <= set(SEGMENTS)
    write_report(maps, tmp_path, None)
    assert (tmp_path / "roi_hypoperfused.nii.gz").is_file()
    told = json.loads((tmp_path / "summary.json").read_text())
    assert told["preparation"]["stroke"]["critical"] == 6.0
    page = (tmp_path / "report.html").read_text()
    assert "rim of the late tissue" in page
    assert "Hypoperfusion intensity ratio" in page
