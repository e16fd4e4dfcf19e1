"""Two dates of one patient: what changed, and the probability that it is real."""

from bolus.followup.compare import Comparison, compare_maps

__all__ = ["Comparison", "compare_maps"]
