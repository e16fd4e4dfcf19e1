"""Cut-offs and what is said of a ratio beside one."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from bolus.data import InputError
from bolus.grading import CUTOFFS, Voxels, find_cutoff, judge, read_cutoff, roi_ratio

ROW = {
    "method": "phae",
    "snr": "none",
    "map": "cbf",
    "cutoff": 1.5,
    "cutoff_ci": [1.4, 1.7],
    "sensitivity": 0.8,
    "specificity": 0.9,
}


def ratio(mean, sd=None):
    """A ratio of 40 voxels over 40 whose reference is 1."""
    volume = np.ones((5, 8, 2))
    volume[..., 0] = mean
    top = volume < 0
    top[..., 0] = True
    spread = None if sd is None else np.full(volume.shape, float(sd))
    return roi_ratio(Voxels(volume, spread), top, ~top)


def test_published_cutoffs_are_as_published():
    found = {n: (c.map, c.value, c.sensitivity, c.specificity) for n, c in CUTOFFS.items()}
    assert found == {
        "qin-cbv": ("cbv", 1.40, 0.90, 0.77),
        "qin-cbf": ("cbf", 1.58, 0.86, 0.77),
        "paper-phae": ("cbf", 1.18, 0.769, 1.0),
        "paper-osvd": ("cbf", 1.77, 0.692, 1.0),
        "paper-tikhonov": ("cbf", 1.75, 0.692, 1.0),
    }


def test_the_methods_of_the_paper_are_methods():
    from bolus.estimators import METHODS

    assert {c.method for n, c in CUTOFFS.items() if n.startswith("paper")} < set(METHODS)


def test_a_study_gives_the_row_of_method_and_map(results):
    path = results(
        {**ROW, "snr": 20, "cutoff": 9.0},
        {**ROW, "map": "cbv", "cutoff": 8.0},
        {**ROW, "method": "osvd", "cutoff": 7.0, "sensitivity": None},
        ROW,
    )
    found = read_cutoff(path, "phae")
    assert (found.value, found.map, found.method) == (1.5, "cbf", "phae")
    assert (found.sensitivity, found.specificity) == (0.8, 0.9)
    assert "'ours'" in found.cohort
    assert "bolus 0.1.0" in found.source
    assert read_cutoff(path, "phae", "cbv").value == 8.0
    assert read_cutoff(path, "osvd").sensitivity is None
    assert find_cutoff(str(path), "phae") == found


def test_a_study_without_the_row_is_refused(results):
    path = results(ROW, {**ROW, "method": "osvd"}, {**ROW, "method": "svd", "snr": 20})
    with pytest.raises(InputError, match=r"CBF by 'svd'.*found 0; methods there: osvd, phae$"):
        read_cutoff(path, "svd")
    with pytest.raises(InputError, match=r"CBV.*methods there: none"):
        read_cutoff(path, "phae", "cbv")
    with pytest.raises(InputError, match="found 2"):
        read_cutoff(results(ROW, ROW), "phae")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"software": "other"}, "bolus did not write this file.*'other'"),
        ({"software": None}, "bolus did not write"),
        ({"table": None}, 'a "table" of rows'),
        ({"table": [1]}, 'a "table" of rows'),
        ({"table": [{**ROW, "cutoff": "high"}]}, "cutoff is a number, found 'high'"),
        ({"table": [{**ROW, "cutoff": True}]}, "cutoff is a number, found True"),
        ({"table": [{**ROW, "cutoff": None}]}, "above 0, found None"),
        ({"table": [{**ROW, "cutoff": -1}]}, "above 0, found -1"),
    ],
)
def test_what_is_no_study_is_refused(results, changes, said):
    path = results(**changes)
    with pytest.raises(InputError, match=said) as caught:
        read_cutoff(path, "phae")
    assert str(path) in str(caught.value)


def test_broken_files_and_unknown_names_are_refused(tmp_path):
    broken = tmp_path / "results.json"
    broken.write_text("{")
    with pytest.raises(InputError, match="not readable JSON"):
        find_cutoff(broken, "phae")
    with pytest.raises(InputError, match="no such file"):
        find_cutoff(tmp_path / "absent.json", "phae")
    with pytest.raises(InputError, match="'who' is no cut-off: qin-cbv, qin-cbf"):
        find_cutoff("who", "phae")


def test_verdict_above_and_below():
    cutoff = CUTOFFS["paper-phae"]
    above, at, below = (judge(ratio(r), cutoff, "phae-paper") for r in (1.5, 1.18, 1.0))
    assert (above.above, at.above, below.above) == (True, True, False)
    assert above.sentences[0] == (
        "The CBF ratio 1.50 lies above the cut-off, on the high-grade side."
    )
    assert "below the cut-off, on the low-grade side" in below.sentences[0]
    assert above.probability is None
    assert above.warnings == ()
    assert len(above.sentences) == 2


@pytest.mark.parametrize("name", CUTOFFS)
def test_the_origin_is_always_told(name):
    cutoff = CUTOFFS[name]
    said = " ".join(judge(ratio(1.5), cutoff, "phae", map=cutoff.map).sentences)
    for part in (f"{cutoff.value:.3g}", cutoff.cohort, cutoff.source, cutoff.method):
        assert part in said
    assert f"sensitivity {100 * cutoff.sensitivity:.3g} %" in said


@pytest.mark.parametrize("name", CUTOFFS)
@pytest.mark.parametrize("value", [0.5, 3.0])
def test_no_word_of_a_diagnosis(name, value):
    cutoff = CUTOFFS[name]
    said = " ".join(judge(ratio(value, 0.3), cutoff, "phae", map=cutoff.map).sentences).lower()
    for word in ("diagnos", "malignan", "benign", "cancer", "you have", "is high grade"):
        assert word not in said


def test_a_cutoff_of_another_method_is_a_warning():
    found = judge(ratio(1.5), CUTOFFS["paper-osvd"], "phae")
    assert found.warnings == (
        "the map is by phae, the cut-off by osvd: cut-offs do not transfer between methods.",
    )
    assert found.sentences[-1] == f"Warning: {found.warnings[0]}"
    assert judge(ratio(1.5), CUTOFFS["paper-osvd"], "osvd").warnings == ()


def test_a_cutoff_of_another_map_is_refused():
    with pytest.raises(InputError, match="a cut-off of CBV says nothing of CBF"):
        judge(ratio(1.5), CUTOFFS["qin-cbv"], "phae")
    with pytest.raises(InputError, match="of CBF says nothing of corrected CBV"):
        judge(ratio(1.5), CUTOFFS["qin-cbf"], "phae", map="cbv_corrected")
    found = judge(ratio(1.5), CUTOFFS["qin-cbv"], "phae", map="cbv_corrected")
    assert any("leakage correction moves the ratio" in text for text in found.warnings)


@given(st.floats(0.3, 5), st.floats(0.05, 2))
def test_probability_is_that_of_the_interval(mean, sd):
    made = ratio(mean, sd)
    found = judge(made, CUTOFFS["paper-phae"], "phae-paper")
    expected = norm.sf(np.log(1.18), np.log(made.mean), made.log_sd)
    assert found.probability == pytest.approx(expected, abs=1e-12)
    assert (found.probability >= 0.5) == found.above
    assert "probability of" in found.sentences[1]


def test_at_the_ends_of_the_interval_the_probability_is_a_twentieth():
    made = ratio(1.5, 0.4)
    for end, expected in zip(made.interval, (0.95, 0.05), strict=True):
        cutoff = replace(CUTOFFS["paper-phae"], value=end)
        assert judge(made, cutoff, "phae-paper").probability == pytest.approx(expected)


def test_probability_is_never_said_to_be_sure():
    sure = judge(ratio(5.0, 0.01), CUTOFFS["paper-phae"], "phae-paper")
    assert "more than 99 %" in sure.sentences[1]
    unsure = judge(ratio(0.5, 0.0), CUTOFFS["paper-phae"], "phae-paper")
    assert unsure.probability == 0
    assert "less than 1 %" in unsure.sentences[1]
