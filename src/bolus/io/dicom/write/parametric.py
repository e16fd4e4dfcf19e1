"""A map as a DICOM parametric map: one object of 32-bit floats, with what they measure."""

from typing import TYPE_CHECKING, Any

import numpy as np

from bolus.data import PerfusionMaps, is_sd, plain_name, quantity_of
from bolus.data.codes import Concept
from bolus.data.display import Range
from bolus.io.dicom.write.codes import (
    BRAIN,
    DERIVATION,
    METHOD,
    PERFUSION_ANALYSIS,
    STANDARD_DEVIATION,
    methods_of,
    number_of,
    told_of,
)
from bolus.io.dicom.write.origin import Origin
from bolus.io.dicom.write.place import volume_of
from bolus.io.dicom.write.stamp import Stamp, coded

if TYPE_CHECKING:
    from highdicom.pm import ParametricMap, RealWorldValueMapping
    from pydicom.dataset import Dataset
else:
    Dataset = ParametricMap = RealWorldValueMapping = Any  # imported with the first object


def parametric_map(maps: PerfusionMaps, name: str, origin: Origin) -> ParametricMap:
    """The map of a name in ``maps.units`` as a parametric map under the study of its source.

    Stored values are the map's own (slope 1, intercept 0), NaN where nothing was measured: PS3.5
    section 8 allows it in Float Pixel Data, and unlike a number it cannot be taken for a value.
    The stated range is that of the finite values, so that no viewer has to work it out from NaN;
    the window is the range on display (``PerfusionMaps.display_range``), as on the page.
    """
    import highdicom as hd

    values = np.ascontiguousarray(maps.volume(name), dtype=np.float32)
    stamp = Stamp(
        origin=origin,
        grid=maps.grid,
        name=name,
        number=origin.first_number + number_of(name),
        content=values.tobytes() + repr(_meaning(maps, name)).encode(),
        told=f"{told_of(name)}; by {maps.method} of {maps.series.n_frames} frames"
        + common_scale(maps, name),
    )
    label = name.upper()
    made = hd.pm.ParametricMap(
        contains_recognizable_visual_features=False,
        real_world_value_mappings=[_mapping(maps, name)],
        voi_lut_transformations=[_window(maps.display_range(name))],
        content_label=label[:16],
        content_description=told_of(name),
        content_qualification=hd.ContentQualificationValues.RESEARCH,
        image_flavor=hd.pm.ImageFlavorValues.PERFUSION,
        derived_pixel_contrast=hd.pm.DerivedPixelContrastValues.QUANTITY,
        **stamp.arguments(
            volume_of(values, maps.grid, origin), f"{label.replace('_', ' ')} {maps.method} (bolus)"
        ),
    )
    made.Modality = "MR"
    made.SharedFunctionalGroupsSequence[0].FrameAnatomySequence = [_anatomy()]
    _along_normal(made)
    stamp.finish(made, PERFUSION_ANALYSIS)
    return made


def _anatomy() -> Dataset:
    """Where the frames lie.

    The standard asks for it in original frames only; dcmqi, and with it 3D Slicer, reads no
    parametric map without.
    """
    from pydicom.dataset import Dataset

    item = Dataset()
    item.AnatomicRegionSequence = [coded(BRAIN)]
    item.FrameLaterality = "U"
    return item


def _along_normal(made: Dataset) -> None:
    """Put the frames into the order of their places along row × column.

    highdicom writes them the other way round, each with its place; dcmqi, and with it 3D Slicer,
    takes them one after the other and would show the head upside down.
    """
    groups = list(made.PerFrameFunctionalGroupsSequence)
    plane = made.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence[0]
    row, column = np.reshape(np.array(plane.ImageOrientationPatient, dtype=float), (2, 3))
    normal = np.cross(row, column)
    heights = [normal @ [float(p) for p in _place(group)] for group in groups]
    order = np.argsort(heights)
    frames = np.frombuffer(made.FloatPixelData, dtype="<f4").reshape(len(groups), -1)
    made.FloatPixelData = frames[order].tobytes()
    sorted_groups = [groups[i] for i in order]
    for number, group in enumerate(sorted_groups, start=1):
        group.FrameContentSequence[0].DimensionIndexValues = number
    made.PerFrameFunctionalGroupsSequence = sorted_groups


def _place(group: Dataset) -> Any:
    return group.PlanePositionSequence[0].ImagePositionPatient


def common_scale(maps: PerfusionMaps, name: str) -> str:
    """What is said of what all voxels of a map are off by together, where it is known."""
    sd = maps.common.get(plain_name(name))
    if sd is None:
        return ""
    within = "is in this SD" if is_sd(name) else "cancels in ratios"
    return f"; all voxels together may be off by {100 * sd:.0f} % (SD), which {within}"


def _meaning(maps: PerfusionMaps, name: str) -> tuple[Concept, Concept, list[Concept]]:
    """Quantity, unit and methods of a map."""
    code = quantity_of(name).code_of(maps.relative)
    return code, maps.unit(name).code, methods_of(maps, name)


def _mapping(maps: PerfusionMaps, name: str) -> RealWorldValueMapping:
    """What the values are: quantity, unit, and how they were measured."""
    from highdicom.pm import RealWorldValueMapping

    quantity, unit, methods = _meaning(maps, name)
    values = maps.volume(name)
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    mapping = RealWorldValueMapping(
        lut_label=name.replace("_", " ").upper()[:16],
        lut_explanation=told_of(name),
        unit=coded(unit),
        value_range=(low, high),
        quantity_definition=coded(quantity),
    )
    told = [(METHOD, method) for method in methods]
    if is_sd(name):
        told.insert(0, (DERIVATION, STANDARD_DEVIATION))
    mapping.QuantityDefinitionSequence.extend(_said(*pair) for pair in told)
    return mapping


def _said(name: Concept, value: Concept) -> Dataset:
    from highdicom.sr import CodeContentItem

    return CodeContentItem(name=coded(name), value=coded(value))


def _window(shown: Range) -> Dataset:
    """Centre and width of a range on display."""
    from highdicom import VOILUTFunctionValues, VOILUTTransformation

    low, high = shown
    return VOILUTTransformation(
        window_center=float(f"{(low + high) / 2:.8g}"),
        window_width=float(f"{high - low:.8g}"),
        voi_lut_function=VOILUTFunctionValues.LINEAR_EXACT,
    )
