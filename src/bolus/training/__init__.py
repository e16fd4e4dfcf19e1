"""Training on a cohort, from Python: what ``bolus train`` does."""

from bolus.training.cohort import Cohort, Skipped, read_cohort
from bolus.training.run import Training, train
from bolus.training.sample import Sample
from bolus.training.sources import Source, find_sources

__all__ = [
    "Cohort",
    "Sample",
    "Skipped",
    "Source",
    "Training",
    "find_sources",
    "read_cohort",
    "train",
]
