"""Brain, arterial voxels, tumour and reference as segments of one DICOM segmentation."""

from importlib.metadata import version
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from jaxtyping import Bool

from bolus.data import PerfusionMaps
from bolus.io.dicom_out.codes import FAMILIES, REGIONS_NUMBER, SEGMENTATION, SEGMENTS
from bolus.io.dicom_out.origin import Origin
from bolus.io.dicom_out.place import volume_of
from bolus.io.dicom_out.stamp import Stamp, coded

if TYPE_CHECKING:
    from highdicom.seg import Segmentation, SegmentDescription
else:
    SegmentDescription = Segmentation = Any  # highdicom is imported with the first object


class _Region(NamedTuple):
    """A region by its name in SEGMENTS, and whether it was found (else it was given)."""

    name: str
    mask: Bool[np.ndarray, "x y z"]
    found: bool


def segmentation(maps: PerfusionMaps, origin: Origin) -> Segmentation:
    """The regions that maps know, one segment each, in all slices, under the study of the source.

    Brain and arterial voxels are AUTOMATIC where bolus found them; what was given is MANUAL.
    """
    import highdicom as hd

    regions = _regions(maps)
    stack = np.stack([region.mask for region in regions], axis=-1).astype(np.uint8)
    stamp = Stamp(
        origin=origin,
        grid=maps.grid,
        name="regions",
        number=origin.first_number + REGIONS_NUMBER,
        content=stack.tobytes(),
        told="Regions: "
        + ", ".join(f"{r.name} {'found' if r.found else 'given'}" for r in regions),
    )
    numbers = list(range(1, len(regions) + 1))
    volume = volume_of(stack, maps.grid, origin, {"SegmentNumber": numbers})
    made = hd.seg.Segmentation(
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[
            _described(region, number) for number, region in zip(numbers, regions, strict=True)
        ],
        content_label="REGIONS",
        content_description="Regions of perfusion maps",
        omit_empty_frames=False,
        **stamp.arguments(volume, "Regions of perfusion maps (bolus)"),
    )
    stamp.finish(made, SEGMENTATION)
    return made


def _regions(maps: PerfusionMaps) -> list[_Region]:
    found = [_Region("brain", maps.mask, not maps.brain_given)]
    if maps.aif.mask is not None:
        found.append(_Region("aif", maps.aif.mask, maps.aif.origin == "automatic"))
    return found + [_Region(name, mask, False) for name, mask in maps.rois.items()]


def _described(region: _Region, number: int) -> SegmentDescription:
    import highdicom as hd

    about = SEGMENTS[region.name]
    return hd.seg.SegmentDescription(
        segment_number=number,
        segment_label=about.label,
        segmented_property_category=coded(about.category),
        segmented_property_type=coded(about.type),
        algorithm_type="AUTOMATIC" if region.found else "MANUAL",
        algorithm_identification=hd.AlgorithmIdentificationSequence(
            name=f"bolus {region.name}",
            family=coded(FAMILIES[region.name]),
            version=version("bolus"),
            source="bolus",
        )
        if region.found
        else None,
        tracking_id=None,
        anatomic_regions=None if about.region is None else [coded(about.region)],
    )
