"""Perfusion parameters on a grid."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntFlag
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, UInt8

from bolus.data.aif import AIF
from bolus.data.anatomy import Anatomy
from bolus.data.brief import brief
from bolus.data.description import Description
from bolus.data.display import Range
from bolus.data.errors import InputError
from bolus.data.grid import Grid
from bolus.data.leakage import LeakageModel
from bolus.data.measures import Measurement
from bolus.data.options import USUAL, Preparation
from bolus.data.prepared import PreparedSeries
from bolus.data.quantities import QUANTITIES, SD, Unit, display_of, is_sd, plain_name, quantity_of
from bolus.data.reference import FOUND_SD, FoundReference
from bolus.data.scale import without_common

FLAGGED = ("none", "kept", "interpolated", "left out")
"""What can become of flagged frames: there are none, they count as any other, neighbours in time
stand in for them, or they have no weight in the fit."""


class Quality(IntFlag):
    """Why a voxel's values are missing or doubtful; the bits of ``quality.nii.gz``."""

    OUTSIDE_MASK = 1
    NO_BOLUS = 2
    CLIPPED = 4
    NON_FINITE = 8
    POOR_FIT = 16


class Marked(NamedTuple):
    """A region of a result, and whether it was found (else it was given)."""

    mask: Bool[np.ndarray, "x y z"]
    found: bool

    def __repr__(self) -> str:
        return brief(self)


class Map(NamedTuple):
    """One map: its ``values`` (x, y, z) in a ``unit``, their ``sd`` where it is known."""

    name: str
    values: Float[np.ndarray, "x y z"]
    sd: Float[np.ndarray, "x y z"] | None
    unit: Unit
    grid: Grid

    def __repr__(self) -> str:
        return brief(self)

    @property
    def affine(self) -> Float[np.ndarray, "4 4"]:
        """From voxel indices to mm."""
        return self.grid.affine


@dataclass(frozen=True, kw_only=True, eq=False)
class PerfusionMaps:
    """Maps of one patient, with what is needed to judge them.

    ``volumes`` are the maps by name, each (x, y, z) in its unit (``unit``): names are those of
    QUANTITIES. NaN marks what was not measured; ``quality`` holds Quality bits. ``tissue`` (t,) is
    the mean concentration in the mask and ``noise`` the median SD of a voxel's curve before the
    bolus, both in the unit of ``aif``: 1/s, or dimensionless TE·ΔR2* for relative maps. ``sd``
    holds, for methods with a posterior, half the width of the central 68 % credible interval of
    maps by name, in the map's own unit; empty for others. With a ``leakage_model`` there are
    'cbv_corrected' and 'k2', and the maps that ``Quantity.corrected`` names come of its correction.
    ``seconds`` is the time every step took. ``rois`` are the regions that were given, by name
    ('tumor', 'reference'); ``brain_given`` says whether ``mask`` was given, too, or found.
    ``flagged_frames``, one of FLAGGED, is what became of used frames in which the head moved much.
    ``anatomies`` are the images that the series was registered to, maps on the grid of the first.
    ``common`` are, by name, SDs of the logarithm of what all voxels of a map are off by together;
    ``sd`` holds them, and ratios leave them out. ``found`` are regions that were found in the maps,
    by name, and ``measurements`` the numbers of its regions (``bolus.findings``). ``reference``
    says where the region 'reference' lies that bolus found, or why it found none: None where it is
    given. ``label`` is the user's own, which the page shows.

    Raises InputError for a map of an unknown name or on another grid.
    """

    series: PreparedSeries
    aif: AIF
    method: str
    parameters: Mapping[str, object]
    volumes: Mapping[str, Float[np.ndarray, "x y z"]]
    quality: UInt8[np.ndarray, "x y z"]
    mask: Bool[np.ndarray, "x y z"]
    sd: Mapping[str, Float[np.ndarray, "x y z"]]
    leakage_model: LeakageModel | None
    description: Description | None
    tissue: Float[np.ndarray, " t"]
    noise: float
    seconds: Mapping[str, float]
    rois: Mapping[str, Bool[np.ndarray, "x y z"]] = field(default_factory=dict)
    brain_given: bool = False
    preparation: Preparation = USUAL
    flagged_frames: str = "none"
    anatomies: tuple[Anatomy, ...] = ()
    common: Mapping[str, float] = field(default_factory=dict)
    measurements: tuple[Measurement, ...] = ()
    reference: FoundReference | None = None
    found: Mapping[str, Bool[np.ndarray, "x y z"]] = field(default_factory=dict)
    label: str = ""

    def __post_init__(self) -> None:
        for name, volume in (*self.volumes.items(), *self.sd.items()):
            quantity_of(name)
            if volume.shape != self.grid.shape:
                raise InputError(
                    f"map {name} of shape {volume.shape} on a grid of {self.grid.shape}"
                )

    @property
    def anatomy(self) -> Anatomy | None:
        """The first image that the series was registered to; None for none."""
        return self.anatomies[0] if self.anatomies else None

    @property
    def grid(self) -> Grid:
        """The grid of the series, and so of every map."""
        return self.series.grid

    @property
    def relative(self) -> bool:
        """Whether the flow and volume maps have no absolute unit."""
        return self.series.relative

    @property
    def _in_unit_of_log_signal(self) -> float:
        return self.series.te or 1.0

    @property
    def baseline_snr(self) -> float:
        """Median over voxels of baseline signal over its SD in time, 1/(TE·SD of ΔR2*)."""
        return 1 / (self._in_unit_of_log_signal * self.noise)

    @property
    def bolus_depth(self) -> float:
        """Largest drop of the signal for the mean curve, as a share of the baseline."""
        return float(1 - np.exp(-self._in_unit_of_log_signal * self.tissue.max()))

    @property
    def units(self) -> dict[str, str]:
        """Unit of every map, as written into the sidecars; the SDs follow the maps."""
        there = [name for name in QUANTITIES if name in self.volumes]
        names = [*there, *(f"{name}{SD}" for name in there if name in self.sd)]
        return {name: self.unit(name).written for name in names}

    def unit(self, name: str) -> Unit:
        """The unit of a map, or of the SD of a map. Raises InputError for a name no map has."""
        return quantity_of(name).unit_of(self.relative)

    def volume(self, name: str) -> Float[np.ndarray, "x y z"]:
        """A map by the name it has in ``units``: 'cbf', 'cbf_sd', 'misfit' and so on."""
        return self.sd[plain_name(name)] if is_sd(name) else self.volumes[name]

    def corrected_of(self, name: str) -> str:
        """The map that the numbers of a quantity are measured in: corrected for leakage if any is.

        'cbv_corrected' for 'cbv' where there is one; else the name itself.
        """
        corrected = f"{name}_corrected"
        return corrected if corrected in self.volumes else name

    def __getitem__(self, name: str) -> Map:
        """A map, or the SD of one, by its name in ``units``. Raises InputError for one not there.

        ``maps["cbf"].values``, ``.sd``, ``.unit.printed`` and ``.affine``.
        """
        if name not in self.units:
            raise InputError(f"there is no map '{name}'; there are {', '.join(self.units)}")
        plain = plain_name(name)
        sd = None if is_sd(name) else self.sd.get(name)
        return Map(plain, self.volume(name), sd, self.unit(name), self.grid)

    def own_sd(self, name: str) -> Float[np.ndarray, "x y z"] | None:
        """SD of a map apart from what its voxels share, which a ratio needs; or None."""
        sd = self.sd.get(name)
        return None if sd is None else without_common(sd, self.volumes[name], self.common.get(name))

    def display_range(self, name: str) -> Range:
        """The range (low, high) on display of a map or an SD, wherever it is shown."""
        return display_of(name).range(self.volume(name)[self.mask])

    @property
    def regions(self) -> dict[str, Marked]:
        """Regions by name: 'brain', 'aif' and 'vein' where there are, those given, those found."""
        own = {"brain": Marked(self.mask, not self.brain_given)}
        if self.aif.mask is not None:
            own["aif"] = Marked(self.aif.mask, self.aif.origin == "automatic")
        if self.aif.vein is not None:
            own["vein"] = Marked(self.aif.vein.mask, not self.aif.vein.by_hand)
        searched = ("reference",) if self.reference is not None else ()
        given = {name: Marked(mask, name in searched) for name, mask in self.rois.items()}
        return {**own, **given, **{name: Marked(mask, True) for name, mask in self.found.items()}}

    @property
    def marked(self) -> dict[str, Bool[np.ndarray, "x y z"]]:
        """Masks of regions whose rims are shown: those that were given, and those found in maps."""
        return {**self.rois, **self.found}

    @property
    def reference_sd(self) -> float:
        """SD of the log of a found reference's mean, as a region; 0 where it is given."""
        return 0.0 if self.reference is None else FOUND_SD

    @property
    def cbf(self) -> Float[np.ndarray, "x y z"]:
        """Cerebral blood flow, mL/100 g/min; 1/s for relative maps."""
        return self.volumes["cbf"]

    @property
    def cbv(self) -> Float[np.ndarray, "x y z"]:
        """Cerebral blood volume, mL/100 g; a ratio for relative maps."""
        return self.volumes["cbv"]

    @property
    def mtt(self) -> Float[np.ndarray, "x y z"]:
        """Mean transit time, s."""
        return self.volumes["mtt"]

    @property
    def tmax(self) -> Float[np.ndarray, "x y z"]:
        """Time of the maximum of the impulse response, s."""
        return self.volumes["tmax"]

    @property
    def delay(self) -> Float[np.ndarray, "x y z"]:
        """Arrival after the arterial input, s, signed."""
        return self.volumes["delay"]

    @property
    def ttp(self) -> Float[np.ndarray, "x y z"]:
        """Time to peak from the first used frame, s."""
        return self.volumes["ttp"]

    @property
    def misfit(self) -> Float[np.ndarray, "x y z"]:
        """RMS of curve minus reconstruction over the noise: about 1 where it is explained."""
        return self.volumes["misfit"]
