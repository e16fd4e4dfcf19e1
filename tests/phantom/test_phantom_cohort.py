"""Digital cohorts: as hard to grade as real ones, and the same whatever makes them."""

import hashlib

import nibabel as nib
import numpy as np
import pytest

from bolus.cli import main
from bolus.data import InputError, OutputError
from bolus.io.cohort import read_participants
from bolus.phantom import plan_cohort, simulate_cohort, simulate_planned
from bolus.phantom.cohort import GRADES
from recorder import Recorder

SIZES = [(13, 36), (21, 43)]
SMALL = {"size": (28, 28, 3, 40)}


def auc(low, high):
    """Share of pairs in the right order."""
    return float(np.mean(np.less.outer(low, high)))


def ratios(plans, grade, name="cbf"):
    return np.array([getattr(plan.ratios, name) for plan in plans if plan.grade == grade])


@pytest.mark.parametrize(("low", "high"), SIZES)
@pytest.mark.parametrize("seed", range(8))
def test_true_flow_grades_about_as_well_as_in_patients(low, high, seed):
    plans = plan_cohort(low=low, high=high, seed=seed)
    assert [plan.grade for plan in plans].count("LGG") == low
    assert 0.88 < auc(ratios(plans, "LGG"), ratios(plans, "HGG")) < 0.95


def test_without_unusual_tumours_it_would_be_too_easy(monkeypatch):
    monkeypatch.setattr("bolus.phantom.cohort.UNUSUAL", 1e-9)
    plans = plan_cohort(low=13, high=36, seed=0)
    assert auc(ratios(plans, "LGG"), ratios(plans, "HGG")) > 0.95


@pytest.mark.parametrize("seed", range(4))
def test_numbers_are_those_of_gliomas(seed):
    plans = plan_cohort(low=21, high=43, seed=seed)
    for name, (low, high) in {"cbf": (0.9, 1.7), "cbv": (1.0, 2.0)}.items():
        values = ratios(plans, "LGG", name)
        assert values.min() >= low
        assert values.max() <= high
    for name, (low, high) in {"cbf": (0.9, 3.5), "cbv": (1.0, 5.0)}.items():
        values = ratios(plans, "HGG", name)
        assert values.min() >= low
        assert values.max() <= high
    usual = ratios(plans, "HGG", "cbv") >= 1.8
    assert 0.80 < usual.mean() < 0.97, "one in ten looks low-grade"
    for plan in plans:
        leak = plan.realism.leak
        low, high = GRADES[plan.grade].ktrans
        assert low <= leak.ktrans <= high
        assert 0.2 <= leak.ve <= 0.4
        assert 50 <= plan.snr <= 100
    large = [plan.realism.leak.relaxivity > 20 for plan in plans if plan.grade == "HGG"]
    assert 0.25 < np.mean(large) < 0.75, "leaks of both signs"


@pytest.mark.parametrize(("low", "high"), SIZES)
@pytest.mark.parametrize("train", [0, 10, 24])
def test_splits_are_in_proportion(low, high, train):
    plans = plan_cohort(low=low, high=high, seed=2, train=train)
    marks = [plan.split for plan in plans]
    if train == 0:
        assert set(marks) == {None}
        return
    assert marks.count("train") == train
    assert marks.count("test") == low + high - train
    of_low = sum(plan.split == "train" for plan in plans if plan.grade == "LGG")
    assert abs(of_low - train * low / (low + high)) <= 0.5


def test_names_and_seeds_are_of_one_patient_each():
    plans = plan_cohort(low=4, high=7, seed=1)
    assert [plan.name for plan in plans] == [f"sub-{n:02d}" for n in range(1, 12)]
    assert len({plan.seed for plan in plans}) == 11
    grades = [plan.grade for plan in plans]
    assert grades != sorted(grades), "shuffled"
    assert plan_cohort(low=4, high=7, seed=1) == plans
    assert plan_cohort(low=4, high=7, seed=2) != plans


@pytest.mark.parametrize(("protocol", "fields"), [("1.5T", {1.5}), ("3T", {3.0})])
def test_protocols(protocol, fields):
    assert {p.field for p in plan_cohort(low=5, high=5, protocol=protocol)} == fields
    assert {p.field for p in plan_cohort(low=9, high=9, protocol="mixed")} == {1.5, 3.0}


@pytest.mark.parametrize(
    "wrong",
    [{"low": 0}, {"high": 0}, {"train": 5}, {"train": -1}, {"seed": -1}, {"protocol": "7T"}],
)
def test_plans_that_cannot_be(wrong):
    with pytest.raises(InputError, match="found"):
        plan_cohort(**{"low": 2, "high": 3, **wrong})


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    out = tmp_path_factory.mktemp("made") / "cohort"
    told = Recorder()
    made = simulate_cohort(
        out,
        low=1,
        high=2,
        seed=3,
        train=1,
        jobs=1,
        reporter=told,
        **SMALL,
    )
    return made, told.advances


def digests(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def load(path):
    return np.asarray(nib.load(path).dataobj)


def test_same_bytes_whatever_the_number_of_jobs(written, tmp_path):
    made, _ = written
    simulate_cohort(tmp_path / "again", low=1, high=2, seed=3, train=1, jobs=2, **SMALL)
    assert digests(tmp_path / "again") == digests(made.folder)
    assert len(digests(made.folder)) == 3 + 1 + 3 * (2 + 4 + 2 * 6)


def test_truth_lies_beside_and_is_what_the_table_says(written):
    made, told = written
    assert [step[:2] for step in told] == [(1, 3), (2, 3), (3, 3)]
    found = read_participants(made.folder)
    assert [one.name for one in found] == [plan.name for plan in made.plans]
    assert sorted(one.split for one in found) == ["test", "test", "train"]
    for one, plan in zip(found, made.plans, strict=True):
        assert set(one.masks) == {"aif", "brain", "nawm", "tumor"}
        assert set(one.truth) == {"cbf", "cbv", "mtt", "delay", "tmax", "ktrans"}
        tumor, nawm = load(one.masks["tumor"]) > 0, load(one.masks["nawm"]) > 0
        for name in ("cbf", "cbv"):
            truth = load(one.truth[name])
            ratio = truth[tumor].mean(dtype=float) / truth[nawm].mean(dtype=float)
            assert ratio == pytest.approx(float(one.details[f"true_{name}_ratio"]), rel=1e-3)
        ktrans = load(one.truth["ktrans"])
        assert ktrans[tumor].mean() == pytest.approx(plan.realism.leak.ktrans, rel=0.35)
        assert (ktrans[nawm] == 0).all()


def test_series_on_disk_is_the_planned_patient(written):
    made, _ = written
    plan, one = made.plans[0], read_participants(made.folder)[0]
    patient = simulate_planned(plan, **SMALL)
    np.testing.assert_array_equal(load(one.series), patient.series.signal)
    assert patient.settings.realism == plan.realism


def test_whole_or_not_at_all(written, tmp_path):
    made, _ = written
    with pytest.raises(OutputError, match="exists"):
        simulate_cohort(made.folder, low=1, high=1, jobs=1, **SMALL)
    with pytest.raises(InputError, match="24×24×1"):
        simulate_cohort(tmp_path / "no", low=1, high=1, jobs=1, size=(8, 8, 2, 60))
    with pytest.raises(InputError, match="job"):
        simulate_cohort(tmp_path / "no", low=1, high=1, jobs=0, **SMALL)
    assert list(tmp_path.iterdir()) == []


def test_the_published_split():
    """Twelve low- and thirteen high-grade patients are tested, the others trained on."""
    plans = plan_cohort(low=21, high=43, train=(9, 30), protocol="qin")
    tested = [p.grade for p in plans if p.split == "test"]
    assert (tested.count("LGG"), tested.count("HGG")) == (12, 13)
    assert {(p.tr, p.te, p.realism.leak.preload) for p in plans} == {(1.2, 0.03, 0.4)}
    for wrong in ((22, 0), (0, 44), (-1, 3), (21, 43)):
        with pytest.raises(InputError, match="no more to train"):
            plan_cohort(low=21, high=43, train=wrong)


def test_who_grades_follow_the_flow():
    plans = plan_cohort(low=5, high=10, seed=4)
    assert {p.who for p in plans if p.grade == "LGG"} == {2}
    third, fourth = ([p.ratios.cbf for p in plans if p.who == who] for who in (3, 4))
    assert (len(third), len(fourth)) == (3, 7)
    assert max(third) <= min(fourth)


@pytest.mark.parametrize("given", ["nine", "1,2,3", "-1"])
def test_patients_to_train_are_a_number_or_two(tmp_path, capsys, given):
    with pytest.raises(SystemExit) as stop:
        main(["simulate", "cohort", "-o", str(tmp_path / "out"), f"--train={given}"])
    assert stop.value.code == 2
    assert "N or LOW,HIGH" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
