"""Maps of a small digital patient whose values are known."""

from dataclasses import replace
from functools import cache

import numpy as np

from altered import BARE
from bolus.patient import perfusion_maps
from bolus.phantom import simulate_patient


@cache
def mapped():
    made = simulate_patient(seed=3, tumor="high", shape=(32, 32, 6), frames=40)
    regions = {"tumor": made.masks.tumor, "reference": made.masks.nawm}
    return perfusion_maps(made.series, "osvd", preparation=BARE, regions=regions)


def maps_with(tumor, reference):
    """Maps of one CBV in the tumour and another elsewhere, with an SD of a tenth of it."""
    maps = mapped()
    volume = np.where(maps.rois["tumor"], tumor, reference).astype(float)
    return replace(
        maps,
        volumes={**maps.volumes, "cbv": volume},
        sd={**maps.sd, "cbv": volume / 10},
        measurements=(),
    )
