"""The facts of a result are built once, and every output says the same of them."""

from dataclasses import replace

import numpy as np

import bolus.report.facts as module
from bolus.data import Drift
from bolus.report import closing_lines, summary
from bolus.report.facts import facts_of
from bolus.report.page.curves import plots
from bolus.report.page.provenance import provenance
from bolus.report.text.methods import methods_text


def test_they_are_built_once_for_all_outputs(plain, monkeypatch):
    maps, built = replace(plain), []
    own = module._facts
    monkeypatch.setattr(module, "_facts", lambda one: built.append(one) or own(one))
    summary(maps), closing_lines(maps), methods_text(maps), provenance(maps)
    assert built == [maps]
    assert facts_of(replace(maps)) is not facts_of(maps), "other maps have their own"


def test_every_output_says_the_same_of_the_motion(moving):
    maps = moving([20, 21], by=1.4, away=0.6)
    facts = facts_of(maps).motion
    told = summary(maps)["motion"]
    assert (told["flagged"], told["frames"]) == (2, [20, 21])
    assert told["max_fd_mm"] == 1.4
    assert facts.over == f"2 of {facts.frames} used frames over 0.5 mm (none)"
    check = next(c for c in facts_of(maps).checks if c.name == "Head motion")
    assert check.figure == facts.figure == provenance(maps)["Motion correction"]
    assert f"head motion: {facts.figure}" in closing_lines(maps)
    assert facts.over in methods_text(maps).paragraph
    assert any(facts.over in plot.told for plot in plots(maps))


def test_a_frame_that_is_not_used_does_not_count_anywhere(moving):
    """The methods text and the provenance had counted it."""
    facts = facts_of(moving([0], by=9.0)).motion
    assert facts.flagged == ()
    assert facts.most < 1


def test_every_output_says_the_same_of_the_drift(mapped):
    change = np.where(mapped.mask, np.log(0.95), 0.0)
    change[np.nonzero(mapped.mask)[0][0]] = 0.0
    known = replace(mapped.series, drift=Drift(change=change))
    maps = replace(mapped, series=known)
    told = summary(maps)["drift"]
    assert (told["found"], told["median_percent"]) == (True, -5.0)
    check = next(c for c in facts_of(maps).checks if c.name == "Signal drift")
    assert (check.word, check.figure) == ("doubtful", provenance(maps)["Signal drift"])
    assert "median -5.0 %" in check.figure
    assert f"signal drift: {check.figure}" in closing_lines(maps)
    assert "-5.0 % of the signal" in methods_text(maps).paragraph
    none = replace(mapped, series=replace(known, drift=Drift(change=0 * change)))
    assert summary(none)["drift"]["found"] is False
    assert "none was found" in methods_text(none).paragraph
    assert not any("drift" in line for line in closing_lines(none))
    off = replace(mapped, series=replace(known, drift=None))
    assert "drift" not in methods_text(off).paragraph
