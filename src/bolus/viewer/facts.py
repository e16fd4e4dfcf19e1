"""What the page receives of a view before any voxel is chosen."""

from collections.abc import Mapping

import numpy as np

from bolus.base.about import NOTICE
from bolus.data import AIF, ArterialScore, Grid, Vein
from bolus.estimators.explain import LEVELS
from bolus.physics import area
from bolus.report.facts import arterial_facts
from bolus.report.figures.mosaic import pixel_aspect, through
from bolus.report.motion_facts import moved_bands
from bolus.report.page.numbers import number_lines
from bolus.report.rims import RIMS
from bolus.viewer.panels import PALETTES, concentration, ramps, shown
from bolus.viewer.view import View


def facts(view: View, title: str, method: str) -> dict[str, object]:
    """Everything about a view but its volumes and single voxels."""
    volumes = shown(view)
    return {
        "notice": NOTICE,
        "title": title,
        "label": "" if view.maps is None else view.maps.label,
        "method": method,
        "version": view.version,
        "made": view.result is not None,
        "leakage": None
        if view.maps is None
        else view.maps.leakage_model and view.maps.leakage_model.name,
        "relative": view.series.relative,
        "echo_time": view.series.te,
        "frame_interval": view.series.dt,
        "frames": view.series.n_frames,
        "voxels": int(view.brain.sum()),
        "space": space(view.series.grid, view.brain),
        "volumes": volumes,
        "ramps": ramps({*(volume["colours"] for volume in volumes), *PALETTES}),
        "palettes": [{"name": name, "title": title} for name, title in PALETTES.items()],
        "time": view.curves.time,
        "flagged": flagged(view),
        "tissue": view.curves.mean,
        "concentration": concentration(view),
        "aif": None if view.result is None else arterial(view.result.aif),
        "levels": LEVELS,
        "anatomies": len(view.anatomies),
        "regions": {name: int(mask.sum()) for name, mask in view.regions.items()},
        "found": found(view),
        "numbers": numbers(view),
    }


def numbers(view: View) -> list[dict[str, str]]:
    """What was measured in the regions of the maps, in the words and digits of the report."""
    measured = () if view.maps is None else view.maps.measurements
    return [line._asdict() for line in number_lines(measured)]


def found(view: View) -> list[dict[str, object]]:
    """Regions that were found in the maps: what they are, the colour of their rims, voxels, mL."""
    return [
        {
            "name": name,
            "word": RIMS[name].word,
            "meaning": RIMS[name].meaning,
            "colour": "#" + bytes(RIMS[name].colour).hex(),
            "voxels": int(mask.sum()),
            "volume": view.series.grid.voxel_ml * int(mask.sum()),
        }
        for name, mask in view.found.items()
    ]


def flagged(view: View) -> dict[str, object]:
    """Times in s of used frames in which the head moved too much, and what that means in words."""
    times = view.curves.time[view.series.moved_frames]
    return {"times": times, "words": moved_bands(view.series, view.maps)}


def concerns(score: ArterialScore | None) -> list[str]:
    """What speaks against an arterial input, in words; empty for one without a score."""
    return [] if score is None else [one.explanation or one.sentence for one in score.concerns]


def _said(aif: AIF) -> list[str]:
    """How an arterial input was made, and what does not speak against it."""
    criteria = () if aif.score is None else aif.score.criteria
    return [*aif.notes, *(one.sentence for one in criteria if not one.concern)]


def arterial(aif: AIF) -> dict[str, object]:
    """An arterial input; peak in the curves' unit, time to peak in s, area in their product."""
    facts = arterial_facts(aif)
    return {
        "origin": facts.origin,
        "curve": aif.curve,
        "voxels": facts.voxels,
        "quality": aif.quality,
        "concerns": concerns(aif.score),
        "notes": _said(aif),
        "peak": facts.peak,
        "area": float(area(aif.curve, aif.dt)),
        "time_to_peak": facts.time_to_peak,
        "mixed": aif.mixed,
        "vein": None if facts.vein is None else venous(facts.vein, aif.dt),
    }


def venous(vein: Vein, dt: float) -> dict[str, object]:
    """A vein in words, with its curve; area in the curves' unit times s."""
    return {"words": vein.line, "curve": vein.curve, "area": float(area(vein.curve, dt))}


def space(grid: Grid, brain: np.ndarray) -> Mapping[str, object]:
    """How voxel numbers, counted in C order, lie in the patient.

    Along the three directions nearest to right, anterior and superior a voxel's number grows by
    ``steps`` from ``origin``; ``sizes`` are their lengths in voxels, ``through`` is the direction
    across slices and ``box`` (first, last) the extent of the brain along each. ``spacing`` is the
    distance of voxels in mm along each, ``aspect`` the height of a slice's pixel over its width.
    """
    numbers = grid.to_ras(np.arange(brain.size).reshape(grid.shape))
    inside = grid.to_ras(brain)
    first = numbers[0, 0, 0]
    corners = (numbers[1:2, 0, 0], numbers[0, 1:2, 0], numbers[0, 0, 1:2])
    return {
        "shape": grid.shape,
        "affine": grid.affine,
        "sizes": numbers.shape,
        "origin": first,
        "steps": [int(next_[0] - first) if next_.size else 0 for next_ in corners],
        "through": through(numbers.shape),
        "aspect": pixel_aspect(grid),
        "spacing": _spacing(grid),
        "box": [_extent(np.asarray(inside.any(axis=a))) for a in ((1, 2), (0, 2), (0, 1))],
    }


def _spacing(grid: Grid) -> list[float]:
    size = np.array(grid.voxel_size)
    order = [int(np.argmax(np.abs(row))) for row in grid.affine[:3, :3] / size]
    return [float(size[axis]) for axis in order]


def _extent(touched: np.ndarray) -> tuple[int, int]:
    index = np.flatnonzero(touched)
    return int(index[0]), int(index[-1])
