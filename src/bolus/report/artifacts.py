"""Everything that a result consists of, once: the folder and the BIDS dataset are layouts of it.

DICOM objects are made of the same maps (``maps.units``) and regions (``maps.regions``).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, NamedTuple, Protocol

import numpy as np

from bolus.base.json import write_json
from bolus.data import AIF, Anatomy, Grid, Identity, PerfusionMaps
from bolus.data.anatomy import anatomy_name
from bolus.data.measures import Measurement, shortened
from bolus.data.quantities import ALONE, MTT_ALONE
from bolus.io import resample_each, write_aif, write_table, write_transform, write_volume
from bolus.report.figures.overview import save_overview
from bolus.report.page import write_page
from bolus.report.rims import RIMS
from bolus.report.settings import Named, write_settings
from bolus.report.text.numbers import numbers_sidecar
from bolus.report.text.summary import (
    aif_sidecar,
    anatomy_sidecar,
    mask_sidecar,
    quality_sidecar,
    sidecar,
    summary,
)


class Payload(Protocol):
    """The content of a file; ``ending`` is that of its name."""

    ending: ClassVar[str]

    def write(self, path: Path) -> None:
        """Write it. Raises OutputError."""
        ...


class Artifact(NamedTuple):
    """One file of a result: its name without ending, its content, and what is said beside it."""

    name: str
    payload: Payload
    sidecar: Mapping[str, object] | None = None

    @property
    def file(self) -> str:
        """The name in a result folder."""
        return self.name + self.payload.ending


@dataclass(frozen=True, eq=False)
class Image:
    """A volume on its grid: a map, a region of 0 and 1 (``mask``), or what maps lie on."""

    ending: ClassVar[str] = ".nii.gz"
    values: np.ndarray
    grid: Grid
    mask: bool = False
    reference: bool = False

    def write(self, path: Path) -> None:
        """As NIfTI."""
        write_volume(path, self.values, self.grid)


@dataclass(frozen=True, eq=False)
class Table:
    """An arterial input."""

    ending: ClassVar[str] = ".tsv"
    aif: AIF
    relative: bool

    def write(self, path: Path) -> None:
        """As columns of time and concentration."""
        write_aif(path, self.aif, relative=self.relative)


@dataclass(frozen=True, eq=False)
class Numbers:
    """The numbers of regions, one a line."""

    ending: ClassVar[str] = ".tsv"
    numbers: tuple[Measurement, ...]

    def write(self, path: Path) -> None:
        """As columns, with n/a for what is not known, as BIDS has it."""
        write_table(path, [_row(number) for number in self.numbers])


def _row(number: Measurement) -> dict[str, object]:
    low, high = number.interval or (None, None)
    return {
        "measure": number.measure,
        "region": number.region,
        "value": shortened(number.value),
        "low_90": None if low is None else shortened(low),
        "high_90": None if high is None else shortened(high),
        "unit": number.about.unit.written,
        "voxels": number.voxels,
        "note": number.note,
    }


@dataclass(frozen=True, eq=False)
class Transform:
    """The rigid transform of the series to the anatomy."""

    ending: ClassVar[str] = ".tfm"
    anatomy: Anatomy

    def write(self, path: Path) -> None:
        """As a text file of ITK."""
        write_transform(path, self.anatomy.to_anatomy)


@dataclass(frozen=True, eq=False)
class Overview:
    """The picture of a result."""

    ending: ClassVar[str] = ".png"
    maps: PerfusionMaps

    def write(self, path: Path) -> None:
        """As PNG."""
        save_overview(self.maps, path)


@dataclass(frozen=True, eq=False)
class Page:
    """The page of a result, which names the patient where ``identity`` is given."""

    ending: ClassVar[str] = ".html"
    maps: PerfusionMaps
    identity: Identity | None

    def write(self, path: Path) -> None:
        """As one file of HTML."""
        write_page(self.maps, path, self.identity)


@dataclass(frozen=True, eq=False)
class Summary:
    """The facts of a result for programs."""

    ending: ClassVar[str] = ".json"
    maps: PerfusionMaps

    def write(self, path: Path) -> None:
        """As JSON."""
        write_json(path, summary(self.maps))


@dataclass(frozen=True, eq=False)
class Settings:
    """The options that make the result again; ``named`` is what files beside it are called."""

    ending: ClassVar[str] = ".toml"
    maps: PerfusionMaps
    named: Named

    def write(self, path: Path) -> None:
        """As TOML."""
        write_settings(self.maps, path, self.named)


def artifacts(
    maps: PerfusionMaps, identity: Identity | None = None, named: Named = str
) -> Iterator[Artifact]:
    """The files of a result, in the order of writing; the summary, which makes it whole, is last.

    Maps, their SDs where the method has a posterior, quality and regions are images with a sidecar;
    'aif' is the arterial input, 'numbers' what was measured in regions, 'overview' the picture,
    'report' the page, 'bolus' the options. With an anatomy there are its image 'anat', the
    transform 'anat_xfm', and on its grid the maps and their SDs, 'anat_cbf', 'anat_cbf_sd' and so
    on; of further images there are 'anat2', 'anat2_xfm' and so on. ``named`` is what a file of a
    result folder is called in the layout, without its folder.
    """
    for name in maps.units:
        yield Artifact(name, Image(maps.volume(name), maps.grid), sidecar(maps, name))
    yield Artifact("quality", Image(maps.quality, maps.grid), quality_sidecar(maps))
    for name, mask, text in _masks(maps):
        yield Artifact(name, Image(mask, maps.grid, mask=True), mask_sidecar(maps, text))
    yield Artifact("aif", Table(maps.aif, maps.relative), aif_sidecar(maps))
    for number, anatomy in enumerate(maps.anatomies, 1):
        name, told = anatomy_name(number), anatomy_sidecar(maps, anatomy)
        yield Artifact(name, Image(anatomy.image.volume, anatomy.grid, reference=True), told)
        yield Artifact(f"{name}_xfm", Transform(anatomy), told)
    if maps.anatomy is not None:
        yield from _on_anatomy(maps, maps.anatomy)
    if maps.measurements:
        yield Artifact("numbers", Numbers(maps.measurements), numbers_sidecar(maps))
    yield Artifact("bolus", Settings(maps, named))
    yield Artifact("overview", Overview(maps))
    yield Artifact("report", Page(maps, identity))
    yield Artifact("summary", Summary(maps))


def _on_anatomy(maps: PerfusionMaps, anatomy: Anatomy) -> Iterator[Artifact]:
    """Every map that has values, but those of voxels alone, on the grid of an anatomical image.

    SDs are interpolated as the maps are: Σ wᵢ·sdᵢ is the SD of Σ wᵢ·xᵢ where neighbours err alike,
    and more than it where they do not.
    """
    there = [
        name
        for name in maps.units
        if name not in (ALONE, MTT_ALONE) and np.isfinite(maps.volume(name)).any()
    ]
    volumes = (maps.volume(name) for name in there)
    on_image = resample_each(volumes, maps.grid, anatomy.seen_by_series)
    for name, moved in zip(there, on_image, strict=True):
        yield Artifact(f"anat_{name}", Image(moved, anatomy.grid), sidecar(maps, name))


def _masks(maps: PerfusionMaps) -> Iterator[tuple[str, np.ndarray, str]]:
    """Name, voxels and description; the arterial mask is empty for a curve from outside."""
    yield "brain_mask", maps.mask, "Voxels for which maps were made"
    arteries = np.zeros_like(maps.mask) if maps.aif.mask is None else maps.aif.mask
    yield (
        "aif_mask",
        arteries,
        f"Voxels averaged into the arterial input; origin: {maps.aif.origin}",
    )
    vein = maps.aif.vein
    if vein is not None:
        yield "vein_mask", vein.mask, f"Vein that the arterial input was held against; {vein.line}"
    for name, region in maps.rois.items():
        found = maps.reference if name == "reference" else None
        yield f"roi_{name}", region, f"Region given as {name}" if found is None else found.sentence
    for name, region in maps.found.items():
        yield f"roi_{name}", region, f"Region found: {RIMS[name].meaning}"
