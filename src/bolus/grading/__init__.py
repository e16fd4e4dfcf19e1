"""Tumour over reference, cut-offs, and how well a score tells high from low grade.

High grade is positive; a patient is called positive if score >= cut-off.
"""

from bolus.grading.bootstrap import RESAMPLES, Spread, bootstrap
from bolus.grading.cutoff import CUTOFFS, Cutoff, find_cutoff, read_cutoff
from bolus.grading.delong import Area, Comparison, compare, delong
from bolus.grading.patient import MAPS, Grade, grade_maps
from bolus.grading.ratio import (
    MIN_VOXELS,
    Region,
    RoiRatio,
    compared,
    hotspot,
    region,
    roi_ratio,
)
from bolus.grading.roc import (
    Accuracy,
    Curve,
    accuracy_at,
    auc,
    curve,
    leave_one_out,
    wilson,
    youden,
)
from bolus.grading.statistics import Roc, grade_statistics, mann_whitney
from bolus.grading.verdict import Verdict, judge
from bolus.grading.voxels import SHARED, Shared, Voxels, shared_by, voxels_of

__all__ = [
    "CUTOFFS",
    "MAPS",
    "MIN_VOXELS",
    "RESAMPLES",
    "SHARED",
    "Accuracy",
    "Area",
    "Comparison",
    "Curve",
    "Cutoff",
    "Grade",
    "Region",
    "Roc",
    "RoiRatio",
    "Shared",
    "Spread",
    "Verdict",
    "Voxels",
    "accuracy_at",
    "auc",
    "bootstrap",
    "compare",
    "compared",
    "curve",
    "delong",
    "find_cutoff",
    "grade_maps",
    "grade_statistics",
    "hotspot",
    "judge",
    "leave_one_out",
    "mann_whitney",
    "read_cutoff",
    "region",
    "roi_ratio",
    "shared_by",
    "voxels_of",
    "wilson",
    "youden",
]
