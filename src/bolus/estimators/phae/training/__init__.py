"""Training: one loop for every network, on one process or several."""

from bolus.estimators.phae.training.loop import fit
from bolus.estimators.phae.training.processes import Group, joined
from bolus.estimators.phae.training.recipe import History, Recipe, Task
from bolus.estimators.phae.training.voxels import PatientVoxels, write_voxels

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
