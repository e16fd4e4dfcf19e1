"""The benchmark of registrations: its plans, and what its page counts."""

import math

import numpy as np

from bolus.bench.anatomy import FARTHEST, SEEDS, TURN, Plan, Registered, Registrations
from bolus.bench.anatomy_page import anatomy_page
from bolus.phantom.anatomical import transform_of
from bolus.phantom.anatomy import scanner_grid


def test_forty_heads_of_every_kind():
    plans = [Plan(seed=seed) for seed in SEEDS]
    assert len(plans) == 40
    assert sum(plan.slab for plan in plans) == 20
    assert sum(plan.contrast == "t1c" for plan in plans) == 20
    assert sum(plan.slab and plan.contrast == "flair" for plan in plans) == 10
    assert {plan.shape[2] for plan in plans if plan.slab} == {6}


def test_heads_are_no_further_away_than_is_said():
    turns = []
    for seed in SEEDS:
        pose = Plan(seed=seed).displaced().pose
        assert np.linalg.norm(pose[:3]) <= FARTHEST
        matrix = transform_of(pose, scanner_grid((64, 64, 6)))
        turns.append(np.degrees(np.arccos((np.trace(matrix[:3, :3]) - 1) / 2)))
    assert max(turns) <= TURN
    assert max(turns) > 0.8 * TURN


def test_the_page_counts_errors_and_refusals():
    def one(seed, error, refused=""):
        return Registered(
            plan=Plan(seed=seed), error=error, start=9.0, seconds=3.0, kept=0.6, apart=1.5,
            refused=refused,
        )  # fmt: skip

    own = (one(0, 0.5), one(1, 0.7), one(2, 2.5), one(3, math.nan, "refused"))
    text = anatomy_page(
        Registrations(own=own, strangers=(one(1, math.nan, "no"),), upside=(one(0, 4.0),))
    )
    lines = {line.split(" | ")[0]: line for line in text.splitlines() if line.startswith("| ")}
    assert lines["| all"].startswith("| all | 4 | 1 | 9.0 | 0.70 | 2.32 | 2.50 |")
    assert lines["| slabs of six slices"].startswith("| slabs of six slices | 2 | 1 |")
    assert lines["| another head's"].startswith("| another head's | 1 | 1 |")
    assert lines["| its own, upside down"].startswith("| its own, upside down | 1 | 0 |")
