"""Maps of a small head whose late tissue is known."""

from dataclasses import replace

import numpy as np
from findings_cases import mapped

from bolus.data import StrokeThresholds

BLOCK = (slice(6, 14), slice(8, 20), slice(1, 5))
"""A block of late tissue within the brain."""
INNER = (slice(8, 12), slice(10, 16), slice(2, 4))
"""A block within it that is later still, and has little flow."""


def stroke_maps(late=7.0, latest=12.0, sd=None, flow=(60.0, 30.0, 6.0), asked=None, adc=None):
    """Maps with Tmax of 1 s, but ``late`` s in BLOCK and ``latest`` in INNER; flow likewise."""
    maps = mapped()
    shape = maps.grid.shape
    tmax, cbf = np.full(shape, 1.0), np.full(shape, flow[0])
    for block, seconds, slow in ((BLOCK, late, flow[1]), (INNER, latest, flow[2])):
        tmax[block], cbf[block] = seconds, slow
    volumes = {"tmax": tmax, "delay": tmax, "cbf": cbf, "cbv": np.full(shape, 3.0)}
    if adc is not None:
        volumes["adc"] = adc
    known = {} if sd is None else {"tmax": np.full(shape, sd), "cbf": 0.1 * cbf}
    return replace(
        maps,
        method="osvd" if sd is None else "joint",
        mask=np.ones(shape, dtype=bool),
        volumes={**{k: v for k, v in maps.volumes.items() if k != "adc"}, **volumes},
        sd=known,
        rois={},
        measurements=(),
        found={},
        preparation=replace(maps.preparation, stroke=asked or StrokeThresholds()),
    )


def millilitres(maps, *blocks):
    """Volume of blocks within the brain of maps."""
    region = np.zeros(maps.grid.shape, dtype=bool)
    for block in blocks:
        region[block] = True
    return float((region & maps.mask).sum()) * maps.grid.voxel_ml


def numbers(maps):
    """The numbers of maps by measure and region."""
    return {(n.measure, n.region): n for n in maps.measurements}
