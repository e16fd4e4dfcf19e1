"""Maps of a digital patient that are the truth with a little noise."""

from dataclasses import replace
from functools import cache

import numpy as np

from altered import BARE
from bolus.patient import perfusion_maps
from bolus.phantom import simulate_patient


@cache
def patient():
    """A patient with a high-grade tumour, and maps of it without regions."""
    made = simulate_patient(seed=31, tumor="high", shape=(48, 48, 6), frames=40)
    maps = perfusion_maps(made.series, "osvd", preparation=BARE)
    return made, maps


def true_maps(noise=0.1, scale=1.0):
    """The maps with the true CBV, MTT and delay, CBV with relative noise, times a scale."""
    made, maps = patient()
    rng = np.random.default_rng(5)
    cbv = scale * made.truth.cbv * (1 + noise * rng.standard_normal(made.truth.cbv.shape))
    cbv = np.where(maps.mask, cbv, np.nan).astype(np.float32)
    true = {"cbv": cbv, "mtt": made.truth.mtt, "delay": made.truth.delay}
    return replace(maps, volumes={**maps.volumes, **true})
