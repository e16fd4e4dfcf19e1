"""Tissue taken off arterial inputs: what is told of blood that never fills a voxel."""

from dataclasses import replace

import numpy as np
import pytest

from bolus.aif import find_aif, without_tissue
from bolus.aif.mixture import ArterialPart, arterial_part
from bolus.aif.problem import Problem
from bolus.aif.unmix import STAYS, unmixed
from bolus.aif.venous import find_vein
from bolus.data import Preparation, Unmixing
from bolus.patient import measure
from bolus.phantom import simulate_patient
from bolus.physics import RESIDUES, ForwardModel
from bolus.physics.bolus import bolus_height
from bolus.preprocess import prepare, tissue_curves
from fuzz.small_head import small_head

TE, DT, STEPS, FRAMES = 0.03, 1.5, 3, 60
SHAPE = {
    "r": 3.0,
    "b": 1.8,
    "recirculation": 0.15,
    "return_time": 9.0,
    "dispersion": 1.6,
    "tail": 0.05,
    "washout": 180.0,
}


def blood(depth=3.5, onset=18.0, **passes):
    time = np.arange(FRAMES * STEPS) * DT / STEPS
    return depth / TE * bolus_height(time - onset, **{**SHAPE, **passes})


def tissue_of(fine):
    """A mean of grey and white matter."""
    model = ForwardModel(fine, DT / STEPS, RESIDUES["exponential"])
    cbv, mtt, delay = np.array([0.04, 0.02]), np.array([4.0, 6.0]), np.array([0.5, 1.5])
    return model(cbv / mtt, mtt, delay)[:, ::STEPS].mean(axis=0)


def seen(fine, share=0.6, noise=0.005, seed=0):
    """The arterial part of voxels with a share of blood, in noise."""
    curve = tissue_of(fine)
    tissue = np.exp(-TE * curve)
    part = share * (np.exp(-TE * fine[::STEPS]) - tissue)
    part = part + share * noise * np.random.default_rng(seed).normal(size=part.size)
    deepest = -part.min()
    return ArterialPart(part / deepest, share * noise / deepest, deepest, 20, tissue, curve, TE, DT)


@pytest.mark.parametrize("share", [0.3, 0.6, 1.0])
def test_blood_is_told_from_any_share_of_it(share):
    """Plainly converted, voxels with three tenths of blood keep a fifth of the arterial area."""
    fine = blood()
    true, mixture = fine[::STEPS], seen(fine, share)
    plain = -np.log(mixture.tissue + mixture.part * mixture.most) / TE
    found = unmixed(mixture)
    assert plain.sum() / true.sum() < (0.25 + share * 0.8)
    assert found.curve.sum() / true.sum() == pytest.approx(1, abs=0.1)
    assert found.curve.max() / true.max() == pytest.approx(1, abs=0.15)
    assert found.blood == pytest.approx(share, rel=0.1)
    assert found.misfit < 1


@pytest.mark.parametrize(
    "passes",
    [
        {"r": 2.0, "b": 2.5},
        {"r": 4.0, "b": 1.2, "tail": 0.08},
        {"recirculation": 0.25, "return_time": 12.0},
    ],
)
def test_boluses_of_other_shapes_keep_their_area(passes):
    fine = blood(**passes)
    found = unmixed(seen(fine, 0.5))
    off = abs(np.log(found.curve.sum() / fine[::STEPS].sum()))
    assert off < min(2 * found.scale_sd, 0.2)


def test_less_signal_makes_the_scale_less_sure():
    fine = blood()
    sure, unsure = (unmixed(seen(fine, 0.5, noise)) for noise in (0.002, 0.08))
    assert unsure.scale_sd > 1.2 * sure.scale_sd


@pytest.fixture(scope="module")
def whole():
    """A head with arteries of pure blood, and what was measured of it without unmixing."""
    made = simulate_patient(seed=1205, snr=50, shape=(48, 48, 8))
    options = Preparation(motion=None, unmixing=Unmixing(use=False))
    return made, measure(made.series, preparation=options)


def test_whole_arteries_stay_as_large_as_they_are(whole):
    made, measured = whole
    found = without_tissue(measured.aif, measured.curves, measured.series)
    true = made.aif[measured.series.frames.used]
    assert found.curve.sum() / true.sum() == pytest.approx(1, abs=0.1)
    assert found.mixed is measured.aif.curve
    assert found.scale_sd is not None
    assert 0.05 < found.scale_sd < 0.3
    assert "is blood" in found.notes[-1]


def test_measuring_takes_tissue_off_unless_asked_not_to(whole):
    made, measured = whole
    assert measured.aif.mixed is None
    assert measured.aif.scale_sd is None
    usual = measure(made.series, measured.aif.mask, preparation=Preparation(motion=None))
    assert usual.aif.mixed is not None
    given = measure(made.series, measured.aif, preparation=Preparation(motion=None))
    assert given.aif is measured.aif


def test_a_curve_without_voxels_stays(whole):
    _, measured = whole
    given = replace(measured.aif, mask=None)
    assert arterial_part(measured.curves, measured.series, given) is None
    kept = without_tissue(given, measured.curves, measured.series)
    assert kept.curve is given.curve
    assert kept.notes[-1].startswith(STAYS)


def test_veins_do_not_join_the_arteries(whole):
    """They hold more blood than arteries do, and come 3.5 s later."""
    _, measured = whole
    part = arterial_part(measured.curves, measured.series, measured.aif)
    artery = measured.aif.curve
    assert abs(int(np.argmin(part.part)) - int(np.argmax(artery))) <= 1


def test_the_mean_tissue_curve_makes_the_scale_surer(monkeypatch):
    mixture = seen(blood(), 0.3, 0.05)
    sure = unmixed(mixture)
    monkeypatch.setattr(Problem, "_tissue_left", lambda self, fine: np.zeros(FRAMES))
    assert unmixed(mixture).scale_sd > 1.3 * sure.scale_sd


def test_voxels_that_seem_full_of_blood_are_drawn_to_be(monkeypatch):
    fine = blood()
    mixtures = [seen(fine, 1.0, 0.03, seed) for seed in range(4)]

    def off():
        areas = np.array([unmixed(one).curve.sum() for one in mixtures])
        return np.abs(np.log(areas / fine[::STEPS].sum())).mean()

    drawn = off()
    monkeypatch.setattr(Problem, "filled", lambda self, q: self.solved())
    assert drawn < 0.9 * off()


def test_the_signal_bends_the_bolus():
    """A bolus whose second pass is far from any model follows the signal, sample by sample."""
    fine = blood()
    fine = fine * (1 + 0.5 * np.sin(np.arange(fine.size) * DT / STEPS))
    found = unmixed(seen(fine, 0.6, 0.002)).curve
    late = slice(18, 40)
    away = np.abs(found - fine[::STEPS])[late].mean() / fine[::STEPS][late].mean()
    assert away < 0.15


def test_the_baseline_of_an_artery_ends_before_its_own_bolus(whole):
    """Blood comes to arteries two frames before the mean tissue shows it."""
    _, measured = whole
    part = arterial_part(measured.curves, measured.series, measured.aif)
    onset = measured.series.frames.onset - measured.series.frames.first
    early = part.part[: onset - 3]
    assert abs(early.mean()) < 0.01
    assert part.noise < 2 * early.std(ddof=1) + 0.005
    frames = replace(measured.series.frames, onset=measured.series.frames.onset + 2)
    again = arterial_part(measured.curves, replace(measured.series, frames=frames), measured.aif)
    np.testing.assert_allclose(again.part, part.part, atol=0.02)  # tissue that comes later still


def test_late_tissue_is_no_vein():
    """In a head without veins the latest tissue is looked at; it must not shrink the input."""
    series = prepare(small_head())
    curves = tissue_curves(series)
    measured = find_aif(curves, series, judged=False)
    assert find_vein(curves, series, measured) is not None
    found = without_tissue(measured, curves, series)
    assert found.vein is None
    assert found.curve.sum() == pytest.approx(measured.curve.sum(), rel=0.1)


@pytest.mark.parametrize("factor", [0.5, 20.0])
def test_what_no_mixture_makes_is_not_believed(factor, monkeypatch):
    series = prepare(small_head())
    curves = tissue_curves(series)
    measured = find_aif(curves, series, judged=False)
    known = unmixed(arterial_part(curves, series, measured))
    wrong = replace(known, curve=factor * measured.curve)
    monkeypatch.setattr("bolus.aif.unmix.unmixed", lambda *a: wrong)
    found = without_tissue(measured, curves, series)
    assert found.curve is measured.curve
    assert "times the area of its voxels" in found.notes[-1]
