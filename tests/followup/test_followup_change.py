import math
from dataclasses import replace

import numpy as np
import pytest
from followup_cases import STILL, pair, visit

from bolus.data.measures import Measurement
from bolus.followup.alike import ALIKE, ECHO, apart
from bolus.followup.carried import blurred
from bolus.followup.change import Estimate, in_unit, of_numbers, per_cent, probability_of
from bolus.followup.compared import compared_pair
from bolus.followup.pair import Pair, core_of
from bolus.followup.protocol import Effect, allowed, differences
from bolus.followup.regions import region_changes
from bolus.grading.ratio import Z90


def changes(found, kind, region="tumor", quantity="cbv"):
    return [
        c
        for c in found.changes
        if c.kind == kind and c.quantity == quantity and c.region.startswith(region)
    ]


def test_probability_is_that_of_a_normal_error():
    assert probability_of(1.959964) == pytest.approx(0.95, abs=1e-6)
    assert probability_of(-1.959964) == probability_of(1.959964)
    assert probability_of(0.0) == 0


def test_per_cent_of_a_logarithm():
    change, (low, high), probability = per_cent(Estimate(math.log(1.4), 0.1))
    assert change == pytest.approx(40)
    assert (1 + low / 100) * (1 + high / 100) == pytest.approx(1.4**2)
    assert probability == pytest.approx(probability_of(math.log(1.4) / 0.1))
    assert per_cent(Estimate(0.0, None))[1:] == (None, None)
    assert in_unit(Estimate(2.0, 1.0))[1] == pytest.approx((2 - Z90, 2 + Z90))


def number(value, *interval):
    return Measurement(measure="cbv_ratio", region="tumor", value=value, interval=interval or None)


def test_two_intervals_of_one_kind_are_those_of_a_difference():
    """Symmetric intervals: MOVER is the usual interval of a difference."""
    found = of_numbers(number(2.0, 1.7, 2.3), number(3.0, 2.6, 3.4))
    assert found.change == pytest.approx(1)
    assert found.interval == pytest.approx((0.5, 1.5))
    assert found.probability == pytest.approx(probability_of(Z90 / 0.5))


def test_the_halves_that_face_each_other_count():
    """A wide upper half of the smaller number, and no other, hides a rise."""
    sure = of_numbers(number(2.0, 1.0, 2.1), number(3.0, 2.9, 4.0)).probability
    unsure = of_numbers(number(2.0, 1.9, 3.0), number(3.0, 2.0, 3.1)).probability
    assert sure > 0.999 > 0.9 > unsure
    assert of_numbers(number(2.0), number(3.0, 2.9, 3.1)).probability is None


def test_unchanged_regions_are_real_as_seldom_as_said():
    """Independent errors of a known SD, SHARED among them left out: one in ten beyond 90 %."""
    rng = np.random.default_rng(11)
    found = []
    for _ in range(80):
        scales = np.exp(rng.normal(0, 0.1, 2))
        one, other = (visit(rng, scale=s, method="osvd") for s in scales)
        found.append(list(region_changes(pair(one, other), allowed(()))))
    for kind in ("normalised", "absolute"):
        said = [next(c for c in f if (c.kind, c.quantity) == (kind, "cbv")) for f in found]
        outside = np.mean([not c.interval[0] < 0 < c.interval[1] for c in said])
        if kind == "absolute":
            assert 0.03 < outside < 0.18
        else:
            assert outside < 0.1  # the intervals have SHARED in them, this noise has not


def test_a_rise_is_found_and_its_size_is_right():
    rng = np.random.default_rng(12)
    before, after = visit(rng, sd=0.1), visit(rng, sd=0.1, tumor=9.0, scale=1.3)
    found = compared_pair(pair(before, after))
    normalised, absolute = (changes(found, kind)[0] for kind in ("normalised", "absolute"))
    assert normalised.change == pytest.approx(50, abs=4)
    assert normalised.probability > 0.95
    assert absolute.change == pytest.approx(95, abs=5), "the scale is in it"
    assert (
        absolute.interval[1] - absolute.interval[0]
        > normalised.interval[1] - normalised.interval[0]
    )


def test_without_a_reference_only_what_has_a_scale_is_compared():
    rng = np.random.default_rng(13)
    found = compared_pair(pair(visit(rng, rois=False), visit(rng, rois=False)))
    assert found.changes == ()
    assert {v.how for v in found.voxels} == {"both in the map's own unit"}
    relative = compared_pair(pair(visit(rng, rois=False, relative=True), visit(rng, rois=False)))
    assert [v.quantity.name for v in relative.voxels] == ["delay"]


def test_an_unknown_scale_leaves_absolute_changes_without_interval():
    rng = np.random.default_rng(14)
    found = compared_pair(pair(visit(rng, common_sd={}), visit(rng)))
    absolute, normalised = (changes(found, kind)[0] for kind in ("absolute", "normalised"))
    assert absolute.interval is None
    assert "scale" in absolute.note
    assert normalised.interval is not None


def test_voxels_that_did_not_change_are_real_in_one_of_twenty():
    rng = np.random.default_rng(15)
    found = compared_pair(pair(visit(rng), visit(rng)))
    for change in found.voxels:
        assert np.mean(np.abs(change.probability) >= 0.95) == pytest.approx(0.05, abs=0.02)
        assert (np.sign(change.probability) == np.sign(change.change)).all()


@pytest.mark.parametrize(
    ("told", "name", "effect"),
    [
        ({"echo_time_s": 0.04}, "echo time, s", Effect.SCALE),
        ({"relative": True, "echo_time_s": None}, "absolute units", Effect.SCALE),
        ({"preparation": {"blood": {"hematocrit": 0.4}}}, "haematocrit", Effect.SCALE),
        ({"repetition_time_s": 2.0}, "repetition time, s", Effect.NOTE),
        ({"method": "phae"}, "method", Effect.MAKER),
        ({"parameters": {"spatial": False}}, "options of the method", Effect.MAKER),
        ({"leakage_model": None}, "leakage model", Effect.MAKER),
        ({"regions": {}}, "tumour that the leakage correction knows", Effect.MAKER),
        ({"software": "bolus 2"}, "software", Effect.MAKER),
    ],
)
def test_no_false_precision_where_protocols_differ(told, name, effect):
    rng = np.random.default_rng(16)
    found = compared_pair(pair(visit(rng), visit(rng, **told)))
    assert [d.effect for d in found.differences if d.name == name] == [effect]
    assert bool(changes(found, "absolute")) == (effect is Effect.NOTE)
    (normalised, *_) = changes(found, "normalised")
    assert (normalised.interval is None) == (effect is Effect.MAKER)
    probabilities = [v.probability for v in found.voxels]
    assert all((p is None) == (effect is Effect.MAKER) for p in probabilities)


def test_alike_is_alike():
    assert differences(visit(), visit(echo_time_s=0.0301)) == ()
    assert allowed(()).absolute


def test_two_relative_results_lack_a_unit():
    (difference,) = differences(visit(relative=True), visit(relative=True))
    assert (difference.name, difference.effect) == ("absolute units", Effect.SCALE)


def test_one_reference_and_two_tumours():
    found = pair(visit(), visit())
    assert set(found.regions) == {"tumor before", "tumor after", "reference"}
    assert set(pair(visit(), visit(rois=False)).regions) == {"tumor", "reference"}
    assert set(pair(visit(rois=False), visit()).regions) == {"tumor", "reference"}


def test_a_rim_that_one_mask_has_is_left_out_and_growth_stays():
    """Of two masks that are a voxel apart what both have is left; what lies further off stays."""
    one, other = np.zeros((12, 6, 3), dtype=bool), np.zeros((12, 6, 3), dtype=bool)
    one[2:6, 1:5, 1], other[3:9, 1:5, 1] = True, True
    np.testing.assert_array_equal(core_of(one, other), one & other)
    grown = core_of(other, one)
    assert not grown[6].any()
    np.testing.assert_array_equal(grown[7:], other[7:])
    np.testing.assert_array_equal(core_of(one, np.roll(one, 6, axis=0)), one)


def test_a_rim_that_was_corrected_at_one_date_only_is_no_change():
    """Voxels of the rim read half as much at the date whose mask does not have them."""
    before, after = visit(), visit()
    moved = np.roll(after.rois["tumor"], 1, axis=0)
    cbv = np.where(before.rois["tumor"], 6.0, 2.0)
    read = {"cbv": np.where(before.rois["tumor"] & ~moved, 3.0, cbv)}
    late = replace(after, volumes={**after.volumes, **read}, rois={**after.rois, "tumor": moved})
    first = replace(before, volumes={**before.volumes, "cbv": cbv})
    still = {
        c.region: c.change
        for c in region_changes(Pair(first, late, replace(STILL, voxel=0.0)), allowed(()))
        if (c.quantity, c.kind) == ("cbv", "normalised")
    }
    assert still["tumor before"] == pytest.approx(0.0, abs=1e-9)


def test_echo_times_that_differ_widen_a_normalised_change(monkeypatch):
    """By ECHO times the logarithm of their ratio, either way, and only where they differ."""
    monkeypatch.setitem(ECHO["joint"], "cbv", 0.2)
    variances = []
    for echo in (0.03, 0.02, 0.045):
        two = Pair(visit(), visit(echo_time_s=echo), replace(STILL, voxel=0.0))
        (told,) = (
            c
            for c in region_changes(two, allowed(()))
            if (c.quantity, c.kind, c.region) == ("cbv", "normalised", "tumor before")
        )
        logs = [math.log1p(end / 100) for end in told.interval]
        variances.append(((logs[1] - logs[0]) / 2 / Z90) ** 2)
    added = (0.2 * math.log(1.5)) ** 2
    assert variances[1] == pytest.approx(variances[0] + added)
    assert variances[2] == pytest.approx(variances[1])


def test_what_two_dates_err_alike_leaves_the_change():
    """SD of a difference of correlated errors; all of it where they are the same, none apart."""
    rng = np.random.default_rng(17)
    errors = rng.multivariate_normal([0, 0], [[0.04, 0.036], [0.036, 0.09]], 200_000)
    assert apart(0.2, 0.3, 0.6) == pytest.approx(np.std(errors[:, 1] - errors[:, 0]), rel=0.01)
    assert apart(0.2, 0.2, 1.0) == 0
    wide, narrow = (
        of_numbers(number(2.0, 1.7, 2.3), number(3.0, 2.6, 3.4), wider=w) for w in (1.5, 1.0)
    )
    assert narrow.probability > wide.probability
    assert 1 - wide.interval[0] == pytest.approx(1.5 * (1 - narrow.interval[0]))


def test_the_shared_error_of_joint_cancels_and_noise_of_voxels_stays():
    """Of a variance of 0.04 a share of 0.3 is common to 32 voxels, most of it at both dates."""
    rng = np.random.default_rng(18)
    still = replace(STILL, voxel=0.0)
    both = Pair(visit(rng), visit(rng), still)
    (told,) = (
        c
        for c in region_changes(both, allowed(()))
        if (c.quantity, c.kind) == ("delay", "normalised") and c.region == "tumor before"
    )
    own, common = 0.04 * 0.7 / 32, 0.04 * 0.3
    same = ALIKE["joint"]["delay", "normalised"]
    expected = math.sqrt(4 * own + 4 * common * (1 - same))
    half = (told.interval[1] - told.interval[0]) / 2
    assert half == pytest.approx(Z90 * expected, rel=1e-3)
    (delay,) = (q for q in both.quantities if q.name == "delay")
    assert Pair(both.before, visit(rng, method="osvd"), still).alike(delay, "normalised") == 0


def test_a_blur_has_the_variance_that_is_asked():
    """A sampled Gaussian of 0.41 voxels has half of it: unchanged tumours seemed to fade."""
    point = np.zeros((9, 9, 9))
    point[4, 4, 4] = 1.0
    for sd in (0.2, 0.41, 0.6, 1.0):
        spread = blurred(point, np.array([sd, 0.0, 0.0]))[:, 4, 4]
        assert spread.sum() == pytest.approx(1)
        assert (spread * (np.arange(9) - 4) ** 2).sum() == pytest.approx(sd**2, rel=0.03)


def test_hot_spots_and_peaks_have_no_interval_of_change():
    rng = np.random.default_rng(19)
    told = {
        "measurements": [
            {"measure": name, "region": "tumor", "value": 2.0, "interval_90": [1.8, 2.2]}
            for name in ("cbv_ratio", "peak_ratio")
        ]
    }
    found = compared_pair(pair(visit(rng, **told), visit(rng, **told)))
    by_name = {change.quantity: change for change in found.numbers}
    assert by_name["cbv_ratio"].interval is not None
    assert by_name["peak_ratio"].interval is None
    assert "how the bolus was given" in by_name["peak_ratio"].note
