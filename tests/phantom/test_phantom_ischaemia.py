"""Populations, an occluded carotid artery, a stroke."""

from functools import cache

import numpy as np
import pytest

from bolus.data import InputError
from bolus.phantom import (
    LateSide,
    Occlusion,
    Population,
    Realism,
    Stroke,
    simulate_patient,
    stroke_patient,
)

SMALL = {"shape": (32, 32, 4), "frames": 30, "tr": 2.5, "snr": np.inf}


@cache
def plain():
    return simulate_patient(seed=5, **SMALL)


def made(**realism):
    return simulate_patient(seed=5, realism=Realism(**realism), **SMALL)


def test_a_population_has_its_own_tissue():
    people = Population(grey=(4.0, 6.6), white=(1.5, 7.2), arrival=2.0, shape=(1.5, 0.05))
    slow = made(population=people)
    white = plain().masks.white
    assert np.array_equal(white, slow.masks.white)
    ratio = slow.truth.mtt[white] / plain().truth.mtt[white]
    assert np.median(ratio) == pytest.approx(1.5, rel=0.01)
    assert np.median(slow.truth.delay[white]) > np.median(plain().truth.delay[white])
    assert np.median(slow.truth.shape[white]) == pytest.approx(1.5, abs=0.08)


@pytest.mark.parametrize("kind", [Occlusion(), Stroke()])
def test_what_is_not_supplied_is_late_and_the_rest_as_it_was(kind):
    hurt = made(ischaemia=kind)
    later = hurt.truth.delay - plain().truth.delay
    brain = plain().masks.brain
    ill = hurt.masks.ischaemic
    assert ill.sum() > 50
    assert (later[ill] > 0.9).all()
    assert (hurt.truth.mtt[ill] > plain().truth.mtt[ill]).all()
    assert (hurt.truth.cbf[ill] < plain().truth.cbf[ill]).all()
    right = brain & (np.indices(brain.shape)[0] > 17)
    assert np.array_equal(hurt.truth.cbf[right], plain().truth.cbf[right])
    assert not (hurt.masks.grey | hurt.masks.white)[ill].any()


def test_the_core_of_a_stroke_has_the_least_blood():
    hurt = made(ischaemia=Stroke())
    core, penumbra = hurt.masks.infarct, hurt.masks.ischaemic
    assert core.any()
    assert not (core & penumbra).any()
    fall = hurt.truth.cbv / plain().truth.cbv
    assert fall[core].max() < 0.8 < np.median(fall[penumbra])


def test_a_late_side_ends_where_it_is_said_to():
    side = made(late_side=LateSide(later=3.0, share=0.25))
    later = np.nan_to_num(side.truth.delay - plain().truth.delay)
    assert np.array_equal(later > 1, plain().masks.brain & (np.indices(later.shape)[0] < 8))


def test_impossible_people_are_refused():
    with pytest.raises(InputError, match="positive"):
        Population(grey=(4.0, 0))
    with pytest.raises(InputError, match="0 or more"):
        Population(mtt_spread=-1)
    with pytest.raises(InputError, match="share"):
        LateSide(later=1.0, share=0)


@cache
def a_stroke():
    return simulate_patient(seed=5, realism=stroke_patient(5), **SMALL)


def test_diffusion_is_low_in_the_core_and_the_same_each_time():
    hurt = a_stroke()
    core = hurt.masks.infarct_whole
    white = hurt.masks.white & ~core
    assert np.median(hurt.adc[core]) < 620e-6 < np.median(hurt.adc[white])
    assert (hurt.adc[~hurt.masks.brain & (hurt.adc == 0)] == 0).any()
    again = simulate_patient(seed=5, realism=stroke_patient(5), **SMALL)
    assert np.array_equal(hurt.adc, again.adc)


def test_the_whole_core_holds_its_pure_voxels_and_matter_holds_both():
    hurt = a_stroke()
    assert not (hurt.masks.infarct & ~hurt.masks.infarct_whole).any()
    assert not (hurt.masks.infarct_whole & ~hurt.masks.matter).any()


def test_a_hemisphere_is_late_besides():
    usual, late = (made(ischaemia=Stroke(hemisphere=h)) for h in (0.0, 2.0))
    later = late.truth.delay - usual.truth.delay
    x = np.indices(later.shape)[0]
    inside = usual.masks.brain
    assert np.allclose(later[inside & (x < 12)], 2.0, atol=1e-3)
    assert np.allclose(later[inside & (x > 20)], 0.0, atol=1e-3)


@pytest.mark.parametrize(
    "wrong", [{"arteries": ("pca",)}, {"radius": 0.0}, {"later": (-1.0, 2.0)}, {"arteries": ()}]
)
def test_a_stroke_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(InputError):
        Stroke(**wrong)
