"""Residues that no method was trained on, and the published network's home ground."""

from dataclasses import replace

from bolus.base.progress import Steps
from bolus.bench.design import Design, held_out_prior
from bolus.bench.statistics import AccuracyRow
from bolus.bench.trial import Methods, Work, accuracy_rows, run_trial, trial_steps
from bolus.phantom import CurvePrior
from bolus.physics import RESIDUES

HOME_DT = 1.5


def held_out(design: Design, methods: Methods) -> Work[AccuracyRow]:
    """Accuracy on gamma 1.7 and gamma 6, together and apart, next to their own limit."""
    prior = held_out_prior()
    own = replace(design, prior=prior)

    def rows(steps: Steps) -> tuple[AccuracyRow, ...]:
        trial = run_trial(own, methods, steps, label="held-out residues")
        found = list(accuracy_rows(trial, own.seed, own.snrs))
        for number, name in enumerate(prior.families):
            part = trial.where(trial.residue == number)
            found += accuracy_rows(part, own.seed, own.snrs, residue=name)
        return tuple(found)

    return Work(trial_steps(own, methods), rows)


def home_ground(design: Design, methods: Methods) -> Work[AccuracyRow]:
    """Accuracy where the published network has nothing to get wrong.

    Lorentzian tissue without delay at TR 1.5 s; no limit, for its prior has no width of delay.
    """
    prior = CurvePrior(delay=(0.0, 0.0), families={"lorentzian": (RESIDUES["lorentzian"], None)})
    own = replace(design, prior=prior, dts=(HOME_DT,))

    def rows(steps: Steps) -> tuple[AccuracyRow, ...]:
        trial = run_trial(own, methods, steps, limit=False, label="home ground")
        return tuple(accuracy_rows(trial, own.seed, own.snrs, residue="lorentzian"))

    return Work(trial_steps(own, methods, limit=False), rows)
