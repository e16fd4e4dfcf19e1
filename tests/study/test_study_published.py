"""The study as published: what it sets, and the page that holds both side by side."""

import json
import math
from dataclasses import replace
from unittest.mock import Mock

import numpy as np
import pytest

from altered import leaking
from bolus.aif import aif_from_mask
from bolus.data import (
    ArterialInputError,
    DriftCorrection,
    InputError,
    LeakageCorrection,
    Preparation,
    Unmixing,
)
from bolus.estimators.paper.config import PaperConfig
from bolus.grading.cutoff import PAPER_HIGH, PAPER_LOW
from bolus.io import read_mask, read_series
from bolus.io.cohort import Participant, read_participants
from bolus.learning import train
from bolus.physics import delta_r2star
from bolus.preprocess import prepare, tissue_curves
from bolus.study import StudySettings, run, run_study
from bolus.study.comparison import _scan, areas_of, contradictions, p_of
from bolus.study.patient import examine
from bolus.study.published import as_published, signal_mean
from bolus.study.table import PUBLISHED


def test_the_arterial_signal_is_averaged_before_it_is_converted(cohort):
    one = read_participants(cohort)[0]
    series = read_series(one.series)
    ready = prepare(series, read_mask(one.masks["brain"], series.grid))
    mask = read_mask(one.masks["aif"], series.grid)
    found = signal_mean(ready, mask)
    signal = series.signal[mask][:, ready.frames.used].mean(axis=0, dtype=float)
    before = ready.frames.onset - ready.frames.first
    expected = delta_r2star(signal, signal[:before].mean(), series.te)
    np.testing.assert_allclose(found.curve, expected, rtol=1e-6, atol=1e-9)
    usual = aif_from_mask(tissue_curves(ready), ready, mask)
    assert np.abs(usual.curve - found.curve).max() > 0.005 * usual.curve.max()
    lost = series.signal.copy()
    lost[mask] = np.nan
    with pytest.raises(ArterialInputError, match="finite signal"):
        signal_mean(ready.with_signal(lost), mask)


def test_all_is_set_at_once():
    found = as_published(StudySettings(snrs=(10.0,), seed=4))
    assert found.preparation == Preparation(
        motion=None,
        drift=DriftCorrection(use=False),
        leakage=LeakageCorrection(use=False),
        unmixing=Unmixing(use=False),
    )
    assert (found.noisy_aif, found.published) == (True, True)
    assert found.methods == ("phae-paper", "osvd", "tikhonov", "tikhonov-fixed", "svd-pws")
    assert (found.snrs, found.seed) == ((10.0,), 4)


def test_p_is_that_of_the_order():
    """By hand: all in order, and no order at all."""
    pairs = PAPER_HIGH * PAPER_LOW
    assert p_of(1.0) < 1e-4
    assert p_of(0.5) == pytest.approx(1.0, abs=0.05)
    falling = [p_of(n / pairs) for n in range(pairs // 2, pairs + 1)]
    assert falling == sorted(falling, reverse=True)
    assert all(round(area, 2) == 0.87 for area in areas_of(0.87))


def test_two_published_ps_do_not_fit_their_areas():
    """A p of 0.007 takes an AUC near 0.82, not 0.87; PHAE's fits within rounding."""
    phae, osvd, tikhonov = (max(map(p_of, areas_of(row.auc))) for row in PUBLISHED)
    assert phae == pytest.approx(PUBLISHED[0].p, rel=0.2)
    assert osvd < PUBLISHED[1].p / 2
    assert tikhonov < PUBLISHED[2].p / 1.5
    ((_, rows),) = contradictions().sections
    assert [row[-1] for row in rows] == ["3 of 13", "4 of 13", "4 of 13"]


@pytest.mark.parametrize(
    ("option", "other"),
    [
        ("--methods", {"methods": ("bayes",)}),
        ("--map", {"map": "cbv"}),
        ("--motion", {"preparation": Preparation()}),
        ("--leakage", {"preparation": leaking(model="bsw")}),
    ],
)
def test_what_it_fixes_cannot_be_set_otherwise(option, other):
    with pytest.raises(InputError, match=f"leave {option} away"):
        as_published(StudySettings(**other))
    as_published(StudySettings(preparation=leaking(False), noisy_aif=True))


@pytest.mark.usefixtures("unrendered")
def test_a_run_as_published(cohort, tmp_path, monkeypatch):
    tiny, seen = PaperConfig(channels=(4, 8), epochs=1, batch=192), []

    def small(path, series, **options):
        seen.append(options["sample"].share())
        return train(path, series, **{**options, "recipe": tiny})

    monkeypatch.setattr(run, "train", small)
    monkeypatch.setattr(run, "VOXELS", {"paper": 200})
    settings = as_published(StudySettings(snrs=(math.inf,), resamples=200))
    out = tmp_path / "out"
    study = run_study(cohort, out, settings=settings, train_preset="paper", jobs=1)
    assert seen == [0.0]
    assert {row.method for row in study.rows} == {*settings.methods}
    assert all(math.isnan(row.cbv_corrected_ratio) for row in study.rows)
    page = (out / "report.html").read_text()
    for words in (
        "The published study and this run",
        "3 trained on, 4 tested",
        "10 of QIN-BRAIN-DSC-MRI",
        "1 epoch, batches of 192",
        "do not fit each other",
        "svd-pws",
    ):
        assert words in page
    told = json.loads((out / "results.json").read_text())
    assert told["settings"]["published"] is True
    one, osvd = study.participants[0], replace(settings, methods=("osvd",))
    published, usual = (
        examine(one, own, {}, None)[0].rows[0].ratio
        for own in (osvd, replace(osvd, published=False))
    )
    assert published == next(r.ratio for r in study.rows if r.method == "osvd")
    assert published != usual


@pytest.mark.parametrize("ending", ["nii", "nii.gz"])
def test_the_scan_is_read_from_the_sidecar_of_any_series(tmp_path, ending):
    (tmp_path / "dsc.json").write_text('{"RepetitionTime": 1.2, "EchoTime": 0.03}')
    (tmp_path / f"dsc.{ending}").write_bytes(b"no JSON")
    assert (
        _scan([Mock(spec=Participant, series=tmp_path / f"dsc.{ending}")]) == "TR 1.2 s, TE 30 ms"
    )
