"""What the page shows at one time: a series, its curves, and the maps made of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8

from bolus.data import AIF, Anatomy, PerfusionMaps, Preparation, PreparedSeries, TissueCurves
from bolus.estimators import Explainer, PatientExplainer
from bolus.patient import REGIONS, Measured, PatientMaps

TUMOR_OF_MAPS = "tumor_of_maps.nii.gz"
"""The tumour that maps were made with, beside them once another has been drawn."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Result:
    """Maps, what they were made of, and the method ready to explain any voxel of them.

    ``explain`` is None for a method that does not tell how it explains a curve.
    """

    measured: Measured
    maps: PatientMaps
    explain: Explainer | PatientExplainer | None

    @property
    def aif(self) -> AIF:
        """The arterial input of the maps."""
        return self.maps.aif

    @property
    def explained(self) -> TissueCurves:
        """The curves that the maps come from: corrected for leakage, where that was asked for."""
        return self.measured.corrected or self.measured.curves


@dataclass(frozen=True, kw_only=True, eq=False)
class View:
    """A prepared series with its curves; ``result`` is None until an arterial input is chosen.

    ``regions`` are masks (x, y, z) by name in REGIONS; ``preparation`` is how the series was
    prepared, and how leakage is corrected; ``version`` grows with every result; ``anatomies``
    are the images that the series is registered to.
    """

    series: PreparedSeries
    curves: TissueCurves
    result: Result | None
    regions: Mapping[str, Bool[np.ndarray, "x y z"]]
    preparation: Preparation
    version: int = 0
    anatomies: tuple[Anatomy, ...] = ()

    @cached_property
    def brain(self) -> Bool[np.ndarray, "x y z"]:
        """Voxels that have a curve."""
        return self.series.mask

    @cached_property
    def rows(self) -> Int[np.ndarray, "x y z"]:
        """Row of every voxel in the curves, −1 outside the brain."""
        rows = np.full(self.brain.shape, -1)
        rows[self.brain] = np.arange(int(self.brain.sum()))
        return rows

    @cached_property
    def baseline(self) -> Float[np.ndarray, "x y z"]:
        """Mean image before the bolus, in scanner units."""
        return self.series.baseline

    @cached_property
    def peak(self) -> Float[np.ndarray, "x y z"]:
        """Highest concentration of every voxel; arteries stand out in it."""
        return self._spread(self.curves.curves.max(axis=1))

    @cached_property
    def ttp(self) -> Float[np.ndarray, "x y z"]:
        """Time to peak in s of every voxel."""
        return self._spread(self.curves.ttp)

    @property
    def maps(self) -> PerfusionMaps | None:
        """The maps, where there are any yet."""
        return None if self.result is None else self.result.maps

    @property
    def found(self) -> Mapping[str, Bool[np.ndarray, "x y z"]]:
        """Regions that were found in the maps, by name: late tissue, low flow, an infarct core."""
        return {} if self.maps is None else self.maps.found

    def volume(self, name: str) -> Float[np.ndarray, "x y z"]:
        """A volume of numbers by name: a map, 'baseline' or 'peak'. KeyError for another."""
        if name in ("baseline", "peak") or (name == "ttp" and self.maps is None):
            found: np.ndarray = getattr(self, name)
            return found
        if self.maps is None or name not in self.maps.units:
            raise KeyError(name)
        return self.maps.volume(name)

    def mask(self, name: str) -> UInt8[np.ndarray, "x y z"]:
        """A volume of small numbers by name: a mask of 0 and 1, or 'quality'. KeyError."""
        if name == "quality" and self.maps is not None:
            return self.maps.quality
        if name == "brain":
            return self.brain.astype(np.uint8)
        if name == "aif":
            return self._arteries().astype(np.uint8)
        if name == "vein":
            return self._venous().astype(np.uint8)
        if name in self.found:
            return self.found[name].astype(np.uint8)
        if name not in REGIONS:
            raise KeyError(name)
        found = self.regions.get(name)
        return np.zeros(self.brain.shape, np.uint8) if found is None else found.astype(np.uint8)

    def _arteries(self) -> Bool[np.ndarray, "x y z"]:
        found = None if self.result is None else self.result.aif.mask
        return np.zeros(self.brain.shape, dtype=bool) if found is None else found

    def _venous(self) -> Bool[np.ndarray, "x y z"]:
        found = None if self.result is None else self.result.aif.vein
        return np.zeros(self.brain.shape, dtype=bool) if found is None else found.mask

    def _spread(self, values: Float[np.ndarray, " n"]) -> Float[np.ndarray, "x y z"]:
        volume = np.full(self.brain.shape, np.nan, dtype=np.float32)
        volume[self.brain] = values
        return volume
