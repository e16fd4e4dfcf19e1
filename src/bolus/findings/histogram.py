"""Histogram of the normalised CBV of a tumour, without the spread that noise adds."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from bolus.data import InputError, PerfusionMaps
from bolus.findings.draws import HIGH, LOW, tumor_volume

BIN, TOP = 0.25, 8.0
"""Width of a bin, and where the last one ends; what lies beyond an end is counted in its bin."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Histogram:
    """Shares in % of a tumour's voxels by their normalised CBV.

    ``edges`` (n + 1,) of n bins, ``share`` (n,) expected, and the ends ``low`` and ``high`` (n,) of
    its central 90 %, both None of a method without SDs, whose share is that of the map.
    """

    edges: Float[np.ndarray, " edges"]
    share: Float[np.ndarray, " n"]
    low: Float[np.ndarray, " n"] | None
    high: Float[np.ndarray, " n"] | None

    def as_json(self) -> dict[str, object]:
        """For the summary, to four decimals."""
        return {
            "edges": _plain(self.edges),
            "share": _plain(self.share),
            "low_90": None if self.low is None else _plain(self.low),
            "high_90": None if self.high is None else _plain(self.high),
        }


def tumor_histogram(maps: PerfusionMaps) -> Histogram | None:
    """The histogram of the numbers of the tumour burden: means over the same draws.

    None where there is no tumour or reference, or regions that give no ratio.
    """
    if not {"tumor", "reference"} <= maps.rois.keys():
        return None
    try:
        volume = tumor_volume(maps)
    except InputError:
        return None
    edges = np.arange(0.0, TOP + BIN / 2, BIN)
    if volume.sd is None:
        return Histogram(edges=edges, share=_shares(volume.values, edges), low=None, high=None)
    drawn = np.array([_shares(values, edges) for values in volume.draws()])
    share, (low, high) = drawn.mean(axis=0), np.quantile(drawn, [LOW, HIGH], axis=0)
    return Histogram(
        edges=edges, share=share, low=np.minimum(low, share), high=np.maximum(high, share)
    )


def _shares(
    values: Float[np.ndarray, " m"], edges: Float[np.ndarray, " edges"]
) -> Float[np.ndarray, " n"]:
    inside = np.clip(values, edges[0], np.nextafter(edges[-1], 0))
    return np.asarray(100 * np.histogram(inside, edges)[0] / values.size)


def _plain(values: Float[np.ndarray, " n"]) -> list[float]:
    return [round(float(value), 4) for value in values]
