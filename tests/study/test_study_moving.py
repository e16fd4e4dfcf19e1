"""Heads that move, still and corrected, and the page of it."""

from dataclasses import replace

import numpy as np
import pytest

from bolus.study.moving import moving_page, run_moving
from recorder import Recorder

SHAPE = (32, 32, 6)


@pytest.fixture(scope="module")
def heads():
    told = Recorder()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bolus.study.moving.FRAMES", 30)
        patch.setattr("bolus.preprocess.motion.register.STEPS", 20)
        found = run_moving((SHAPE,), ((1, "none"),), reporter=told)
    assert told.advances == [(0, 1, "moving heads of 32×32×6")]
    return found


def test_correction_leaves_less_motion_and_less_error(heads):
    (head,) = heads
    assert head.left < 0.5 * head.moved
    assert head.left_most >= head.left
    assert head.mistaken < head.left
    assert head.resampled == 0
    assert 0.9 < head.over_still("pure") < head.over_still("pure", corrected=False)
    assert head.still.grey > 1.5 * head.still.white


def test_the_page_has_the_figures(heads):
    page, (head,) = moving_page(heads), heads
    assert f"| 32×32×6 | 1 | {head.moved:.2f} | {head.left:.2f} ({head.left_most:.2f}) |" in page
    told = (head.still, head.uncorrected, head.corrected)
    assert " / ".join(f"{one.automatic:.3f}" for one in told) in page
    assert f"| error, whole brain | {head.over_still('brain', corrected=False):.2f} (" in page


def test_an_input_that_was_refused_is_said_and_not_counted(heads):
    (head,) = heads
    refused = replace(head.corrected, automatic=np.nan, input=np.nan)
    page = moving_page([head, replace(head, corrected=refused)])
    assert f"{head.uncorrected.automatic:.3f} / refused" in page
    line = next(line for line in page.splitlines() if "error, automatic input" in line)
    assert f"| {head.over_still('automatic'):.2f} (" in line
    assert "nan" not in page
    assert "| – | 0 of 1 |" in moving_page([replace(head, corrected=refused)])
