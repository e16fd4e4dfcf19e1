"""Numbers of a tumour: its blood volume against normal tissue."""

from bolus.data import QUANTITIES, InputError, PerfusionMaps
from bolus.data.measures import Measurement
from bolus.grading import RoiRatio, compared, shared_by


def tumor_numbers(maps: PerfusionMaps) -> tuple[Measurement, ...]:
    """The numbers of a tumour where there is one, and a reference."""
    if not {"tumor", "reference"} <= maps.rois.keys():
        return ()
    ratio = _ratio(maps, "cbv_corrected" if "cbv_corrected" in maps.volumes else "cbv")
    if ratio is None:
        return ()
    return (
        Measurement(
            measure="cbv_ratio",
            region="tumor",
            value=ratio.mean,
            interval=ratio.interval,
            voxels=ratio.tumor.voxels,
        ),
    )


def _ratio(maps: PerfusionMaps, name: str) -> RoiRatio | None:
    """The ratio of a map; None where the regions have none, which the page says beside them."""
    regions = maps.rois["tumor"], maps.rois["reference"]
    sd, shared = maps.own_sd(name), shared_by(maps.method)
    try:
        return compared(QUANTITIES[name], maps.volume(name), *regions, sd, shared=shared)
    except InputError:
        return None
