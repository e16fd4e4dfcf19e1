"""What a result says of spikes and dropouts."""

import numpy as np

from bolus.data import PerfusionMaps


def spike_facts(maps: PerfusionMaps) -> dict[str, object]:
    """For the summary: spoilt samples, slice by used frame, which were censored.

    Slices and frames are counted from 0, frames in the whole series; ``most`` is the largest share
    of a slice's used frames.
    """
    slices, frames = np.nonzero(maps.series.spoilt)
    return {
        "count": int(slices.size),
        "slices": np.unique(slices).tolist(),
        "frames": (maps.series.frames.first + np.unique(frames)).tolist(),
        "most": float(maps.series.spoilt.mean(axis=1).max()),
    }


def spike_lines(maps: PerfusionMaps) -> list[str]:
    """For the command line; empty where there are none."""
    return [f"spikes and dropouts: {spike_figure(maps)}"] if maps.series.spoilt.any() else []


def spike_figure(maps: PerfusionMaps) -> str:
    """How many, where and when."""
    facts = spike_facts(maps)
    if not facts["count"]:
        return "none"
    where = f"{_listed('slice', facts['slices'])} and {_listed('frame', facts['frames'])}"
    return f"{facts['count']} censored, in {where} counted from 0"


def _listed(name: str, numbers: object) -> str:
    assert isinstance(numbers, list)
    shown = ", ".join(map(str, numbers[:6])) + (", …" if len(numbers) > 6 else "")
    return f"{name}{'' if len(numbers) == 1 else 's'} {shown}"
