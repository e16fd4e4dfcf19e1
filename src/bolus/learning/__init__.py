"""Training of the networks, on a cohort or on simulation: what ``bolus train`` does."""

from bolus.learning.cohort import Cohort, Skipped, read_cohort
from bolus.learning.judgement import Judge, Judged
from bolus.learning.outcome import Training
from bolus.learning.run import train
from bolus.learning.sample import Sample
from bolus.learning.sources import Source, find_sources

__all__ = [
    "Cohort",
    "Judge",
    "Judged",
    "Sample",
    "Skipped",
    "Source",
    "Training",
    "find_sources",
    "read_cohort",
    "train",
]
