"""Numbers of a tumour: its blood volume and signal recovery against normal tissue."""

import math

import numpy as np

from bolus.data import QUANTITIES, InputError, PerfusionMaps
from bolus.data.measures import Measurement
from bolus.findings.burden import burden_numbers
from bolus.findings.draws import tumor_volume
from bolus.findings.recovery import recovery_numbers
from bolus.grading import RoiRatio, compared, region, voxels_of
from bolus.grading.ratio import Z90
from bolus.tissue.standard import LANDMARKS


def tumor_numbers(maps: PerfusionMaps) -> tuple[Measurement, ...]:
    """The numbers of a tumour where there is one; those against normal tissue need a reference.

    Where a reference was looked for and not found, one number without a value says why.
    """
    if "tumor" not in maps.rois:
        return ()
    if maps.reference is not None and maps.reference.refusal:
        missing = Measurement(
            measure="cbv_ratio", region="tumor", value=math.nan, note=maps.reference.refusal
        )
        return (missing, *_standardised(maps), *recovery_numbers(maps))
    return (*_ratios(maps), *_standardised(maps), *recovery_numbers(maps))


def _ratios(maps: PerfusionMaps) -> tuple[Measurement, ...]:
    if "reference" not in maps.rois:
        return ()
    ratio = _ratio(maps, maps.corrected_of("cbv"))
    if ratio is None:
        return ()
    first = Measurement(
        measure="cbv_ratio",
        region="tumor",
        value=ratio.mean,
        interval=ratio.interval,
        voxels=ratio.tumor.voxels,
        note="" if maps.reference is None else "against a reference region that bolus found",
    )
    return (first, *burden_numbers(tumor_volume(maps), maps.preparation.burden))


def _ratio(maps: PerfusionMaps, name: str) -> RoiRatio | None:
    """The ratio of a map; None where the regions have none, which the page says beside them."""
    regions = maps.rois["tumor"], maps.rois["reference"]
    off = maps.reference_sd
    try:
        return compared(QUANTITIES[name], voxels_of(maps, name), *regions, reference_sd=off)
    except InputError:
        return None


def _standardised(maps: PerfusionMaps) -> tuple[Measurement, ...]:
    """Mean standardised rCBV of the tumour; nothing without its map or a voxel of it."""
    if "srcbv" not in maps.volumes:
        return ()
    try:
        found = region("tumour", voxels_of(maps, "srcbv"), maps.rois["tumor"])
    except InputError:
        return ()
    interval = None
    if found.mean_sd is not None and found.mean > 0:
        log_sd = math.hypot(found.mean_sd / found.mean, LANDMARKS)
        low, high = found.mean * np.exp(np.array([-1, 1]) * Z90 * log_sd)
        interval = (float(low), float(high))
    return (
        Measurement(
            measure="srcbv",
            region="tumor",
            value=found.mean,
            interval=interval,
            voxels=found.voxels,
        ),
    )
