"""The curves: seeded, paired between SNRs, and with noise a method could have measured."""

import numpy as np
import pytest

from bolus.bench import Design
from bolus.bench.design import baseline_frames
from bolus.data import InputError
from bolus.phantom import CurvePrior
from bolus.physics import RESIDUES

SMALL = Design(curves_per_cell=40, dts=(1.5,))


def test_the_same_seed_gives_the_same_curves_and_another_seed_others():
    first, again = next(SMALL.batches()), next(SMALL.batches())
    other = next(Design(curves_per_cell=40, dts=(1.5,), seed=1).batches())
    np.testing.assert_array_equal(first.tissue, again.tissue)
    assert not np.allclose(first.aif, other.aif)
    assert not np.allclose(first.cbf, other.cbf)


def test_arterial_inputs_differ_between_inputs_and_repetition_times():
    shapes = [b.aif.max() for b in Design(curves_per_cell=40, dts=(1.0, 2.0)).batches()]
    assert len(set(shapes)) == len(shapes) == 4


def test_snrs_share_the_truth_and_differ_only_in_the_size_of_the_noise():
    batch = next(SMALL.batches())
    n = SMALL.curves_per_input
    np.testing.assert_array_equal(batch.cbf[:n], batch.cbf[n : 2 * n])
    np.testing.assert_allclose(batch.noise_sd[n : 2 * n], batch.noise_sd[:n] * 50 / 20)
    np.testing.assert_allclose(batch.baseline_sd[n : 2 * n] / batch.baseline_sd[:n], 2.5, rtol=0.2)


def test_every_cell_has_the_curves_asked_for():
    for curves in (1, 50, 1000):
        design = Design(curves_per_cell=curves, dts=(1.5,))
        per_cell = design.inputs * design.curves_per_input
        assert curves <= per_cell < curves + design.inputs + 1


def test_baseline_noise_is_an_estimate_of_the_true_noise():
    batches = list(Design(curves_per_cell=200, dts=(1.0,)).batches())
    ratio = np.concatenate([b.baseline_sd / b.noise_sd[:, 0] for b in batches])
    assert np.sqrt((ratio**2).mean()) == pytest.approx(1.0, abs=0.05)
    assert ratio.std() > 0.05


def test_no_curve_has_left_zero_within_the_baseline():
    quiet = Design(curves_per_cell=100, snrs=(1e6,))
    for batch in quiet.batches():
        frames = baseline_frames(batch.aif, batch.dt, quiet.prior)
        assert frames >= 2
        early = np.abs(batch.tissue[:, :frames]).max(axis=1)
        assert (early < 0.03 * batch.tissue.max(axis=1)).all()


def test_families_can_be_held_out():
    prior = CurvePrior(families={"gamma 1.7": (RESIDUES["gamma"], 1.7)})
    held = next(Design(curves_per_cell=20, prior=prior).batches())
    assert (held.residue == 0).all()


@pytest.mark.parametrize(
    "wrong", [{"curves_per_cell": 0}, {"dts": ()}, {"snrs": (50.0, 0.0)}, {"seed": -1}]
)
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(InputError):
        Design(**wrong)
