"""The vein: where it is found, and what it says of arteries that do not fill their voxels."""

from dataclasses import replace

import numpy as np
import pytest
from test_aif_unmix import DT, FRAMES, STEPS, TE, blood, seen, tissue_of
from tiny_head import ARTERY, VEIN, tiny_head

from bolus.aif import aif_from_mask, without_tissue
from bolus.aif.mixture import BloodPart
from bolus.aif.unmix import unmixed
from bolus.aif.venous import FULL, find_vein, share_residual, vein_of, venous_curve
from bolus.data import MaskError
from bolus.physics import dispersed
from bolus.preprocess import prepare, tissue_curves


def venous(fine, share=0.95, noise=0.005, seed=0):
    """The part of a vein: an exponential transport of 3 s, 3.5 s late."""
    curve = dispersed(fine, DT / STEPS, 3.0, 3.5)[::STEPS]
    part = share * (np.exp(-TE * curve) - np.exp(-TE * tissue_of(fine)))
    part = part + noise * np.random.default_rng(seed).normal(size=FRAMES)
    return BloodPart(-part / part.min(), noise / -part.min(), -part.min(), 20)


@pytest.fixture(scope="module")
def head():
    made = tiny_head(dt=1.5, snr=60)
    series = prepare(made.series)
    curves = tissue_curves(series)
    return made, series, curves, aif_from_mask(curves, series, made.labels == ARTERY)


@pytest.fixture(scope="module")
def noisy():
    """Arteries of three tenths of blood in much noise: alone, with a vein, and with a larger one.

    The vein's voxels hold six tenths of blood.
    """
    fine = blood()
    mixture, veins = seen(fine, 0.3, 0.1), (venous(by * fine, 0.6) for by in (1.0, 1.3))
    return fine[::STEPS].sum(), unmixed(mixture), *(unmixed(mixture, vein) for vein in veins)


def test_a_vein_makes_the_scale_surer_and_right(noisy):
    true, alone, held, _ = noisy
    assert held.scale_sd < 0.8 * alone.scale_sd
    assert alone.venous is None
    assert held.curve.sum() / true == pytest.approx(1, abs=0.1)
    assert held.misfit < 1.2


def test_a_larger_vein_raises_the_input_by_part_of_it(noisy):
    _, _, plain, larger = noisy
    gained = np.log(larger.curve.sum() / plain.curve.sum())
    assert 0.3 * np.log(1.3) < gained < np.log(1.3)
    assert larger.venous > plain.venous + 0.05


def test_transport_keeps_the_area_and_delays():
    fine = blood()
    late = venous_curve(fine, DT / STEPS, np.array([3.0, np.log(6.0), 0.5, np.log(1.2)]), 512)
    early = slice(0, np.argmax(fine) + 1)
    assert late[: fine.size].sum() == pytest.approx(1.2 * fine.sum(), rel=0.06)  # the end is cut
    assert late[early].sum() < 0.1 * fine[early].sum()
    assert late.max() < 0.8 * 1.2 * fine.max()


def test_a_share_is_full_or_anything():
    """No share is worth more than FULL; half a voxel costs much less than a normal prior's."""
    assert share_residual(FULL[0]) == 0
    assert share_residual(FULL[0] + 0.05) == pytest.approx(0.5, abs=0.05)
    half = share_residual(np.log(0.5))
    assert -3.5 < half < -1.5
    assert share_residual(np.log(0.2)) < half


def test_the_vein_is_found(head):
    made, series, curves, aif = head
    found = find_vein(curves, series, aif)
    assert found.sum() >= 3
    assert (made.labels[found] == VEIN).mean() > 0.9


def test_no_vein_in_tissue_and_arteries(head):
    made, series, _, aif = head
    rest = replace(series, mask=series.mask & (made.labels != VEIN))
    found = find_vein(tissue_curves(rest), rest, aif)
    assert found is None or not (made.labels[found] == ARTERY).any()


def test_a_marked_vein_is_used_and_recorded(head):
    made, series, curves, aif = head
    mask = np.zeros_like(series.mask)
    mask[tuple(np.argwhere(made.labels == VEIN)[0])] = True
    marked = without_tissue(aif, curves, series, mask)
    assert marked.vein.by_hand
    assert (marked.vein.mask == mask).all()
    assert marked.score.criterion("vein") is not None
    assert marked.score.criterion("blood").value > 0.5
    lead = int(np.argmax(marked.vein.curve)) - int(np.argmax(marked.curve))
    assert lead > 1


def test_marks_without_signal_are_refused(head):
    made, series, curves, aif = head
    mask = made.labels == VEIN
    signal = np.where(mask[..., None], np.nan, series.signal).astype(np.float32)
    blind = series.with_signal(signal)
    with pytest.raises(MaskError, match="vein"):
        without_tissue(aif, curves, blind, mask)
    with pytest.raises(MaskError, match="marked voxels of a vein"):
        vein_of(blind, aif, mask, by_hand=True)
