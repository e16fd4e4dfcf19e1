"""What is given of a patient besides the series, read: masks, arterial input, anatomy."""

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from bolus.aif import aif_from_mask, find_aif
from bolus.data import (
    AIF,
    AnatomicalImage,
    Anatomy,
    ArterialInputError,
    DSCSeries,
    Grid,
    InputError,
    PreparedSeries,
    TissueCurves,
)
from bolus.data.plausible import MIN_FRAMES
from bolus.io import (
    ArterialTable,
    Diffusion,
    is_mask,
    read_adc,
    read_anatomy,
    read_arterial_table,
    read_dwi,
)
from bolus.patient.drawn import Drawn, Voxel, drawn
from bolus.tissue import CHOICES

PathLike = str | os.PathLike[str]
Image = PathLike | AnatomicalImage | Anatomy
Arterial = AIF | np.ndarray | ArterialTable | Drawn | None
"""What is given as the arterial input, read: a curve where it is an array."""
Regions = Mapping[str, np.ndarray | PathLike | Voxel | None]
"""Masks by name, 'tumor', 'reference' and 'vein', which may be the numbers of a voxel, and 'adc', a
map of diffusion, or 'dwi', images that one is made of; None for none given. A reference may be one
of bolus.tissue.CHOICES."""
REGIONS = ("tumor", "reference")
ADC, DWI, VEIN = "adc", "dwi", "vein"
NO_REGIONS: Regions = {}


@dataclass(frozen=True, kw_only=True, eq=False)
class Beside:
    """What is given of a patient beside the series: ``regions``, and anatomical images.

    ``anatomy`` is a file or folder as ``bolus.io.read_anatomy`` takes, an image in memory, one that
    the series was registered to already, or several such, the first of which maps are written on.
    Masks may then lie on their grids, too.
    """

    regions: Regions = field(default_factory=dict)
    anatomy: Image | Sequence[Image] | None = None

    def read(self, series: DSCSeries) -> tuple[AnatomicalImage | Anatomy, ...]:
        """The images, read. Raises InputError as ``bolus.io.read_anatomy``."""
        several: Sequence[Image] = ()
        if isinstance(self.anatomy, str | os.PathLike | AnatomicalImage | Anatomy):
            several = (self.anatomy,)
        elif self.anatomy is not None:
            several = self.anatomy
        return tuple(
            read_anatomy(one, series.source) if isinstance(one, str | os.PathLike) else one
            for one in several
        )


def beside(regions: Regions | Beside) -> Beside:
    """Regions alone, or with an anatomy, as one object."""
    return regions if isinstance(regions, Beside) else Beside(regions=regions)


def images_of(found: Sequence[AnatomicalImage | Anatomy]) -> tuple[AnatomicalImage, ...]:
    """The images, registered or not."""
    return tuple(one.image if isinstance(one, Anatomy) else one for one in found)


def rois_of(
    given: Regions, series: DSCSeries, images: Sequence[AnatomicalImage] = ()
) -> dict[str, Drawn]:
    """Regions by name, those that are given, with the vein.

    Raises InputError for another name, and as ``drawn``.
    """
    known = (*REGIONS, VEIN)
    other = [name for name in given if name not in (*known, ADC, DWI)]
    if other:
        raise InputError(f"the regions are {', '.join(known)}, found {', '.join(other)}")
    masks = {
        name: drawn(mask, series, name, images)
        for name, mask in given.items()
        if name not in (ADC, DWI) and not _is_choice(name, mask)
    }
    return {name: mask for name, mask in masks.items() if mask is not None}


def reference_choice(given: Regions) -> str:
    """How a reference region is found, one of CHOICES; 'none' where a mask of it is given.

    Without a word a tumour has one found ('auto').
    """
    asked = given.get("reference")
    if asked is None:
        return "none" if given.get("tumor") is None else "auto"
    return str(asked) if _is_choice("reference", asked) else "none"


def _is_choice(name: str, given: np.ndarray | PathLike | Voxel | None) -> bool:
    """Whether a word stands in place of the mask of a reference."""
    return name == "reference" and isinstance(given, str) and given in CHOICES


def diffusion_of(given: Regions, grid: Grid) -> Diffusion | None:
    """The map of diffusion among the regions, 'adc' or 'dwi', as it lies; None where none is given.

    Raises InputError for both, for an array of another shape than the ``grid``'s, and as
    ``bolus.io.read_adc`` and ``bolus.io.read_dwi``.
    """
    adc, dwi = given.get(ADC), given.get(DWI)
    if adc is not None and dwi is not None:
        raise InputError("a map of ADC and diffusion-weighted images are given; one is expected")
    if isinstance(dwi, str | os.PathLike):
        return read_dwi(dwi)
    if dwi is not None:
        raise InputError(f"dwi is a NIfTI file with its b-values, found {type(dwi).__name__}")
    if adc is None:
        return None
    if isinstance(adc, str | os.PathLike):
        return read_adc(adc)
    values = np.asarray(adc)
    if values.shape != grid.shape or values.dtype.kind != "f":
        raise InputError(
            f"adc as an array holds mm²/s on the series' grid of {grid.shape}, found "
            f"{values.dtype} of {values.shape}"
        )
    return Diffusion(adc=values, grid=grid, name="adc", unit=1.0)


def read_input(
    aif: AIF | np.ndarray | PathLike | None,
    series: DSCSeries,
    images: Sequence[AnatomicalImage] = (),
) -> Arterial:
    """The arterial input, its file read and checked before anything takes time.

    Raises ArterialInputError for a table that is wrong whatever frames are used, MaskError and
    InputError as ``drawn``.
    """
    if isinstance(aif, str | os.PathLike):
        if is_mask(aif):
            return drawn(aif, series, "aif", images)
        table = read_arterial_table(aif, series.dt, series.relative)
        table.check_covers((MIN_FRAMES - 1) * series.dt, series.dt)
        return table
    if aif is None or isinstance(aif, AIF):
        return aif
    values = np.asarray(aif)
    return values if values.ndim == 1 else drawn(values, series, "aif", images)


def on_series(given: Arterial, grid: Grid, anatomies: Sequence[Anatomy]) -> Arterial:
    """The same input, its mask on the grid of the series. Raises MaskError as ``Drawn.on``."""
    if not isinstance(given, Drawn):
        return given
    return Drawn(name=given.name, mask=given.on(grid, anatomies))


def arterial_input(
    given: Arterial, curves: TissueCurves, series: PreparedSeries, *, judged: bool = True
) -> AIF:
    """The arterial input: found, and ``judged`` then, or made of what ``read_input`` returned.

    Raises ArterialInputError for an AIF at other times than the series'.
    """
    if given is None:
        return find_aif(curves, series, judged=judged)
    if isinstance(given, AIF):
        _check_times(given, curves.time.size, series.dt)
        return given
    if isinstance(given, ArterialTable):
        return given.onto(curves.time.size, series.dt)
    if isinstance(given, Drawn):
        return aif_from_mask(curves, series, given.mask)
    curve = AIF(curve=given.astype(float), dt=series.dt, origin="given")
    _check_times(curve, curves.time.size, series.dt)
    return curve


def _check_times(aif: AIF, frames: int, dt: float) -> None:
    if aif.curve.size != frames or not math.isclose(aif.dt, dt, rel_tol=1e-6):
        raise ArterialInputError(
            f"an arterial input of {frames} samples {dt:g} s apart is expected, as the used frames "
            f"of the series are; found {aif.curve.size} samples {aif.dt:g} s apart"
        )
