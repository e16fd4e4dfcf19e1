"""Whole brains: what a method makes of tissue and lesions in each, next to what is possible."""

from bolus.bench.brain.cases import CASES, Case, by_population, edges, late_sides, one_at_a_time
from bolus.bench.brain.page import brain_page
from bolus.bench.brain.run import Brains, run_brains

__all__ = [
    "CASES",
    "Brains",
    "Case",
    "brain_page",
    "by_population",
    "edges",
    "late_sides",
    "one_at_a_time",
    "run_brains",
]
