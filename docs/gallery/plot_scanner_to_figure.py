"""
5. From a scanner's folder to a figure
======================================

A folder of DICOM images and an outline of the tumour; at the end a figure with the number in it.
"""

# %%
# A folder
# --------
# Yours comes from the scanner or the archive. Here one is made, of a digital patient with a
# high-grade tumour::
#
#     bolus simulate patient -o patient --tumor high --matrix 44,44,7 --frames 45 --dicom
from pathlib import Path
from tempfile import mkdtemp
from textwrap import fill

import matplotlib.pyplot as plt
import numpy as np

import bolus
from bolus.cli import app
from bolus.data import Preparation

work = Path(mkdtemp())
made = f"simulate patient -o {work}/patient --tumor high --matrix 44,44,7 --frames 45 --dicom"
app(f"{made} --quiet".split(), standalone_mode=False)
folder = work / "patient" / "dicom"
print(f"{len(list(folder.rglob('*.dcm')))} files in {folder.name}/")

# %%
# Its maps
# --------
# The tumour's outline is a mask on the series' grid; one on an anatomical image works with
# ``--anatomy``. A reference in normal white matter is found. On the command line::
#
#     bolus maps patient/dicom -o maps --tumor patient/tumor_mask.nii.gz
#
# The digital head holds still, so that motion is not looked for here; yours should be.
series = bolus.read_series(folder)
maps = bolus.perfusion_maps(
    series,
    regions={"tumor": work / "patient" / "tumor_mask.nii.gz"},
    preparation=Preparation(motion=None),
)
print(f"Arterial input: score {maps.aif.quality:.2f}.\n{fill(maps.reference.sentence, 90)}")

# %%
# Every number has a unit, a 90 % interval and a meaning. All of them are a table.
table = maps.numbers_to_dataframe()
print(table[["measure", "value", "low_90", "high_90"]].round(2).head(8).to_string(index=False))

# %%
# The figure
# ----------
# Normalised blood volume, in the radiological convention (the patient's right on the left), with
# the tumour (white) and the reference (cyan) outlined, and the interval of the ratio in the title.
nrcbv = maps.volume("nrcbv")
tumor, reference = maps.rois["tumor"], maps.found.get("reference", maps.rois.get("reference"))
level = int(tumor.sum(axis=(0, 1)).argmax())


def plane(volume):
    """One slice as a radiologist sees it."""
    return maps.grid.to_ras(volume)[::-1, ::-1, level].T


ratio = table.set_index("measure").loc["cbv_ratio"]
figure, axis = plt.subplots(figsize=(5, 4.6), layout="constrained")
image = axis.imshow(plane(np.where(maps.mask, nrcbv, np.nan)), cmap="inferno", vmin=0, vmax=5)
for region, colour in ((tumor, "white"), (reference, "cyan")):
    axis.contour(plane(region.astype(float)), [0.5], colors=colour, linewidths=1)
axis.set_facecolor("black")
axis.set(xticks=[], yticks=[])
axis.set_title(f"tumour {ratio.value:.1f} (90 %: {ratio.low_90:.1f} to {ratio.high_90:.1f})")
figure.colorbar(image, ax=axis, label="CBV over normal white matter", shrink=0.85)
figure.text(0.01, 0.01, "Research use only", fontsize=7)
figure.savefig(work / "figure.pdf")
plt.show()

# %%
# For the methods section of a paper, the page (``maps.save``) has a paragraph of what was done,
# with citations, and ``summary.json`` every setting and checksum.
