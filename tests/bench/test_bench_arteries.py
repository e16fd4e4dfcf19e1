"""The benchmark of arteries that do not fill their voxels."""

import math
from dataclasses import replace

import pytest

from bolus.bench.arteries import Head, Plan, arteries_page, plans, run_arteries


def test_every_sampling_has_every_width_and_noise():
    found = [one for one in plans() if one.sampling != "whole"]
    assert len(found) == 24
    assert {one.trunk for one in found} == {None, 2.0, 3.0, 4.0}
    assert {one.sampling for one in found if one.snr == 20} >= {"half", "Hamming"}
    assert sum(one.sampling == "whole" for one in plans()) == 6


@pytest.fixture(scope="module")
def head():
    return run_arteries(
        [Plan(seed=1010, sampling="half", trunk=None, snr=50.0, shape=(48, 48, 6))]
    )[0]


def test_absolute_flow_is_right_where_arteries_do_not_fill_voxels(head):
    assert head.mixed.cbf > 1.3
    assert head.unmixed.cbf == pytest.approx(1, abs=0.35)
    assert head.unmixed.area == pytest.approx(1, abs=0.15)
    assert abs(math.log(head.unmixed.cbf)) < 2 * head.scale_sd < 0.6


def test_the_page_counts_what_was_refused(head):
    lost = Head(plan=Plan(seed=1, sampling="Hamming", trunk=2.0, snr=20.0), refused="no artery")
    page = arteries_page(
        [head, lost, replace(head, score=0.9, mixed=head.unmixed, unmixed=head.mixed)]
    )
    assert "| Hamming | 1 | 1 | – |" in page
    assert "| half | 2 | 0 | " in page
    assert f"({head.mixed.area:.2f}–{head.unmixed.area:.2f})" in page
