"""
3. Train on your own data
=========================

``phae`` is trained on tissue of all kinds. A cohort's tissue is less varied, and that can be
learned from its curves, without labels and without a truth.
"""

# %%
# A cohort
# --------
# Seven simulated patients; yours are NIfTI files or DICOM folders. One is set aside here, for a
# look at the truth that real patients do not have.
from pathlib import Path
from tempfile import mkdtemp
from textwrap import fill

import matplotlib.pyplot as plt
import numpy as np

import bolus
from bolus.data import Preparation
from bolus.io import read_map
from bolus.io.cohort import read_participants
from bolus.learning import Sample, train
from bolus.learning.phae.adapt import AdaptRecipe
from bolus.phantom import simulate_cohort

work = Path(mkdtemp())
simulate_cohort(work / "cohort", low=3, high=4, seed=3, protocol="3T", size=(32, 32, 4, 36), jobs=1)
*cohort, aside = read_participants(work / "cohort")

# %%
# Training
# --------
# On the command line this is ``bolus train 'cohort/*.nii.gz' -o ours.safetensors``. A third of the
# patients is held out: the result is kept only if their curves are explained better by what the
# others taught. The recipe here is very small, so that this page takes seconds; leave it away, and
# the preparation, too: these heads hold still, so that motion need not be looked for.
tiny = AdaptRecipe(scans=8, held_out=3, voxels=512, epochs=3)
still = Preparation(motion=None)
made = train(
    work / "ours.safetensors",
    [one.series for one in cohort],
    recipe=tiny,
    sample=Sample(voxels=400, validation=0.34, preparation=still),
)
for line in made.lines():
    print(fill(line, 90))

# %%
# Using the result
# ----------------
# ``bolus maps --weights ours.safetensors``, or from Python:
ours = bolus.from_weights(bolus.read_weights(work / "ours.safetensors"))
series = bolus.read_series(aside.series)
given = {"aif": aside.masks["aif"], "mask": aside.masks["brain"], "preparation": still}
before = bolus.perfusion_maps(series, "phae", **given)
after = bolus.perfusion_maps(series, ours, **given)
truth = {name: read_map(aside.truth[name])[0] for name in ("cbf", "mtt")}

known = (before.quality == 0) & (truth["cbf"] > 5)
for name, maps in {"as shipped": before, "after": after}.items():
    error = np.abs(np.log(maps.cbf[known] / truth["cbf"][known])).mean()
    sure = np.median(maps.sd["cbf"][known] / maps.cbf[known])
    print(f"{name:10}: mean |ln(CBF/true)| {error:.2f}, typical SD {100 * sure:.0f} % of CBF")


def plane(volume, level=3):
    """One slice as a radiologist sees it; black outside the brain."""
    return before.grid.to_ras(np.where(before.mask, volume, np.nan))[::-1, ::-1, level].T


figure, axes = plt.subplots(1, 3, figsize=(10, 3.7), layout="constrained")
columns = {"truth": truth["mtt"], "phae as shipped": before.mtt, "after training": after.mtt}
for axis, (name, volume) in zip(axes, columns.items(), strict=True):
    image = axis.imshow(plane(volume), cmap="viridis", vmin=0, vmax=12)
    axis.set_facecolor("black")
    axis.set(xticks=[], yticks=[], title=name)
figure.colorbar(image, ax=axes, label="MTT, s", extend="max", shrink=0.9)
plt.show()

# %%
# What was learned
# ----------------
# The network was not fitted to these curves. What they taught is how transit times, delays and
# shapes are distributed in this cohort; the network was then trained on simulated curves of that
# population.
from bolus.learning.phae.population import GRID, broad_population

edges = GRID.mtt_edges
middle, width = np.sqrt(edges[1:] * edges[:-1]), np.diff(np.log(edges))
figure, axis = plt.subplots(figsize=(6.5, 3.4), layout="constrained")
populations = {"known before": broad_population(), "learned": made.adapted.population}
for name, population in populations.items():
    density = population.share.sum(axis=(0, 2)) / width
    axis.step(middle, density, where="mid", label=name)
counts, _ = np.histogram(truth["mtt"][known], edges)
axis.fill_between(
    middle,
    counts / counts.sum() / width,
    step="mid",
    alpha=0.25,
    color="grey",
    label="true, patient set aside",
)
axis.set(xscale="log", xlabel="MTT, s", ylabel="density of ln MTT", ylim=(0, None))
axis.set_xticks([1, 2, 5, 10, 20], ["1", "2", "5", "10", "20"])
axis.legend(frameon=False)
axis.spines[["top", "right"]].set_visible(False)
plt.show()
