"""The benchmark of adaptation, its population, and the limit under it."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from bolus.bench import adaptation, limit_prior
from bolus.bench.adaptation import adaptation_layout, adaptation_page, run_adaptation
from bolus.data import CurveError
from bolus.learning.phae import adapt as adapting
from bolus.phantom import CurvePrior, PopulationPrior
from bolus.report.text.layout import as_rich
from recorder import Recorder

PRIOR = PopulationPrior()


class TestPopulation:
    def test_samples_are_those_of_the_population(self):
        drawn = PRIOR.sample(np.random.default_rng(0), 20000)
        assert np.median(drawn.mtt) == pytest.approx(4.8, rel=0.01)
        assert np.log(drawn.mtt).std() == pytest.approx(0.3, rel=0.03)
        assert drawn.delay.mean() == pytest.approx(1.0, abs=0.02)
        assert -1.1 <= drawn.delay.min() < drawn.delay.max() <= 3.1
        np.testing.assert_allclose(drawn.cbf, drawn.cbv / drawn.mtt)

    def test_narrow_ranges_cut_the_tails_off(self):
        narrow = replace(PRIOR, mtt=(4.0, 5.0), delay=(0.5, 0.9))
        drawn = narrow.sample(np.random.default_rng(0), 2000)
        assert 4.0 <= drawn.mtt.min() < 4.01
        assert 4.99 < drawn.mtt.max() <= 5.0
        assert 0.5 <= drawn.delay.min() < drawn.delay.max() <= 0.9

    def test_shares_are_how_often_samples_fall_into_cells(self):
        mtt, delay = np.geomspace(1.5, 20, 7), np.linspace(-1.1, 3.1, 6)
        drawn = PRIOR.sample(np.random.default_rng(1), 50000)
        counted = np.histogram2d(drawn.mtt, drawn.delay, [mtt, delay])[0] / 50000
        shares = PRIOR.shares(mtt, delay)
        np.testing.assert_allclose(shares / shares.sum(), counted, atol=0.01)

    def test_broad_prior_is_even(self):
        assert np.ptp(CurvePrior().shares(np.geomspace(1, 9, 5), np.arange(4.0))) == 0


class TestLimit:
    def test_it_believes_the_population(self):
        prior = limit_prior(PRIOR, mtt_steps=12, delay_steps=9)
        shares = PRIOR.shares(prior.mtt_edges, prior.delay_edges)
        assert prior.share.shape == prior.shape
        for of_family in prior.share:
            np.testing.assert_array_equal(of_family, shares)

    def test_of_an_even_prior_there_are_no_shares(self):
        assert limit_prior(CurvePrior()).share is None


class _Known:
    """Stands in for the adaptation, which would train a network: remembers what it is given."""

    def __init__(self):
        self.given = []

    def __call__(self, train, validation, start, folder, *, recipe, seed):
        self.given.append(SimpleNamespace(train=train, held=validation, seed=seed))
        return SimpleNamespace(gain=0.01, gain_ci=(-0.02, 0.04), weights=None)


@pytest.fixture(scope="module")
def found():
    """A small run in which nothing above chance was learned, so 'after' is 'before'."""
    known, told = _Known(), Recorder()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(adapting, "adapt", known)
        made = run_adaptation(
            seed=3,
            snrs=(50.0, 20.0),
            curves_per_cell=48,
            reporter=told,
        )
    return SimpleNamespace(made=made, known=known, told=told.advances)


def test_rows_of_every_snr(found):
    names = [(row.snr, row.method) for row in found.made.rows]
    methods = ("limit", *adaptation.RIVALS, "before", "after")
    assert names == [(snr, name) for snr in (50.0, 20.0) for name in methods]


def test_a_cohort_is_handed_over_patient_by_patient(found):
    assert len(found.known.given) == 2
    for given in found.known.given:
        assert (len(given.train), len(given.held), given.seed) == (12, 4, 3)


def test_unchanged_weights_change_nothing(found):
    for snr in (50.0, 20.0):
        assert found.made.change(snr) == 0
    assert found.made.gain == ((0.01, -0.02, 0.04),) * 2


def test_no_method_beats_the_limit_of_the_population(found):
    for snr in (50.0, 20.0):
        errors = {row.method: row.log_cbf for row in found.made.rows if row.snr == snr}
        assert min(errors, key=errors.get) == "limit"


def test_progress_reaches_its_total(found):
    done = [step[0] for step in found.told]
    assert done == list(range(len(done)))
    assert {step[1] for step in found.told} == {done[-1]}


def test_page_and_table_say_it(found):
    layout = adaptation_layout(found.made)
    assert len(layout.sections) == 2
    heading, rows = layout.sections[0]
    assert "SNR 50: error +0 %" in heading
    assert "0.010 (-0.020 to 0.040)" in heading
    assert {len(cells) for cells in rows} == {len(layout.columns)}
    assert as_rich(layout).row_count == 2 + len(found.made.rows)
    page = adaptation_page(found.made)
    assert page.startswith("# Adaptation to a cohort without labels")
    assert page.count("| before |") == 2


def test_test_curves_are_not_those_adapted_to():
    cohort = adaptation._cohort(0, 50.0, PRIOR)
    first = next(cohort.batches())
    assert (cohort.inputs, cohort.curves_per_input) == (16, adaptation.VOXELS)
    test = next(replace(cohort, seed=0).batches())
    assert not np.allclose(first.aif, test.aif)


def test_a_population_too_early_leaves_no_baseline():
    from bolus.phantom import arterial_input, simulate_curves

    aif = arterial_input(1.5 * np.arange(40))
    early = replace(PRIOR, delay=(-14.0, 1.0))
    with pytest.raises(CurveError, match="S0"):
        simulate_curves(np.random.default_rng(0), early, 3, aif, 1.5)
