"""
1. One patient
==============

From a series to perfusion maps, and whether to trust them.
"""

# sphinx_gallery_thumbnail_number = 2

# %%
# A series
# --------
# Here it is simulated, with a high-grade tumour; yours comes from
# ``bolus.read_series("dsc.nii.gz")`` or from a DICOM folder. The signal is (x, y, z, time), and
# times are in seconds everywhere.
from pathlib import Path
from tempfile import mkdtemp
from textwrap import fill

import matplotlib.pyplot as plt
import numpy as np

import bolus
from bolus.report import closing_lines

patient = bolus.simulate_patient(seed=4, shape=(40, 40, 7), frames=34, snr=60, tumor="high")
series = patient.series
print(f"{series.signal.shape} voxels and frames, TR {series.dt} s, TE {series.te} s")

# %%
# Its maps
# --------
# One call finds the steady state, the bolus, the brain and the arteries, and deconvolves. A tumour
# mask makes it correct for contrast agent that leaks.
maps = bolus.perfusion_maps(series, regions={"tumor": patient.masks.tumor})
for line in closing_lines(maps):
    print(fill(line, 90))

# %%
# ``save`` writes everything into one folder: maps with sidecars, masks, arterial input, a page and
# a picture. ``save_bids`` does so under BIDS names.
folder = maps.save(Path(mkdtemp()) / "maps")
print(fill(" ".join(sorted(path.name for path in folder.iterdir())), 90))


def show(path):
    """A picture as it is, pixel by pixel."""
    picture = plt.imread(path)
    height, width = picture.shape[:2]
    plt.figure(figsize=(width / 100, height / 100), dpi=100).add_axes((0, 0, 1, 1)).axis("off")
    plt.imshow(picture, interpolation="nearest")
    plt.show()


show(folder / "overview.png")

# %%
# Read the first two panels first: is the arterial input early, high and narrow, and do its voxels
# lie in vessels? What is wrong there is wrong in all maps. Then the misfit: about 1 where the model
# explains the curve down to its noise, 2 and more where something else is in the voxel.
#
# Against the truth
# -----------------
# A simulated patient knows its own. Absolute flow depends on the arterial input, and the arteries
# of this coarse head fill few voxels, whose peak is lost in noise. The tissue in them is taken off:
tissue = patient.masks.grey | patient.masks.white
factor = np.nanmedian(maps.cbf[tissue] / patient.truth.cbf[tissue])
print(f"arterial peak: true {patient.aif.max():.0f} 1/s, measured {maps.aif.curve.max():.0f} 1/s")
print(f"CBF over the true one in healthy tissue, median: {factor:.2f}")

# %%
# The factor is the same everywhere, so it cancels in a ratio to normal white matter. That is why
# ratios are safer than absolute flow.
tumor, normal = patient.masks.tumor, patient.masks.nawm
ratios = {
    name: volume / np.nanmean(volume[normal])
    for name, volume in {"truth": patient.truth.cbf, maps.method: maps.cbf}.items()
}
for name, ratio in ratios.items():
    print(f"{name:5}: flow of the tumour over white matter {np.nanmean(ratio[tumor]):.2f}")


def plane(volume, level=4):
    """One slice as a radiologist sees it: the patient's right on the left; empty outside."""
    return maps.grid.to_ras(np.where(maps.mask, volume, np.nan))[::-1, ::-1, level].T


figure, axes = plt.subplots(
    1, 3, figsize=(10.5, 3.6), layout="constrained", width_ratios=(1, 1, 0.9)
)
for axis, (name, ratio) in zip(axes, ratios.items(), strict=False):
    image = axis.imshow(plane(ratio), cmap="inferno", vmin=0, vmax=4)
    axis.contour(plane(tumor.astype(float)), [0.5], colors="white", linewidths=1)
    axis.set_facecolor("black")
    axis.set(xticks=[], yticks=[], title=name)
figure.colorbar(image, ax=axes[:2], label="CBF over white matter", extend="max", shrink=0.85)
x, y = (ratio[tissue] for ratio in ratios.values())
axes[2].scatter(x, y, s=4, alpha=0.25, linewidths=0)
axes[2].axline((0, 0), slope=1, color="black", linewidth=1)
axes[2].set(xlim=(0, 4), ylim=(0, 4), xlabel="true ratio", ylabel=f"ratio by {maps.method}")
axes[2].spines[["top", "right"]].set_visible(False)
plt.show()
