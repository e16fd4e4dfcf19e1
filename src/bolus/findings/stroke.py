"""Numbers of an acute stroke: volumes of late tissue, low flow and infarct core, their mismatch."""

import math
from collections.abc import Iterator

import numpy as np

from bolus.data import PerfusionMaps, StrokeThresholds
from bolus.data.measures import Measurement
from bolus.findings.decisions import straddled
from bolus.findings.extent import Extent, Mask
from bolus.findings.volumes import Volume, Volumes, volumes_of

AFTER = 6.0
"""s that a series goes on after the arterial peak and a delay: tissue so late peaks by then."""
BY_FLOW = "the core is that of low flow, for no map of diffusion was given"


def stroke_numbers(maps: PerfusionMaps) -> tuple[Measurement, ...]:
    """The volumes where they are asked for, or diffusion is given; else none.

    A number that cannot be known is not a number, with the reason as its note.
    """
    asked = thresholds_of(maps)
    if asked is None:
        return ()
    reason = unknown_times(maps, asked)
    found = volumes_of(Extent(maps, asked), times=not reason)
    short = {seconds: reason or too_short(maps, seconds) for seconds in asked.late}
    return (*_simple(asked, found, short), *_mismatch(asked, found, short))


def stroke_regions(maps: PerfusionMaps) -> dict[str, Mask]:
    """'hypoperfused', 'low_flow' and with diffusion 'core', where volumes of a stroke are measured.

    Those that have voxels.
    """
    asked = thresholds_of(maps)
    if asked is None:
        return {}
    made, found = Extent(maps, asked), dict[str, Mask]()
    if not (unknown_times(maps, asked) or too_short(maps, asked.critical)):
        found |= {
            "hypoperfused": made.late[asked.critical],
            "low_flow": made.low_flow[asked.core_flow],
        }
    if made.core is not None:
        found["core"] = made.core
    return {name: mask for name, mask in found.items() if mask.any()}


def thresholds_of(maps: PerfusionMaps) -> StrokeThresholds | None:
    """The thresholds that were asked for, or the usual ones where diffusion is given; else None."""
    asked = maps.preparation.stroke
    return StrokeThresholds() if asked is None and "adc" in maps.volumes else asked


def unknown_times(maps: PerfusionMaps, asked: StrokeThresholds) -> str:
    """Why no tissue is known to be late; '' where it is."""
    times = maps.volumes[asked.map][maps.mask]
    known = times[np.isfinite(times)]
    if not known.size:
        return f"{maps.method} has no map of {asked.map}"
    if np.ptp(known) == 0:
        return f"{maps.method} knows of no delay: its {asked.map} is {known[0]:g} s everywhere"
    return ""


def too_short(maps: PerfusionMaps, seconds: float) -> str:
    """Why tissue so many seconds late is not seen in the used frames; '' where it is."""
    aif = maps.aif
    after = (aif.curve.size - 1 - int(np.argmax(aif.curve))) * aif.dt
    if after >= seconds + AFTER:
        return ""
    return (
        f"the used frames end {after:.1f} s after the arterial peak; tissue {seconds:g} s late is "
        f"seen in {seconds + AFTER:g} s"
    )


def _simple(
    asked: StrokeThresholds, found: Volumes, short: dict[float, str]
) -> Iterator[Measurement]:
    """Every volume by itself."""
    for seconds in asked.late:
        yield _told("late_volume", late(asked, seconds), found.late[seconds], short[seconds])
    for percent in asked.low_flow:
        yield _told(
            "low_flow_volume",
            f"CBF < {percent:g} %",
            found.low_flow[percent],
            short[asked.critical],
        )
    if found.core is not None:
        region = f"ADC < {1e6 * asked.adc:g}e-6 mm2/s"
        yield _told("core_volume", region, found.core, "")


def _mismatch(
    asked: StrokeThresholds, found: Volumes, short: dict[float, str]
) -> Iterator[Measurement]:
    """What is computed of two volumes."""
    risk, core = found.late[asked.critical], found.core
    by_flow = core is None
    dead = found.low_flow[asked.core_flow] if core is None else core
    name = f"CBF < {asked.core_flow:g} %" if by_flow else "ADC core"
    region, why = f"{late(asked, asked.critical)}, {name}", short[asked.critical]
    note = BY_FLOW if by_flow else ""
    yield _told("mismatch_volume", region, risk.less(dead), why, note)
    none = "no core was found: the ratio has no upper end" if dead.value == 0 else ""
    notes = "; ".join(text for text in (note, none) if text)
    yield _told("mismatch_ratio", region, risk.over(dead), why, notes)
    severe = found.late[asked.severe].over(risk)
    both = f"{late(asked, asked.severe)} over {asked.critical:g} s"
    yield _told("hypoperfusion_index", both, severe, short[asked.severe])


def late(asked: StrokeThresholds, seconds: float) -> str:
    """Late tissue by name: 'Tmax > 6 s'."""
    return f"{asked.map.capitalize()} > {seconds:g} s"


def _told(measure: str, region: str, volume: Volume, why: str, note: str = "") -> Measurement:
    """The number with its interval, or without either and ``why`` it is not known."""
    if why:
        return Measurement(measure=measure, region=region, value=math.nan, note=why)
    ends = volume.interval
    warning = straddled(measure, ends)
    whole = ends is not None and all(map(math.isfinite, ends))
    return Measurement(
        measure=measure,
        region=region,
        value=volume.value if math.isfinite(volume.value) else math.nan,
        interval=ends if whole else None,
        note="; ".join(text for text in (note, warning) if text),
    )
