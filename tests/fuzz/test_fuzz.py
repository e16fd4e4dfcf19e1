"""A short campaign: nothing but maps and named errors, in little memory."""

import pytest

from fuzz.campaign import Campaign, campaign
from fuzz.page import page
from fuzz.worker import Outcome, peak

MEMORY = 2048


@pytest.mark.parametrize(("kind", "count"), [("nifti", 34), ("sidecar", 7), ("dicom", 16)])
def test_short_campaign(kind, count):
    before = peak()  # of what other tests made in this process
    found = campaign(kind, count, seed=1)
    assert len(found.outcomes) == count
    assert not found.faults, found.faults
    assert found.of("read"), "a campaign in which nothing is read tries nothing"
    assert len(found.of("refused")) >= count // 5
    assert found.megabytes < max(before + 1, MEMORY)


def test_faults_are_told():
    outcomes = tuple(
        Outcome(n, "nifti field", "a = b", name, "SeriesError: it broke", 0.1, 90.0)
        for n, name in enumerate(("read", "refused", "unnamed", "hang", "killed", "nonsense"))
    )
    found = Campaign("nifti", 3, outcomes)
    assert [fault.case for fault in found.faults] == [2, 3, 4, 5]
    told = page([found])
    assert "| NIfTI | 6 | 3 | 1 | 1 | 1 | 1 | 1 | 1 | 0.1 | 90 |" in told
    assert "- nifti 2: a = b: unnamed: `SeriesError: it broke`" in told
