"""
2. Reading uncertainty maps
===========================

``phae`` says of every voxel how far its value may be off. When that holds, and when it does not.
"""

# %%
# The same head twice
# -------------------
# Once with little noise, once with much. The maps look alike; how sure they are does not. (The head
# holds still, so that motion need not be looked for.)
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np

import bolus
from bolus.data import Preparation

heads = {
    snr: bolus.simulate_patient(seed=2, shape=(48, 48, 6), snr=snr, tumor="high")
    for snr in (100, 25)
}
results = {
    snr: bolus.perfusion_maps(
        head.series, aif=head.masks.aif, mask=head.masks.brain, preparation=Preparation(motion=None)
    )
    for snr, head in heads.items()
}


def plane(maps, volume, level=4):
    """One slice as a radiologist sees it; black outside the brain."""
    return maps.grid.to_ras(np.where(maps.mask, volume, np.nan))[::-1, ::-1, level].T


figure, axes = plt.subplots(2, 3, figsize=(10, 6.4), layout="constrained")
for row, (snr, maps) in zip(axes, results.items(), strict=True):
    shown = {
        "CBF, mL/100 g/min": (maps.cbf, "inferno", 100),
        "SD of CBF, % of it": (100 * maps.sd["cbf"] / maps.cbf, "cividis", 100),
        "misfit": (maps.misfit, "magma", 4),
    }
    for axis, (name, (volume, colours, high)) in zip(row, shown.items(), strict=True):
        image = axis.imshow(plane(maps, volume), cmap=colours, vmin=0, vmax=high)
        axis.set_facecolor("black")
        axis.set(xticks=[], yticks=[], title=name)
        figure.colorbar(image, ax=axis, extend="max", shrink=0.85)
    row[0].set_ylabel(f"SNR {snr}", fontsize=12)
plt.show()

# %%
# Does it hold?
# -------------
# The SD is half the width of the central 68 % interval, so about two voxels in three should lie
# within one SD of the truth. Here the truth is known, and the arterial voxels were given; but they
# too hold an error, a common factor that no voxel's SD knows. It is taken off before counting.


def within(maps, head, where):
    """Share in % of some voxels whose true flow is within one SD, common factor taken off."""
    factor = np.median(maps.cbf[where] / head.truth.cbf[where])
    error = np.abs(maps.cbf[where] / factor - head.truth.cbf[where])
    return 100 * np.mean(error <= maps.sd["cbf"][where] / factor)


for snr, maps in results.items():
    head = heads[snr]
    tissue = (head.masks.grey | head.masks.white) & (maps.quality == 0)
    share = np.median(maps.sd["cbf"][tissue] / maps.cbf[tissue])
    print(
        f"SNR {snr:3}: typical SD {100 * share:.0f} % of CBF, within one SD "
        f"{within(maps, head, tissue):.0f} % of {tissue.sum()} voxels"
    )

# %%
# That is more than promised. The SDs are made for tissue of all kinds, from fast vessels to tissue
# behind a narrowed artery, and healthy tissue lies in the middle. Training on a cohort makes them
# narrower.
#
# Where it promises too much
# --------------------------
# An SD holds under the model. In a voxel that holds something else, such as a vessel, a leaking
# tumour or motion, the curve is not explained, and the misfit rises above 1. So the two are read
# together: the SD says how sure, the misfit says whether to believe that.
maps, head = results[100], heads[100]
known = np.isfinite(maps.misfit) & np.isfinite(head.truth.cbf) & (head.truth.cbf > 1)
edges = [0, 1.25, 2, np.inf]
shares, counts, names = [], [], []
for low, high in pairwise(edges):
    here = known & (maps.misfit >= low) & (maps.misfit < high)
    shares.append(within(maps, head, here))
    counts.append(int(here.sum()))
    names.append(f"{low:g}–{high:g}" if np.isfinite(high) else f"over {low:g}")

figure, axis = plt.subplots(figsize=(6, 3.4), layout="constrained")
bars = axis.bar(names, shares, color=["#2a7f9e", "#c9a24b", "#b5533c"])
axis.bar_label(bars, [f"{n} voxels" for n in counts], padding=2, fontsize=9)
axis.axhline(68.3, color="black", linestyle="--", linewidth=1, label="promised")
axis.set(xlabel="misfit", ylabel="true flow within one SD, %", ylim=(0, 100))
axis.legend(frameon=False)
axis.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# Where are they?
odd = known & (maps.misfit > 2)
touching = head.masks.vessels | head.masks.tumor
print(f"{odd.sum()} voxels with a misfit over 2")
for name, voxels in {"these": odd, "all": known}.items():
    print(f"of {name}, {100 * touching[voxels].mean():.0f} % touch a large vessel or the tumour")

# %%
# Leave such voxels out before averaging a region, and look at the arterial input when there are
# many. At high SNR a small flaw of the model is a large misfit; so the quality map's bit for a poor
# fit also asks that the residual be over 15 % of the curve.
