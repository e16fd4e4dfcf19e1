"""The verdicts: every threshold parts what it should part."""

import json
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest

from altered import altered
from bolus.data import ArterialScore, Citation, FrameWindow, Quality
from bolus.data.aif import Criterion
from bolus.estimators import METHODS, description
from bolus.patient.leakage import MODELS as LEAKAGE_MODELS
from bolus.patient.leakage import Boxerman
from bolus.report import summary
from bolus.report.facts import facts_of
from bolus.report.text.methods import methods_text
from bolus.report.verdict import Check, Word, lead, worst


def check(maps, name):
    return next(c for c in facts_of(maps).checks if c.name == name)


def with_frames(maps, first, onset):
    stop = maps.series.n_frames
    frames = FrameWindow(first=first, onset=onset, stop=stop)
    measured = np.ones((maps.grid.shape[2], stop - first), dtype=bool)
    return replace(maps, series=replace(maps.series, frames=frames, measured=measured))


def with_share(maps, share, field, value):
    """The first ``share`` of the mask's voxels with a value."""
    volume = getattr(maps, field).copy()
    places = np.argwhere(maps.mask)[: round(share * maps.mask.sum())]
    volume[tuple(places.T)] = value
    if field in maps.volumes:
        return replace(maps, volumes={**maps.volumes, field: volume})
    return replace(maps, **{field: volume})


@pytest.mark.parametrize(
    ("first", "onset", "word"), [(2, 13, "good"), (2, 9, "doubtful"), (2, 6, "poor"),
                                 (15, 30, "doubtful")])  # fmt: skip
def test_a_short_or_late_baseline_is_told(mapped, first, onset, word):
    found = check(with_frames(mapped, first, onset), "Steady state")
    assert found.word == word
    assert f"{first} frames dropped" in found.figure


@pytest.mark.parametrize(("snr", "word"), [(50, "good"), (20, "doubtful"), (10, "poor"),
                                           (float("nan"), "poor")])  # fmt: skip
def test_noise_is_told(mapped, snr, word):
    noisy = replace(mapped, noise=1 / (mapped.series.te * snr))
    assert check(noisy, "Baseline SNR").word == word


@pytest.mark.parametrize(("depth", "word"), [(0.2, "good"), (0.07, "doubtful"), (0.03, "poor")])
def test_a_shallow_bolus_is_told(mapped, depth, word):
    peak = -np.log(1 - depth) / mapped.series.te
    shallow = replace(mapped, tissue=mapped.tissue * (peak / mapped.tissue.max()))
    assert check(shallow, "Bolus depth").word == word


def test_motion_is_judged_by_the_frames_that_moved(mapped, moving):
    assert check(mapped, "Head motion").word is Word.NONE
    assert check(moving([]), "Head motion").word is Word.GOOD
    assert check(moving([20]), "Head motion").word is Word.DOUBTFUL
    assert check(moving(range(20, 40)), "Head motion").word is Word.POOR
    assert check(moving([0]), "Head motion").word is Word.GOOD  # a frame that is not used


def test_a_head_that_wanders_is_told_though_no_frame_jumps(moving):
    assert "lay still" in check(moving([], away=0.3), "Head motion").meaning
    near = check(moving([], away=2.8), "Head motion")
    assert near.word is Word.GOOD
    assert "brought back" in near.meaning
    found = check(moving([], away=3.2), "Head motion")
    assert found.word is Word.DOUBTFUL
    assert found.figure.startswith("motion-corrected; at most 3.2 mm from the mean place")
    assert "left the slices" in found.meaning
    assert check(moving(range(20, 40), away=3.2), "Head motion").word is Word.POOR


def with_score(aif, value, *criteria):
    """The input with another score, None for one that was not judged."""
    score = None if value is None else ArterialScore(value=value, criteria=criteria)
    return replace(aif, score=score)


@pytest.mark.parametrize(("quality", "word"), [(0.9, "good"), (0.4, "doubtful"), (0.2, "poor"),
                                               (None, "not judged")])  # fmt: skip
def test_the_arterial_input_is_judged_by_its_score(mapped, quality, word):
    found = check(replace(mapped, aif=with_score(mapped.aif, quality)), "Arterial input")
    assert found.word == word


@pytest.mark.parametrize(("share", "word"), [(0.3, "good"), (0.5, "doubtful"), (0.7, "poor")])
def test_how_sure_a_voxel_is_is_judged(mapped, share, word):
    unsure = replace(mapped, sd={**mapped.sd, "cbf": share * np.abs(mapped.cbf)})
    found = check(unsure, "Uncertainty of CBF")
    assert found.word == word
    assert f"{100 * share:.0f} % of its value" in found.figure
    assert facts_of(unsure).overall is not Word.GOOD or word == "good"
    assert check(replace(mapped, sd={}), "Uncertainty of CBF").word is Word.NONE


@pytest.mark.parametrize("saturated", [0, 1, 2])
@pytest.mark.parametrize("mixed", [True, False])
def test_no_green_card_says_that_values_are_too_high(mapped, saturated, mixed):
    arteries = np.zeros_like(mapped.mask)
    arteries[tuple(np.argwhere(mapped.mask)[:3].T)] = True
    criterion = Criterion("saturated", 0.9, f"{saturated} voxels", concern=True, voxels=saturated)
    aif = with_score(mapped.aif, 0.9, *([criterion] if saturated else []))
    aif = replace(aif, mask=arteries, mixed=aif.curve if mixed else None)
    maps = replace(mapped, aif=aif)
    found = check(maps, "Arterial input")
    assert found.word == ("good" if mixed and not saturated else "doubtful")
    green = [one.meaning for one in facts_of(maps).checks if one.word is Word.GOOD]
    assert not [text for text in green if "too high" in text or "too short" in text]


@pytest.mark.parametrize(("share", "word"), [(0.0, "good"), (0.1, "doubtful"), (0.5, "poor")])
def test_misfit_is_judged_by_the_share_of_voxels(mapped, share, word):
    assert check(with_share(mapped, share, "misfit", 3.0), "Model fit").word == word


@pytest.mark.parametrize(("share", "word"), [(0.0, "good"), (0.2, "doubtful"), (0.5, "poor")])
def test_silent_voxels_are_told(mapped, share, word):
    quiet = replace(mapped, quality=np.where(mapped.mask, 0, 1).astype(np.uint8))
    silent = with_share(quiet, share, "quality", Quality.NO_BOLUS)
    assert check(silent, "Voxels without bolus").word == word


def test_relative_maps_are_doubtful(mapped):
    relative = replace(mapped, series=altered(mapped.series, te=None))
    assert check(relative, "Units").word is Word.DOUBTFUL
    assert check(mapped, "Units").word is Word.GOOD


def told(*words):
    named = enumerate(Word(word) for word in words)
    return [Check(name=f"Item {n}", word=word, figure="", meaning="") for n, word in named]


def test_the_worst_word_leads():
    good, doubtful, poor = told("good"), told("good", "doubtful"), told("doubtful", "poor")
    assert [worst(c) for c in (good, doubtful, poor)] == ["good", "doubtful", "poor"]
    assert lead(good).startswith("Maps can be read:")
    assert lead(doubtful) == "Maps can be read with care. Doubtful: item 1."
    assert lead(poor) == "Do not rely on these maps alone. Poor: item 1; doubtful: item 0."
    assert lead(told("not judged", "good")).endswith("Not judged: item 0.")


def test_the_summary_holds_the_verdicts_for_programs(mapped):
    facts = json.loads(json.dumps(summary(mapped)))
    assert facts["verdict"] == lead(facts_of(mapped).checks)
    assert {"name", "word", "figure", "meaning"} == set(facts["verdicts"][0])
    assert len(facts["verdicts"]) == 17


@pytest.mark.parametrize("method", METHODS)
def test_every_method_is_told_with_its_references(mapped, method):
    told = description(METHODS[method])
    text = methods_text(replace(mapped, method=method, description=told, parameters={"oi": 0.095}))
    assert {cited.full for cited in told.citations.values()} <= set(text.references)
    numbers = [f"[{n}]" for n in range(1, len(text.references) + 1)]
    assert all(number in text.paragraph for number in numbers)
    assert not any(f"[{n}]" in text.paragraph for n in range(len(numbers) + 1, 20))
    assert "{" not in text.paragraph
    assert "oi 0.095" in text.paragraph
    assert text.plain().splitlines()[2].startswith("1. ")


def test_a_method_that_says_nothing_of_itself_has_its_name(mapped):
    text = methods_text(replace(mapped, method="slope", description=None, parameters={"a": 2}))
    assert "CBF, CBV and MTT were estimated by the method slope (a 2)." in text.paragraph


@pytest.mark.parametrize("name", LEAKAGE_MODELS)
def test_every_leakage_model_is_told_by_its_own_sentence_and_paper(mapped, name):
    model = LEAKAGE_MODELS[name]
    text = methods_text(replace(mapped, leakage_model=model))
    assert "Curves were corrected for leakage of contrast agent" in text.paragraph
    for cited in model.citations.values():
        number = text.references.index(cited.full) + 1
        assert f"[{number}]" in text.paragraph
    others = {c.full for m in LEAKAGE_MODELS.values() for c in m.citations.values()}
    others -= {c.full for c in model.citations.values()}
    assert not others & set(text.references)


def test_a_leakage_model_may_call_its_paper_as_it_likes(mapped):
    """Also by a key of the package's own references."""

    class Third(Boxerman):
        sentence = "by a third model [svd]"
        citations: ClassVar = {"svd": Citation("Nobody N. A third model. 2026.", "2026")}

    text = methods_text(replace(mapped, leakage_model=Third()))
    number = text.references.index("Nobody N. A third model. 2026.") + 1
    assert f"by a third model [{number}]." in text.paragraph
    assert sum(reference.startswith("Østergaard") for reference in text.references) == 1


def test_the_methods_tell_what_was_done(mapped, moving):
    still = methods_text(mapped).paragraph
    assert "Head motion was not corrected." in still
    assert "TE 20 ms, TR 1.5 s" in still
    assert "correlations in functional connectivity" in methods_text(moving([20])).plain()
    relative = replace(mapped, series=altered(mapped.series, te=None), leakage_model=None)
    text = methods_text(relative).paragraph
    assert "CBF and CBV are relative" in text
    assert "κ" not in text
    assert "Leakage of contrast agent was not corrected." in text


def test_beside_the_fit_stands_that_of_a_perfect_model(mapped):
    figure = check(mapped, "Model fit").figure
    share = 100 * np.mean(mapped.misfit[mapped.mask & np.isfinite(mapped.misfit)] <= 1)
    assert f", {share:.0f} % of at most 1 (of a perfect model 5" in figure
    assert "perfect" not in check(replace(mapped, sd={}), "Model fit").figure


def test_tissue_in_arterial_voxels_is_told_of_as_it_was_treated(mapped):
    told = {
        mixed is None: check(
            replace(mapped, aif=replace(with_score(mapped.aif, 0.9), mixed=mixed, scale_sd=0.1)),
            "Arterial input",
        ).meaning
        for mixed in (None, mapped.aif.curve)
    }
    assert "may yet have taken much" in told[True]
    assert "was taken off" in told[False]
