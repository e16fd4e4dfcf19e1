"""Where a stroke is: late tissue, low flow and infarct core, by thresholds."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.ndimage import distance_transform_edt

from bolus.data import PerfusionMaps, StrokeThresholds
from bolus.findings.components import without_small

BLOODLESS = 0.1
"""Share of the median CBV of normal brain below which a voxel holds fluid, and is not counted."""
VESSEL = 2.0
"""Times the median CBV of the brain above which a voxel is taken for a vessel's.

What it shows is the vessel's time and flow: of simulated strokes at SNR 50 most of the late tissue
that was missed lay around the middle cerebral artery.
"""
DRAWN = {"joint": 10.0}
"""s: late tissue is drawn to normal brain by a share of SD over so much, by method.

A prior that most of the brain agrees with draws late tissue to it, the more the later it is and the
less its curve says. In 33 simulated strokes (seeds 1500 and on; SNR 50, 20 and 10) the true time of
a voxel lay above that of ``joint`` by 0.15, 0.3, 0.5, 0.75 and 1.0 of its SDs in the median where
it was 3, 5, 7, 9 and 12 s, at any SNR: by a tenth of an SD for every second that it is later than
normal brain. Methods that are not named are taken as they are.
"""
LOST = {"joint": 0.05}
"""What the logarithm of the flow of late tissue is too low by against that of normal brain.

In 120 simulated strokes (seeds 1300 and on) by 0.05 to 0.09 in levels of 4 to 10 s, at SNR 50, 20
and 10; with more than this volumes at SNR 10 are too small.
"""
MOST = 0.5
"""Largest such share."""
Mask = Bool[np.ndarray, "x y z"]


@dataclass(frozen=True, eq=False)
class Extent:
    """The regions of a stroke in maps, by ``thresholds``.

    Counted is brain with a time, and with blood: fluid has none. Normal is what is less late than
    the threshold of normal brain. Tissue in a vessel's voxel is taken to be as the nearest that is
    in none.
    """

    maps: PerfusionMaps
    thresholds: StrokeThresholds

    @cached_property
    def own(self) -> Float[np.ndarray, "x y z"]:
        """Tmax or delay of tissue in s as the map has it; −inf where there is none."""
        own = self.tissue(self.maps.volumes[self.thresholds.map])
        return np.where(self.maps.mask & np.isfinite(own), own, -np.inf)

    def tissue(self, volume: Float[np.ndarray, "x y z"]) -> Float[np.ndarray, "x y z"]:
        """A map with the values of tissue where vessels are."""
        return volume[self._nearest]

    @cached_property
    def _nearest(self) -> tuple[Int[np.ndarray, "x y z"], ...]:
        """Of every voxel where the nearest of tissue is: itself, unless it is a vessel's."""
        volume, times = self.maps.cbv, self.maps.volumes[self.thresholds.map]
        known = self.maps.mask & np.isfinite(volume) & np.isfinite(times)
        usual = _median(volume[known])
        vessel = known & (usual > 0) & (volume > VESSEL * usual)
        own = np.indices(known.shape)
        if not vessel.any():
            return tuple(own)
        size = self.maps.grid.voxel_size
        near = distance_transform_edt(
            ~(known & ~vessel), size, return_distances=False, return_indices=True
        )
        return tuple(np.where(vessel, near, own))

    @cached_property
    def drawn(self) -> Float[np.ndarray, "x y z"]:
        """By how many s a time is drawn to the median m of normal brain: (t − m)·s/(1 − s).

        The share s is the SD over DRAWN; 0 where there is no time or no SD.
        """
        sd, scale = self.sd, DRAWN.get(self.maps.method)
        known = np.isfinite(self.own)
        usual = _median(self.own[known & (self.own < self.thresholds.normal)])
        if sd is None or scale is None or math.isnan(usual):
            return np.zeros(known.shape)
        share = np.clip(np.nan_to_num(sd) / scale, 0, MOST)
        return np.where(known, self.own - usual, 0.0) * share / (1 - share)

    @cached_property
    def sd(self) -> Float[np.ndarray, "x y z"] | None:
        """SD of the map's times in s; None where it has none."""
        sd = self.maps.sd.get(self.thresholds.map)
        return None if sd is None else self.tissue(sd)

    @cached_property
    def times(self) -> Float[np.ndarray, "x y z"]:
        """Tmax or delay in s, no longer drawn to normal brain; −inf where there is none."""
        return self.own + self.drawn

    @cached_property
    def normal(self) -> Mask:
        """Brain that is not late."""
        return np.isfinite(self.times) & (self.times < self.thresholds.normal)

    @cached_property
    def counted(self) -> Mask:
        """Brain with a time and with blood."""
        volume = self.maps.cbv
        usual = _median(volume[self.normal])
        with np.errstate(invalid="ignore"):
            return np.isfinite(self.times) & ~(volume < BLOODLESS * usual)

    @cached_property
    def flow(self) -> Float[np.ndarray, "x y z"]:
        """CBF in % of the median of normal brain, infinite where there is none.

        That of late tissue is without what it is too low by (LOST), where it has SDs.
        """
        lost = LOST.get(self.maps.method, 0.0) if "cbf" in self.maps.sd else 0.0
        late = np.where(self.normal, 1.0, math.exp(lost))
        with np.errstate(invalid="ignore"):
            flow = self.tissue(self.maps.cbf)
            usual = _median(flow[self.normal & self.counted])
            share = 100 * late * flow / usual
        return np.where(np.isfinite(share), share, np.inf)

    @property
    def late(self) -> dict[float, Mask]:
        """Late tissue by threshold in s."""
        return self.late_at(self.times)

    @property
    def low_flow(self) -> dict[float, Mask]:
        """Late tissue of low flow by threshold in %."""
        return self.low_flow_at(self.times, self.flow)

    @property
    def core(self) -> Mask | None:
        """The core by diffusion, None without."""
        adc = self.maps.volumes.get("adc")
        return None if adc is None else self.core_at(adc)

    def late_at(self, times: Float[np.ndarray, "x y z"]) -> dict[float, Mask]:
        """Late tissue by threshold, were the times these."""
        return {s: self._clusters(self.counted & (times > s)) for s in self.thresholds.late}

    def low_flow_at(
        self, times: Float[np.ndarray, "x y z"], flow: Float[np.ndarray, "x y z"]
    ) -> dict[float, Mask]:
        """Low flow by threshold, were times and flow these."""
        late = self.counted & (times > self.thresholds.critical)
        return {p: self._clusters(late & (flow < p)) for p in self.thresholds.low_flow}

    def core_at(self, adc: Float[np.ndarray, "x y z"]) -> Mask:
        """The core, were diffusion this; 0 is no measurement."""
        with np.errstate(invalid="ignore"):
            dead = self.maps.mask & (adc > 0) & (adc < self.thresholds.adc)
        return self._clusters(dead)

    def millilitres(self, region: Mask) -> float:
        """Its volume."""
        return float(region.sum()) * self.maps.grid.voxel_ml

    def _clusters(self, region: Mask) -> Mask:
        return without_small(region, self.maps.grid.voxel_ml, self.thresholds.cluster)


def _median(values: Float[np.ndarray, " n"]) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else math.nan
