"""Training: one loop for every network, on one process or several."""

from bolus.learning.loop import fit
from bolus.learning.processes import Group, joined
from bolus.learning.recipe import History, Recipe, Task
from bolus.learning.voxels import PatientVoxels, write_voxels

__all__ = [
    "Group",
    "History",
    "PatientVoxels",
    "Recipe",
    "Task",
    "fit",
    "joined",
    "write_voxels",
]
