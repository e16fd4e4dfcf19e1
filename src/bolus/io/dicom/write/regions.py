"""The regions of maps as segments of one DICOM segmentation."""

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from bolus.data import PerfusionMaps
from bolus.io.dicom.write.codes import REGIONS_NUMBER, SEGMENTATION, segment_of
from bolus.io.dicom.write.origin import Origin
from bolus.io.dicom.write.place import volume_of
from bolus.io.dicom.write.stamp import Stamp, coded

if TYPE_CHECKING:
    from highdicom.seg import Segmentation, SegmentDescription
else:
    SegmentDescription = Segmentation = Any  # highdicom is imported with the first object


def segmentation(maps: PerfusionMaps, origin: Origin) -> Segmentation:
    """The regions that maps know, one segment each, in all slices, under the study of the source.

    Those that bolus found are AUTOMATIC; what was given is MANUAL. ``segment_number`` says which is
    which.
    """
    import highdicom as hd

    regions = maps.regions
    stack = np.stack([region.mask for region in regions.values()], axis=-1).astype(np.uint8)
    stamp = Stamp(
        origin=origin,
        grid=maps.grid,
        name="regions",
        number=origin.first_number + REGIONS_NUMBER,
        content=stack.tobytes(),
        told="Regions: "
        + ", ".join(f"{n} {'found' if r.found else 'given'}" for n, r in regions.items()),
    )
    numbers = [segment_number(maps, name) for name in regions]
    volume = volume_of(stack, maps.grid, origin, {"SegmentNumber": numbers})
    made = hd.seg.Segmentation(
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[
            _described(name, region.found, number)
            for number, (name, region) in zip(numbers, regions.items(), strict=True)
        ],
        content_label="REGIONS",
        content_description="Regions of perfusion maps",
        omit_empty_frames=False,
        **stamp.arguments(volume, "Regions of perfusion maps (bolus)"),
    )
    stamp.finish(made, SEGMENTATION)
    return made


def segment_number(maps: PerfusionMaps, name: str) -> int:
    """The segment that a region of the maps is."""
    return 1 + list(maps.regions).index(name)


def _described(name: str, found: bool, number: int) -> SegmentDescription:
    import highdicom as hd

    about = segment_of(name)
    return hd.seg.SegmentDescription(
        segment_number=number,
        segment_label=about.label,
        segmented_property_category=coded(about.category),
        segmented_property_type=coded(about.type),
        algorithm_type="AUTOMATIC" if found else "MANUAL",
        algorithm_identification=hd.AlgorithmIdentificationSequence(
            name=f"bolus {name}",
            family=coded(about.family),
            version=version("bolus"),
            source="bolus",
        )
        if found
        else None,
        tracking_id=None,
        anatomic_regions=None if about.region is None else [coded(about.region)],
    )
