"""Maps of many series at once: lists and BIDS datasets in, results and one page over all out."""

from bolus.batch.inputs import Input, find_inputs, is_many
from bolus.batch.outcome import Outcome
from bolus.batch.run import Batch, map_all
from bolus.batch.work import map_one

__all__ = ["Batch", "Input", "Outcome", "find_inputs", "is_many", "map_all", "map_one"]
