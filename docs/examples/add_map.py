"""A map of one's own: one entry in the list, one formula, one line where maps are made."""

from dataclasses import replace
from tempfile import TemporaryDirectory

import numpy as np

from bolus import perfusion_maps
from bolus.data import QUANTITIES, Preparation, Quantity
from bolus.data.codes import PRIVATE, Concept
from bolus.data.display import Display, FromZero
from bolus.data.quantities import RATE, Ratio
from bolus.phantom import simulate_patient

# The entry; in the package it stands in data/quantities.py.
QUANTITIES["peak"] = Quantity(
    name="peak",
    title="Peak",
    meaning="Highest change of R2* during the bolus",
    definition="Maximum over time of the change of R2*",
    unit=RATE,
    code=Concept("peak", PRIVATE, "Maximum of the change of R2*"),
    display=Display("inferno", FromZero(3)),
    estimated=False,  # it is read off the signal, by no method
    corrected=False,  # and without correction of leakage
    timed=True,
    ratio=Ratio.PLAIN,
)


def peak_height(signal, baseline, te):
    """The formula, (n,); in the package it stands in physics/."""
    return -np.log(signal.min(axis=1) / signal[:, :baseline].mean(axis=1)) / te


patient = simulate_patient(seed=1, shape=(32, 32, 4))
regions = {"tumor": patient.masks.tumor, "reference": patient.masks.nawm}
maps = perfusion_maps(patient.series, "osvd", preparation=Preparation(motion=None), regions=regions)

# The line; in the package it stands in quantify (patient/quantify.py).
frames = maps.series.frames
used = maps.series.signal[..., frames.used][maps.mask]
height = np.full(maps.mask.shape, np.nan, dtype=np.float32)
height[maps.mask] = peak_height(used, frames.onset - frames.first, maps.series.te)
maps = replace(maps, volumes={**maps.volumes, "peak": height})

# The rest follows: file, sidecar, summary, page, ratio, DICOM, BIDS, viewer.
with TemporaryDirectory() as folder:
    out = maps.save(f"{folder}/maps")
    files = sorted(path.name for path in out.glob("peak*"))
    page = (out / "report.html").read_text(encoding="utf-8")

print("files", files)
print("unit ", maps.unit("peak").printed, "range", maps.display_range("peak"))
