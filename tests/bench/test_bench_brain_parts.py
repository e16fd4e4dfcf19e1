"""Whole brains, part by part: lesions, the bank of curves, clouds of tissue, contrast, edges."""

from dataclasses import replace

import numpy as np
import pytest

from bolus.bench.brain import subject as module
from bolus.bench.brain.bank import bank_of
from bolus.bench.brain.cases import CASES, POPULATIONS, SNRS, Case, edges, late_sides
from bolus.bench.brain.clouds import NEAR_POINTS, Tissue, neighbourhoods, population
from bolus.bench.brain.lesions import COUNTS, LESIONS, TISSUES, place_lesions
from bolus.bench.brain.run import Mapped
from bolus.bench.brain.shown import contrast, edge_width
from bolus.bench.brain.subject import make_subject
from bolus.bench.brain.voxels import Errors
from bolus.data import SeriesError
from bolus.phantom import simulate_patient
from bolus.phantom.acquisition import Protocol
from bolus.phantom.realism import SHAPES
from bolus.phantom.signal import tissue_change
from bolus.phantom.tissue import Tissue as PhantomTissue
from bolus.preprocess import find_series_frames

SHAPE = (32, 32, 6)


@pytest.fixture(scope="module")
def subject():
    return make_subject(Case(population="old"), 1010, SHAPE)


@pytest.fixture(scope="module")
def perfect(subject):
    """A brain of which a method knows everything, and another nothing of lesions' contrast."""
    v = subject.voxels
    value = np.zeros((len(v.index), 4), dtype=np.float32)
    flat = value.copy()
    flat[:, 0] = np.log(50) - np.log(v.true[:, 0])
    half = flat / 2
    held = np.ones_like(value)
    errors = {n: Errors(e, held) for n, e in (("true", value), ("flat", flat), ("half", half))}
    return Mapped(subject.case, 1010, v, errors, {}, 1, SHAPE)


def test_the_page_has_every_population_at_every_snr_and_one_change_at_a_time():
    assert len(set(CASES)) == len(CASES)
    crossed = {(c.population, c.snr) for c in CASES if c.lesions}
    assert crossed == {(p, s) for p in POPULATIONS for s in SNRS}
    for case in CASES:
        if case.lesions and case.population == "tumour" and case.snr == 50:
            changed = [case.tr != 1.5, case.aif != "true", case.dispersion != "none"]
            assert sum(changed) <= 1


def test_lesions_have_their_sizes_and_do_not_touch():
    masks = simulate_patient(seed=1010, frames=30, tr=3.0, shape=(48, 48, 6)).masks
    lesions = place_lesions(masks, np.random.default_rng(0))
    count = np.zeros(masks.brain.shape, dtype=int)
    for lesion in lesions:
        ball = lesion.ball.mask(count.shape)
        assert ball.sum() == {1: 1, 2: 8, 3: 19, 5: 81}[lesion.size]
        count += ball
    assert count.max() == 1
    for size, most in COUNTS.items():
        kinds = [(x.kind, x.tissue) for x in lesions if x.size == size]
        assert len(kinds) > len(LESIONS)
        assert max(kinds.count(k) for k in kinds) <= most
    assert {x.tissue for x in lesions} == set(TISSUES)


def test_the_bank_makes_the_curves_of_the_phantom(subject):
    made = subject.made
    bank = bank_of(made, slice(5, 60), (np.log(2.0), np.log(12.0)))
    n = np.array([3, 20, 50])
    mtt, shape = np.exp(bank.log_mtts[n]), bank.shapes[np.array([2, 8, 15])]
    delay = bank.step * np.array([-3, 10, 60])
    s = made.settings
    protocol = Protocol(field=s.field, tr=s.tr, te=s.te, frames=s.frames)
    one, grid = np.ones(3), (3, 1, 1)
    for dispersion in (0.0, 1.5):
        point = np.stack([np.log(mtt), delay, shape], axis=1)
        found = bank.curves(bank.cells(point, dispersion * one))
        tissue = PhantomTissue(
            cbv=np.full(grid, 4.0),
            cbf=(60 * 4.0 / mtt).reshape(grid),
            delay=delay.reshape(grid),
            shape=shape.reshape(grid),
            residue="fermi",
            dispersion=np.full(grid, dispersion),
        )
        true = tissue_change(protocol, tissue, np.arange(3), made.arterial)[:, 5:60]
        scale = 4.0 / 70.5128
        assert np.abs(scale * found - true).max() < 0.01 * true.max()


def test_a_population_keeps_mean_and_spread_of_its_tissue():
    rng = np.random.default_rng(0)
    point = rng.standard_normal((4000, 3)) @ np.array([[0.1, 0, 0], [0.2, 0.5, 0], [0, 0, 0.2]])
    point[3990:] += 3
    stratum = np.where(np.arange(4000) < 3990, 0, 1)
    tissue = Tissue(
        np.zeros((4000, 3), int), point, rng.normal(-3, 0.3, 4000), np.zeros(4000), stratum
    )
    cloud = population(tissue)
    weight = np.exp(cloud.log_weight)
    assert weight.sum() == pytest.approx(1, abs=1e-3)
    assert np.allclose(weight @ cloud.point, point.mean(axis=0), atol=0.02)
    rare = cloud.point[:, 0] > 1.5
    assert weight[rare].sum() == pytest.approx(10 / 4000, rel=0.05)
    assert rare.sum() >= 300
    common = ~rare
    spread = np.cov(cloud.point[common].T, aweights=weight[common])
    assert np.allclose(spread, np.cov(point[:3990].T), rtol=0.15, atol=0.003)


def test_neighbours_say_nothing_of_the_voxel_itself():
    shape = (7, 7, 7)
    place = np.argwhere(np.ones(shape))
    point = np.tile([1.5, 1.0, 1.2], (len(place), 1))
    middle = np.flatnonzero((place == 3).all(axis=1))
    point[middle] = [2.5, 5.0, 1.7]
    volume = np.where(np.arange(len(place)) == middle, 0.0, -3.0)
    tissue = Tissue(place, point, volume, np.zeros(len(place)), np.zeros(len(place), int))
    cloud = neighbourhoods(tissue, place[middle], shape)
    assert cloud.point.shape == (1, NEAR_POINTS, 3)
    assert np.allclose(cloud.point.mean(axis=1)[0], [1.5, 1.0, 1.2], atol=0.05)
    assert cloud.volume == pytest.approx(np.exp(-3.0))
    corner = neighbourhoods(tissue, place[:1], shape)
    assert np.isfinite(corner.point).all()


def test_contrast_is_all_none_or_half(perfect):
    for size, value in ((5, {"true": 1.0, "flat": 0.0, "half": 0.5}), (1, {"true": 1.0})):
        for name, expected in value.items():
            assert contrast([perfect], name, size, (0, 1, 2, 3), 0) == pytest.approx(
                expected, abs=1e-5
            )


def test_a_blurred_edge_is_wider():
    case = edges((50.0,))[0]
    subject = make_subject(replace(case, snr=np.inf), 1010, SHAPE)
    v = subject.voxels
    away = v.index[:, 0] - round(0.36 * SHAPE[0])
    late = away < 0
    blurred = np.log(1.75) * np.clip(0.5 - (away + 0.5) / 4, 0, 1)
    value = np.zeros((len(away), 4))
    value[:, 2] = blurred - np.log(1.75) * late
    errors = {"blurred": Errors(value, value), "sharp": Errors(0 * value, value)}
    mapped = [Mapped(case, 1010, v, errors, {}, 1, SHAPE)]
    assert edge_width(mapped, "sharp") == pytest.approx(0.8, abs=1e-6)
    assert edge_width(mapped, "blurred") == pytest.approx(3.2, abs=0.1)


def test_a_brain_refused_for_its_late_side_is_measured_in_the_frames_of_the_other(monkeypatch):
    case = late_sides((10.0,))[0]
    usual = make_subject(case, 1010, SHAPE)
    whole = usual.measured.series.mask

    def refuse(series, mask):
        if np.array_equal(mask, whole):
            raise SeriesError("2 boluses pass")
        return find_series_frames(series, mask)

    monkeypatch.setattr(module, "find_series_frames", refuse)
    later = make_subject(case, 1010, SHAPE)
    assert later.refused
    assert not usual.refused
    assert later.measured.series.frames == usual.measured.series.frames
    assert np.array_equal(later.measured.series.mask, whole)
    assert later.measured.curves.curves.shape == usual.measured.curves.curves.shape


def test_a_change_of_the_scan_leaves_the_brain_as_it_is():
    first, other = (
        make_subject(Case(dispersion=name, snr=snr), 1010, SHAPE)
        for name, snr in (("none", 50.0), ("high", 20.0))
    )
    assert np.array_equal(first.voxels.true, other.voxels.true)
    assert np.array_equal(first.voxels.lesion, other.voxels.lesion)
    assert first.made.arterial == other.made.arterial
    inside = first.made.masks.brain
    assert (first.made.truth.dispersion[inside] < 0.01).all()
    assert (other.made.truth.dispersion[inside] > 1).all()


def test_the_old_have_fermi_residues(subject):
    assert subject.made.settings.realism.residue == "fermi"
    low, high = SHAPES["fermi"][2:]
    assert ((subject.voxels.shape >= low) & (subject.voxels.shape <= high)).all()
    assert subject.voxels.shape.min() < 0
