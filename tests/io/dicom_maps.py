"""Maps with known values on the grid of any series, without estimating anything; for tests."""

import numpy as np

from bolus.data import AIF, QUANTITIES, DSCSeries, FrameWindow, LeakageModel, PerfusionMaps
from bolus.estimators import METHODS, description
from bolus.patient.leakage import find_leakage_model
from bolus.preprocess import prepare

SD = ("cbf", "cbv", "mtt", "tmax", "delay")


def maps_of(
    series: DSCSeries,
    seed: int = 0,
    *,
    method: str = "phae",
    leakage: str | LeakageModel | None = None,
    **more,
) -> PerfusionMaps:
    """Random maps, negative times among them, NaN outside a mask that fills no symmetric shape."""
    rng, shape = np.random.default_rng(seed), series.grid.shape
    i, j, k = np.indices(shape)
    mask = (2 * i + 3 * j + 5 * k > 8) & (i < shape[0] - 1)
    arteries = np.zeros(shape, dtype=bool)
    arteries[2:4, 3, -1] = True
    frames = FrameWindow(first=0, onset=5, stop=series.n_frames)
    curve = np.maximum(0, np.sin(np.linspace(0, 3, series.n_frames)))

    def volume(scale=10.0):
        values = np.where(mask, rng.normal(scale, scale, shape), np.nan).astype(np.float32)
        values[5, 5, 0] = np.nan
        return values

    told = {
        "series": prepare(series, mask, frames=frames),
        "aif": AIF(curve=curve, dt=series.dt, origin="automatic", mask=arteries),
        "method": method,
        "parameters": {},
        "volumes": {
            name: volume(0.01 if name == "k2" else 10.0)
            for name in QUANTITIES
            if leakage or name not in ("cbv_corrected", "k2")
        },
        "quality": np.where(mask, 0, 1).astype(np.uint8),
        "mask": mask,
        "sd": {name: np.abs(volume(1.0)) for name in SD},
        "description": description(METHODS.get(method)),
        "leakage_model": None if leakage is None else find_leakage_model(leakage),
        "tissue": curve,
        "noise": 0.1,
        "seconds": {},
    }
    return PerfusionMaps(**{**told, **more})
