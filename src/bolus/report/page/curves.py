"""The curves of a patient: mean signal, arterial input and tissue, motion."""

import numpy as np

from bolus.data import Motion, PerfusionMaps
from bolus.physics import area
from bolus.preprocess.frames import mean_signal
from bolus.report.facts import facts_of
from bolus.report.page.plot import Band, Line, Plot

TIME = "time from the first used frame, s"
SHIFTS = ("left–right", "back–front", "foot–head")
TURNS = ("nod", "tilt", "shake")
"""About the axes of SHIFTS, in their order."""
SMALLEST = 0.5
"""mm or degrees: a smaller motion does not fill its plot."""


def plots(maps: PerfusionMaps) -> tuple[Plot, ...]:
    """Signal of all frames, concentration of the used ones and, where it was looked for, motion."""
    return (_signal(maps), _concentration(maps), *_motion(maps))


def _times(maps: PerfusionMaps) -> np.ndarray:
    """Seconds (t,) of all frames from the first used one."""
    return (np.arange(maps.series.n_frames) - maps.series.frames.first) * maps.series.dt


def _bands(maps: PerfusionMaps) -> tuple[Band, ...]:
    frames, dt = maps.series.frames, maps.series.dt
    half, last = dt / 2, maps.series.n_frames - frames.first
    bands = [
        Band(label="dropped", look="unused", low=-frames.first * dt, high=-half),
        Band(label="baseline", look="baseline", low=-half,
             high=(frames.onset - frames.first) * dt - half),
        Band(label="not used", look="unused", low=(frames.stop - frames.first) * dt - half,
             high=last * dt),
    ]  # fmt: skip
    present = (frames.first > 0, True, frames.stop < maps.series.n_frames)
    return tuple(band for band, there in zip(bands, present, strict=True) if there)


def _signal(maps: PerfusionMaps) -> Plot:
    time, signal = _times(maps), mean_signal(maps.series.signal, maps.mask)
    flagged = () if maps.series.motion is None else tuple(time[maps.series.motion.flagged].tolist())
    return Plot(
        title="Mean signal of the brain, all frames",
        told=f"The bolus takes {100 * maps.bolus_depth:.0f} % off the signal."
        + (f" Marks: {len(flagged)} frames in which the head moved." if flagged else ""),
        x_label=TIME,
        y_label="signal, scanner units",
        lines=[Line(label="mean brain signal", look="signal", x=time, y=signal)],
        bands=_bands(maps),
        from_zero=False,
        marks=flagged,
    )


def _mixed(maps: PerfusionMaps, time: np.ndarray) -> list[Line]:
    """The arterial input as its voxels are, where tissue was taken off it."""
    if maps.aif.mixed is None:
        return []
    return [Line(label="as measured", look="mixed", x=time, y=maps.aif.mixed)]


def _vein(maps: PerfusionMaps, time: np.ndarray) -> list[Line]:
    """The vein that the arterial input was held against."""
    vein = maps.aif.vein
    return [] if vein is None else [Line(label="vein", look="vein", x=time, y=vein.curve)]


def _arterial_told(maps: PerfusionMaps, time: np.ndarray) -> str:
    """The peaks of arterial input and tissue, and the areas of what the input was made of."""
    aif, tissue = maps.aif, maps.tissue
    peak = float(np.nanmax(tissue))
    told = (
        f"The arterial input peaks at {aif.curve.max():.3g} after {time[aif.curve.argmax()]:.3g} "
        f"s, the mean tissue curve at {peak:.3g} after {time[np.nanargmax(tissue)]:.3g} s."
    )
    whole = float(area(aif.curve, aif.dt))
    if aif.mixed is not None:
        share = float(area(aif.mixed, aif.dt)) / whole
        told += f" As measured, with tissue in its voxels, it has {share:.2f} of the area."
    if aif.vein is not None:
        share = float(area(aif.vein.curve, aif.dt)) / whole
        late = time[aif.vein.curve.argmax()] - time[aif.curve.argmax()]
        told += (
            f" The vein ({aif.vein.line}) peaks {late:.3g} s later and has {share:.2f} of it as "
            "measured; whole, it would have all of it."
        )
    return told


def _concentration(maps: PerfusionMaps) -> Plot:
    curve, tissue = maps.aif.curve.astype(float), maps.tissue.astype(float)
    time = maps.series.dt * np.arange(curve.size)
    peak = float(np.nanmax(tissue)) if np.isfinite(tissue).any() else 0.0
    scale = float(f"{curve.max() / peak / 2:.2g}") if peak > 0 else 1.0
    unit = "TE·ΔR2*" if maps.relative else "ΔR2*, 1/s"
    return Plot(
        title="Arterial input, vein and mean tissue curve"
        if maps.aif.vein is not None
        else "Arterial input and mean tissue curve",
        told=_arterial_told(maps, time) if peak > 0 else "",
        x_label=TIME,
        y_label=unit,
        lines=[
            Line(label="arterial input", look="aif", x=time, y=curve),
            *_mixed(maps, time),
            *_vein(maps, time),
            Line(label=f"mean tissue × {scale:g}", look="tissue", x=time, y=scale * tissue),
        ],
        bands=[band for band in _bands(maps) if band.look == "baseline"],
    )


def _motion(maps: PerfusionMaps) -> tuple[Plot, ...]:
    """The head's six parameters and framewise displacement; nothing where it was not followed."""
    motion, facts = maps.series.motion, facts_of(maps).motion
    if motion is None or facts is None:
        return ()
    time, bands = _times(maps), _bands(maps)
    marks = tuple(time[motion.flagged].tolist())
    shifts, turns = (_pose(motion, time, bands, marks, turned) for turned in (False, True))
    displacement = Plot(
        title="Head motion from frame to frame",
        told=facts.between_frames,
        x_label=TIME,
        y_label="displacement, mm",
        lines=[Line(label="framewise displacement", look="motion", x=time, y=motion.displacement)],
        bands=bands,
        limit=motion.limit,
        marks=marks,
    )
    return shifts, turns, displacement


def _pose(
    motion: Motion,
    time: np.ndarray,
    bands: tuple[Band, ...],
    marks: tuple[float, ...],
    turned: bool,
) -> Plot:
    """Three shifts, or three turns, that were corrected."""
    values = motion.pose[:, 3:] if turned else motion.pose[:, :3]
    what, unit, axes = ("turn", "degrees", TURNS) if turned else ("shift", "mm", SHIFTS)
    most = max(SMALLEST, float(np.abs(values).max()))
    return Plot(
        title=f"Head motion that was corrected: {what}s",
        told=f"At most {np.abs(values).max():.2g} {unit} from the mean place.",
        x_label=TIME,
        y_label=f"{what}, {unit}",
        lines=[
            Line(label=name, look=f"axis{k}", x=time, y=values[:, k]) for k, name in enumerate(axes)
        ],
        bands=bands,
        from_zero=False,
        marks=marks,
        at_least=(-most, most),
    )
