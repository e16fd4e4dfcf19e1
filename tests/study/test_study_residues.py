"""Tests of residues and the published findings, from hand-made rows."""

import math
from dataclasses import replace

import numpy as np
import pytest
from test_study_table import row

from bolus.data import InputError
from bolus.study import StudySettings
from bolus.study.agreement import agreement_table
from bolus.study.figures import grading_figure
from bolus.study.residues import holm, methods_of, residue_table, residue_tests, verdict
from bolus.study.run import _to_train
from bolus.study.table import pairs, table_rows

NAMES = ("phae-paper", "phae-paper-exponential", "phae-paper-gamma")
SETTINGS = StudySettings(methods=NAMES, snrs=(math.inf,), resamples=100)
LOW = np.linspace(1.0, 1.9, 12)
HIGH = np.linspace(1.5, 3.4, 14)


def rows_of(change):
    """Ratios of 26 patients; ``change`` makes those of the exponential of the Lorentzian's."""
    rng, found = np.random.default_rng(1), []
    for number, ratio in enumerate([*LOW, *HIGH]):
        grade = "LGG" if number < len(LOW) else "HGG"
        near = ratio * np.exp(rng.normal(0, 0.01))
        ratios = (ratio, change(ratio, number), near)
        found += [row(number, grade, r, method=m) for m, r in zip(NAMES, ratios, strict=True)]
    return found


def compared(change):
    rows = rows_of(change)
    return residue_tests(rows, pairs(rows, SETTINGS))


def of(tests, first, second):
    return next(t for t in tests if (t.pair.first, t.pair.second) == (first, second))


class TestResidues:
    def test_a_scale_moves_the_ratio_and_no_area(self):
        found = compared(lambda ratio, _: 1.2 * ratio)
        one = of(found, *NAMES[:2])
        assert one.pair.comparison.difference == 0
        assert one.ratio == pytest.approx(1 / 1.2)
        assert one.spread == pytest.approx(math.log(1.2))
        assert one.adjusted[1] < 0.01
        told = verdict(found)
        assert "no difference of AUC is beyond chance" in told
        assert "differ beyond chance in 2 of 3" in told

    def test_a_score_without_grades_differs(self):
        found = compared(lambda _, number: 1 + (7 * number % 26) / 26)
        assert of(found, *NAMES[:2]).adjusted[0] < 0.05
        assert "differences of AUC are beyond chance" in verdict(found)

    def test_the_same_ratios_are_no_difference(self):
        one = of(compared(lambda ratio, _: ratio), *NAMES[:2])
        assert math.isnan(one.p)
        assert (one.ratio, one.spread) == (1.0, 0.0)

    def test_a_line_a_pair(self):
        table = residue_table(compared(lambda ratio, _: 1.2 * ratio))
        ((head, lines),) = table.sections
        assert head == "none added"
        assert [line[0] for line in lines] == [
            "lorentzian − exponential", "lorentzian − gamma", "exponential − gamma"]  # fmt: skip
        assert all(len(line) == len(table.columns) for line in lines)
        assert residue_table(()) is None

    def test_holm_is_the_published_procedure(self):
        found = holm([0.01, 0.04, math.nan, 0.03, 0.005])
        assert found[:2] == pytest.approx((0.03, 0.06))
        assert math.isnan(found[2])
        assert found[3:] == pytest.approx((0.06, 0.02))
        assert holm([0.9, 0.8]) == (1.0, 1.0)

    def test_residues_by_name(self):
        assert methods_of(("exponential", "lorentzian", "gamma")) == (
            "phae-paper-exponential", "phae-paper", "phae-paper-gamma")  # fmt: skip
        for wrong in (("box", "gamma"), ("gamma",), ("gamma", "gamma")):
            with pytest.raises(InputError, match="two or three of"):
                methods_of(wrong)


class TestAgreement:
    SETTINGS = StudySettings(methods=("phae-paper", "osvd"), snrs=(math.inf, 10.0), resamples=100)

    def rows(self, noisy=1.0):
        """The network separates better, and ``noisy`` more noise blurs it; grade 3 is lowest."""
        rng, found = np.random.default_rng(3), []
        for number, ratio in enumerate([*LOW, *HIGH]):
            grade = "LGG" if number < len(LOW) else "HGG"
            who = "2" if grade == "LGG" else "3" if number < len(LOW) + 5 else "4"
            for method, spread in (("phae-paper", 0.02), ("osvd", 0.3)):
                for snr, more in (("none", 1.0), ("10", noisy)):
                    value = ratio * np.exp(rng.normal(0, spread * more))
                    made = row(number, grade, value, method=method, snr=snr)
                    found.append(replace(made, who=who))
        return found

    def table(self, rows):
        table = table_rows(rows, self.SETTINGS)
        return agreement_table(rows, table, pairs(rows, self.SETTINGS), ())

    def test_every_finding_that_can_be_held_to_is(self):
        made = self.table(self.rows())
        found = {line[0]: line[3] for line in made.sections[0][1]}
        assert found["AUC of phae-paper above that of osvd"] in ("yes", "in direction")
        assert found["missed high-grade tumours are of WHO grade 3"] == "yes"
        assert len(found) == 5

    def test_what_is_the_other_way_is_said(self):
        rows = self.rows()
        names = {"phae-paper": "osvd", "osvd": "phae-paper"}
        other = [replace(r, method=names[r.method]) for r in rows]
        found = {line[0]: line[3] for line in self.table(other).sections[0][1]}
        assert found["AUC of phae-paper above that of osvd"] in ("no", "against")

    def test_without_the_network_there_is_nothing_to_hold(self):
        rows = [r for r in self.rows() if r.method == "osvd"]
        settings = replace(self.SETTINGS, methods=("osvd",))
        assert agreement_table(rows, table_rows(rows, settings), (), ()) is None

    def test_grade_3_is_marked_in_the_figure(self):
        rows = self.rows()
        figure = grading_figure(rows, table_rows(rows, self.SETTINGS))
        (axis, _) = figure.axes
        drawn = [len(one.get_offsets()) for one in axis.collections]
        assert sorted(drawn) == [0, 5, 9, 12]
        assert "WHO grade 3" in figure.get_suptitle()
        plain = [replace(r, who="") for r in rows]
        assert (
            "grade 3" not in grading_figure(plain, table_rows(plain, self.SETTINGS)).get_suptitle()
        )


class TestSurrogates:
    def test_they_are_trained_or_refused(self):
        settings = StudySettings(methods=("osvd", "temporal"))
        with pytest.raises(InputError, match="--train temporal makes them"):
            _to_train((), None, settings)
        with pytest.raises(InputError, match="not among the methods"):
            _to_train((), "temporal,gan", settings)
        with pytest.raises(InputError, match="found 'better'"):
            _to_train((), "better", settings)
        with pytest.raises(InputError, match="the target is one of"):
            StudySettings(methods=("gan",), target="gan")
