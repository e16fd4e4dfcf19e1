"""The histogram of normalised CBV: the shares of the tumour burden, bin by bin."""

import numpy as np
import pytest
from findings_cases import maps_with

from bolus.data.options import Burden
from bolus.findings.burden import burden_numbers
from bolus.findings.draws import tumor_volume
from bolus.findings.histogram import TOP, tumor_histogram
from bolus.report.page.histogram import histogram_plot
from bolus.report.text.summary import summary


def test_the_shares_are_those_of_the_tumour_burden():
    maps = maps_with(3.0, 2.0)
    found, burden = tumor_histogram(maps), Burden(low=1.25, high=1.75)
    told = {n.measure: n.value for n in burden_numbers(tumor_volume(maps), burden)}
    low, high = found.edges[:-1] < 1.25, found.edges[:-1] >= 1.75
    assert found.share.sum() == pytest.approx(100)
    assert found.share[low].sum() == pytest.approx(told["burden_low"], abs=1e-9)
    assert found.share[high].sum() == pytest.approx(told["burden_high"], abs=1e-9)
    assert 1.2 < np.average(found.edges[:-1] + 0.125, weights=found.share) < 1.8
    assert (found.low <= found.share).all()
    assert (found.share <= found.high).all()
    assert (found.high - found.low).max() > 1


def test_what_lies_beyond_is_counted_in_the_last_bin():
    found = tumor_histogram(maps_with(60.0, 2.0))
    assert found.edges[-1] == TOP
    assert found.share[-1] == pytest.approx(100)


def test_page_and_summary_have_it_and_others_do_not():
    maps = maps_with(3.0, 2.0)
    told = summary(maps)["tumor_histogram"]
    assert told["share"] == pytest.approx(tumor_histogram(maps).share, abs=1e-4)
    svg = histogram_plot(maps).svg()
    assert "undecided" in svg
    assert svg.count("<polyline") == 3
    bare = maps_with(3.0, 0.0)  # no ratio: the reference has no CBV
    assert tumor_histogram(bare) is None
    assert histogram_plot(bare) is None
