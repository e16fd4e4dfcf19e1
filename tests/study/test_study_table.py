"""Tables from hand-made rows, and the study over several cohorts."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from altered import BARE
from bolus.data import Grid, InputError, LeakageCorrection, Preparation, quantity_of
from bolus.study import StudySettings
from bolus.study.figures import Example, grading_figure, maps_figure, noise_figure, roc_figure
from bolus.study.layouts import first_table, noise_table, pair_table
from bolus.study.page import methods_paragraph
from bolus.study.patient import Examined, Row
from bolus.study.repeat import Cohorts, repeat_study, repeated_page
from bolus.study.subgroup import subgroup_table
from bolus.study.table import PUBLISHED, TRUTH, pairs, table_rows

NOTHING = Preparation(motion=None, leakage=LeakageCorrection(use=False))
SETTINGS = StudySettings(methods=("osvd", "phae"), snrs=(math.inf, 10.0), resamples=100)
LOW, HIGH = (1.0, 1.2, 1.4, 1.6), (1.5, 2.0, 2.5, 3.0, 3.5)


def row(number, grade, ratio, method="osvd", snr="none", true=math.nan):
    one = dict.fromkeys(
        (
            "snr_own",
            "snr_achieved",
            "tumor",
            "reference",
            "ratio_low",
            "ratio_high",
            "ratio_median",
            "ratio_p95",
            "ratio_hotspot",
            "cbv_ratio",
            "cbv_corrected_ratio",
            "true_cbv_ratio",
        ),
        math.nan,
    )
    return Row(
        participant_id=f"sub-{number}",
        grade=grade,
        who="",
        split="",
        method=method,
        snr=snr,
        ratio=ratio,
        true_ratio=true,
        seconds_reading=0.1,
        seconds_preparing=0.2,
        seconds_estimation=0.3,
        seconds_writing=0.4,
        **one,
    )


def cohort(low=LOW, high=HIGH, **more):
    grades = ["LGG"] * len(low) + ["HGG"] * len(high)
    both = zip(grades, (*low, *high), strict=True)
    return [row(n, grade, ratio, **more) for n, (grade, ratio) in enumerate(both)]


def of(rows, method, snr="none"):
    return next(r for r in table_rows(rows, SETTINGS) if (r.method, r.snr) == (method, snr))


def test_figures_of_a_row_by_hand():
    found = of(cohort(), "osvd")
    assert found.n == 9
    assert found.roc.auc == pytest.approx(19 / 20)
    assert found.roc.cutoff == pytest.approx(1.8)
    assert found.roc.apparent.sensitivity == pytest.approx(4 / 5)
    assert found.roc.apparent.specificity == 1
    assert found.seconds == pytest.approx(1.0)
    assert found.parts == pytest.approx((0.1, 0.2, 0.3, 0.4))


def test_the_cut_off_of_the_others_is_no_better():
    found = of(cohort(), "osvd")
    assert found.roc.left_out.accuracy < found.roc.apparent.accuracy


def test_patients_without_a_ratio_are_counted():
    rows = cohort()
    rows[0] = replace(rows[0], ratio=math.nan)
    found = of(rows, "osvd")
    assert (found.n, found.missing) == (8, 1)
    assert "(1 missing)" in str(first_table(table_rows(rows, SETTINGS)))


def test_too_few_patients_of_a_grade():
    found = of(cohort(low=(1.0,)), "osvd")
    assert found.roc is None
    assert found.why == "1 low- and 5 high-grade patients"
    assert "too few: 1 low-" in str(first_table(table_rows(cohort(low=(1.0,)), SETTINGS)))


def test_pairs_are_of_the_same_patients():
    other = cohort(high=(1.1, 1.3, 2.5, 3.0, 3.5), method="phae")
    rows = [*cohort(), *other[:-1]]
    (pair,) = pairs(rows, SETTINGS)
    assert pair.n == 8
    assert pair.comparison.auc[0] == pytest.approx(15 / 16)
    assert pair.comparison.difference > 0
    assert "osvd − phae" in str(pair_table([pair]))


def test_against_the_truth():
    rows = [replace(r, true_ratio=r.ratio / 1.1) for r in cohort()]
    rows += [
        replace(r, ratio_low=r.ratio * 0.95, ratio_high=r.ratio * 1.05, method="phae") for r in rows
    ]
    assert of(rows, "osvd").bias == pytest.approx(1.1)
    assert of(rows, "osvd").error == pytest.approx(math.log(1.1))
    assert math.isnan(of(rows, "osvd").held)
    assert of(rows, "phae").held == 0
    assert of(rows, TRUTH).roc.auc == of(rows, "osvd").roc.auc


def test_a_cohort_without_truth_has_no_such_row():
    found = table_rows(cohort(), SETTINGS)
    assert TRUTH not in {r.method for r in found}
    assert "error of the ratio" not in str(noise_table(found))


def test_the_published_row_is_beside_ours_and_called_another_cohort():
    text = str(first_table(table_rows(cohort(), SETTINGS)))
    assert "another cohort" in text
    published = {r.method: (r.auc, r.cutoff, r.seconds) for r in PUBLISHED}
    assert published["PHAE"] == (0.90, 1.18, 8.4)
    assert published["oSVD"] == (0.87, 1.77, 11.8)
    assert published["Tikhonov"] == (0.88, 1.75, 33.6)


def test_rows_survive_json():
    one = Examined(participant_id="sub-1", snr="none", rows=tuple(cohort()[:2]))
    again = Examined.from_json(one.as_json())
    for before, after in zip(one.rows, again.rows, strict=True):
        np.testing.assert_equal(vars(after), vars(before))


def test_the_methods_paragraph_says_what_was_done():
    plain = methods_paragraph(SETTINGS, None)
    assert "included) was 10," in plain
    assert "100 bootstrap resamples" in plain
    assert "frames and arterial input included" not in plain
    other = replace(SETTINGS, noisy_aif=True, preparation=NOTHING)
    assert "frames and arterial input included" in methods_paragraph(other, None)
    assert "not corrected for leakage" in methods_paragraph(other, None)
    assert "Head motion was not corrected" in plain
    assert "Head motion was corrected" in methods_paragraph(
        replace(SETTINGS, preparation=Preparation()), None
    )


def test_several_cohorts(monkeypatch):
    monkeypatch.setattr("bolus.study.repeat.RESAMPLES", 100)
    settings = StudySettings(
        methods=("phae", "osvd"), snrs=(math.inf,), resamples=100, preparation=BARE
    )
    cohorts = Cohorts(seeds=(0, 1), low=2, high=2, train=0, size=(28, 28, 4, 36))
    found = repeat_study(cohorts, settings, jobs=1)
    assert len(found.studies) == 2
    areas = found.areas("phae", "none")
    assert all(0 <= area <= 1 for area in areas)
    page = repeated_page(found)
    assert page.startswith("# 2 simulated cohorts")
    assert f"{np.mean(areas):.3f} ({min(areas):.3f}–{max(areas):.3f})" in page
    assert "AUC of phae less that of the others" in page


def test_rates_have_intervals_ours_and_the_published():
    """Ten of thirteen: 50 to 92 % after Wilson."""
    text = str(first_table(table_rows(cohort(), SETTINGS)))
    assert "76.9 (50–92)" in text
    assert "100.0 (76–100)" in text
    assert "1.18 (1.05–1.40)" in text
    assert "80.0 (38–96)" in text


def test_the_snr_achieved_is_in_the_table():
    rows = [replace(r, snr_own=60.0, snr_achieved=60.0) for r in cohort()]
    rows += [replace(r, snr="10", snr_own=60.0, snr_achieved=9.9) for r in cohort()]
    rows[-1] = replace(rows[-1], snr_own=8.0, snr_achieved=8.0)
    found = of(rows, "osvd", "10")
    assert found.achieved == (9.9, 8.0, 9.9)
    assert found.short == 1
    assert found.as_json()["achieved"] == (9.9, 8.0, 9.9)
    osvd = [row for row in table_rows(rows, SETTINGS) if row.method == "osvd"]
    assert "10 (8–10), 1 below" in str(noise_table(osvd))


def test_the_curve_is_stored():
    points = of(cohort(), "osvd").as_json()["curve"]
    assert points[0] == [0.0, 0.0]
    assert points[-1] == [1.0, 1.0]
    area = sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in pairwise(points))
    assert area == pytest.approx(19 / 20)


def test_grade_3_is_told_apart_for_itself():
    who = ["2"] * 4 + ["3", "3", "4", "4", "4"]
    rows = [replace(r, who=w) for r, w in zip(cohort(), who, strict=True)]
    found = subgroup_table(rows, table_rows(rows, SETTINGS))
    ((_, ((name, area, third, fourth),)),) = found.sections
    assert (name, area) == ("osvd", f"{(3 + 4) / 8:.3f}")
    assert third.startswith("1 of 2 (")
    assert fourth.startswith("3 of 3 (")
    assert subgroup_table(cohort(), table_rows(cohort(), SETTINGS)) is None


def test_ratios_are_drawn_on_one_axis_and_curves_for_every_method():
    rows = [*cohort(), *cohort(high=(2, 4, 6, 8, 10), method="phae")]
    table = table_rows(rows, SETTINGS)
    ranges = {axis.get_ylim() for axis in grading_figure(rows, table).axes}
    assert len(ranges) == 1
    labels = roc_figure(table).axes[0].get_legend_handles_labels()[1]
    assert [label.split(",")[0] for label in labels] == ["osvd", "phae"]


@pytest.mark.parametrize("snrs", [(math.nan,), (50.0, math.nan), (50.0, 50.0000001), (), (-1.0,)])
def test_levels_of_noise_that_are_none_or_the_same_are_refused(snrs):
    with pytest.raises(InputError, match="SNRs are positive numbers"):
        StudySettings(snrs=snrs)


@pytest.mark.parametrize("truth", [math.nan, 2.0])
def test_a_method_has_one_colour_with_and_without_truth(truth):
    rows = [
        row(n, grade, ratio, method=method, snr=snr, true=truth + n)
        for method in ("osvd", "phae")
        for snr in ("none", "10")
        for n, (grade, ratio) in enumerate([("LGG", 1.0), ("LGG", 1.5), ("HGG", 1.4), ("HGG", 2)])
    ]
    table = table_rows(rows, SETTINGS)

    def colours(figure):
        lines = figure.axes[0].get_lines()
        return {line.get_label().split(",")[0]: line.get_color() for line in lines}

    roc, noise = colours(roc_figure(table)), colours(noise_figure(table))
    assert {name: roc[name] for name in ("osvd", "phae")} == {
        name: noise[name] for name in ("osvd", "phae")
    }


@pytest.mark.parametrize(("relative", "unit"), [(False, "mL/100 g/min"), (True, "1/s, relative")])
def test_a_map_is_shown_as_on_the_page(relative, unit):
    volume = np.linspace(0, 90, 64).reshape(4, 4, 4)
    example = Example(
        title="sub-1, LGG",
        grid=Grid(shape=(4, 4, 4), affine=np.diag([2.0, 2.0, 5.0, 1.0])),
        tumor=volume > 60,
        maps={"osvd": {"cbf": volume, "mtt": volume / 10}},
        relative=relative,
    )
    figure = maps_figure([example])
    shown = next(axis.images[0] for axis in figure.axes if axis.images)
    assert shown.get_clim() == quantity_of("cbf").display.range(volume)
    assert f"CBF, {unit}" in [axis.get_ylabel() for axis in figure.axes]
