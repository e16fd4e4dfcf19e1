"""
6. The numbers of a tumour
==========================

Blood volume against normal tissue, with intervals, and beside the truth. Research software, not a
medical device.
"""

# %%
# A tumour, and no reference
# --------------------------
# The patient is simulated, so that the truth is known; the tumour leaks. Only its mask is given:
# leakage is then corrected, and a reference of normal white matter is looked for opposite it.
import matplotlib.pyplot as plt
import numpy as np

import bolus
from bolus.data import Preparation
from bolus.findings.histogram import tumor_histogram

patient = bolus.simulate_patient(seed=2205, shape=(48, 48, 8), frames=60, snr=50, tumor="high")
maps = bolus.perfusion_maps(
    patient.series,
    "joint",
    regions={"tumor": patient.masks.tumor},
    preparation=Preparation(motion=None),
)
print(maps.reference.sentence)

# %%
# The numbers
# -----------
# Each has a central 90 % interval. The true ones come of the true map of CBV over its mean in the
# true white matter.
true = patient.truth.cbv / np.nanmean(patient.truth.cbv[patient.masks.nawm])
inside = true[maps.rois["tumor"] & np.isfinite(maps.volumes["cbv_corrected"])]
burden = maps.preparation.burden
known = {
    "cbv_ratio": inside.mean(),
    "cbv_ratio_median": np.median(inside),
    "cbv_ratio_p95": np.quantile(inside, 0.95),
    "burden_low": 100 * np.mean(inside < burden.low),
    "burden_high": 100 * np.mean(inside > burden.high),
}
for number in maps.measurements:
    if number.measure in known and number.interval is not None:
        low, high = number.interval
        print(
            f"{number.measure:17} {number.value:6.2f}  ({low:.2f} to {high:.2f})"
            f"   true {known[number.measure]:.2f}"
        )

# %%
# Its histogram
# -------------
# The share of the tumour's voxels by normalised CBV. Noise alone would widen it: so it is the mean
# over what the voxels may truly be, by their SDs. Between the dashed thresholds no class is told.
histogram = tumor_histogram(maps)
middle = (histogram.edges[:-1] + histogram.edges[1:]) / 2
counts = 100 * np.histogram(np.clip(inside, 0, 7.99), histogram.edges)[0] / inside.size
shown = middle < 6

figure, axis = plt.subplots(figsize=(7, 3.4), layout="constrained")
axis.bar(middle[shown], histogram.share[shown], width=0.22, color="#2a7f9e", label="expected")
axis.vlines(
    middle[shown], histogram.low[shown], histogram.high[shown], color="black", linewidth=1,
    label="90 % interval",
)  # fmt: skip
axis.step(middle[shown], counts[shown], where="mid", color="#b5533c", label="true")
for limit in (burden.low, burden.high):
    axis.axvline(limit, color="black", linestyle="--", linewidth=1)
axis.set(xlabel="CBV over that of the reference", ylabel="share of the tumour, %")
axis.legend(frameon=False)
axis.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# What was measured on many patients stands on the page *Numbers of tumours*; two dates of one
# patient are compared by ``bolus compare``.
