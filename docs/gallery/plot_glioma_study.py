"""
4. The glioma study
===================

Tumour over white matter, held against the grade, by several methods and with noise added: what the
publication of the autoencoder did, for any cohort.
"""

# sphinx_gallery_thumbnail_number = 2

# %%
# A cohort and its study
# ----------------------
# Eight simulated patients, four of each grade; a cohort of your own is laid out alike. On the
# command line: ``bolus simulate cohort -o cohort`` and ``bolus study cohort -o results``.
import math
from pathlib import Path
from tempfile import mkdtemp

import matplotlib.pyplot as plt

from bolus.phantom import simulate_cohort
from bolus.study import StudySettings, run_study

work = Path(mkdtemp())
simulate_cohort(work / "cohort", low=4, high=4, seed=1, protocol="3T", size=(32, 32, 4, 36), jobs=1)
settings = StudySettings(methods=("phae", "osvd", "tikhonov"), snrs=(math.inf, 20), resamples=500)
study = run_study(work / "cohort", work / "results", settings=settings, jobs=1)
print(f"{len(study.participants)} patients, {len(study.failed)} of whom could not be used")

# %%
# The table
# ---------
# ``truth`` is the true ratio, which simulated patients know: no method tells grades apart better
# than that but by chance or by a bias that happens to help.
print(f"{'method':10} {'noise':>6} {'AUC (95 % interval)':>22} {'cut-off':>8} {'error':>6}")
for row in study.table:
    low, high = row.roc.auc_ci
    auc = f"{row.roc.auc:.2f} ({low:.2f} to {high:.2f})"
    print(f"{row.method:10} {row.snr:>6} {auc:>22} {row.roc.cutoff:8.2f} {row.error:6.2f}")

# %%
# ``error`` is the mean \|ln(ratio/true ratio)\|. With eight patients the intervals are wide, and
# the cut-offs differ between the methods: a cut-off belongs to its method and its cohort.
#
# The figures
# -----------
# The folder holds the table, the figures, one page and the maps.


def show(path):
    """A picture as it is, pixel by pixel."""
    picture = plt.imread(path)
    height, width = picture.shape[:2]
    plt.figure(figsize=(width / 100, height / 100), dpi=100).add_axes((0, 0, 1, 1)).axis("off")
    plt.imshow(picture, interpolation="nearest")
    plt.show()


show(work / "results" / "figure-grading.png")

# %%
# Every point is a patient. Below, flow and transit time of a patient of each grade.
show(work / "results" / "figure-maps.png")

# %%
# What larger cohorts tell is in :doc:`the study's own page </study>`.
