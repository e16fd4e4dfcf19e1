"""What made a page: enough to make it again, and nothing that names a patient or a path."""

import json
import platform
from importlib.metadata import PackageNotFoundError, version

from bolus.assets import NIIVUE
from bolus.base.about import software
from bolus.data import AIF, PerfusionMaps
from bolus.report.drift_facts import drift_figure
from bolus.report.echo import echo_told
from bolus.report.facts import facts_of
from bolus.report.motion_facts import NOT_CORRECTED

LIBRARIES = ("numpy", "scipy", "nibabel", "pydicom", "SimpleITK", "matplotlib", "torch")


def provenance(maps: PerfusionMaps) -> dict[str, str]:
    """Name of a fact → the fact; what a step took is not among them, for it never is the same."""
    series = maps.series
    size = " × ".join(f"{edge:.4g}" for edge in series.grid.voxel_size)
    facts = {
        "Software": software(),
        "Input": f"{series.source.format}, {' × '.join(str(n) for n in series.signal.shape)}, "
        f"voxels {size} mm",
        "SHA-256 of the input": series.source.checksum or "none: an array in memory",
        "Echo time": echo_told(series),
        "Repetition time": f"{series.dt:g} s",
        "Frames": _frames(maps),
        "Motion correction": _motion(maps),
        "Signal drift": drift_figure(maps),
        "Arterial input": _arterial(maps.aif),
        "Vein": "none" if maps.aif.vein is None else maps.aif.vein.line,
        "Leakage model": "none" if maps.leakage_model is None else maps.leakage_model.name,
        "Method": f"{maps.method} {_parameters(maps)}".strip(),
    }
    checksum = maps.parameters.get("checksum")
    facts |= {"SHA-256 of the weights": checksum} if isinstance(checksum, str) else {}
    if "weights_file" in maps.parameters:
        facts["Weights"] = str(maps.parameters["weights_file"])
        facts["SHA-256 of the weights' file"] = str(maps.parameters["weights_file_sha256"])
    return {**facts, "Libraries": _libraries(), "Seconds of each step": "in summary.json"}


def _frames(maps: PerfusionMaps) -> str:
    frames = maps.series.frames
    return (
        f"counted from 0: steady from {frames.first}, bolus from {frames.onset}, used up to and "
        f"without {frames.stop}, of {maps.series.n_frames}"
    )


def _motion(maps: PerfusionMaps) -> str:
    motion = facts_of(maps).motion
    return NOT_CORRECTED if motion is None else motion.figure


def _arterial(aif: AIF) -> str:
    """Its origin, how it was made, and every criterion of its score."""
    criteria = () if aif.score is None else aif.score.criteria
    said = [f"{one.sentence} (a concern)" if one.concern else one.sentence for one in criteria]
    return f"{aif.origin}; {'; '.join([*aif.notes, *said]) or 'no notes'}"


WEIGHTS = ("checksum", "weights_file", "weights_file_sha256")
"""Parameters that have lines of their own."""


def _parameters(maps: PerfusionMaps) -> str:
    plain = {key: value for key, value in maps.parameters.items() if key not in WEIGHTS}
    return json.dumps(plain, ensure_ascii=False, default=str) if plain else ""


def _libraries() -> str:
    found = [f"Python {platform.python_version()}"]
    for name in LIBRARIES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return ", ".join([*found, f"niivue {NIIVUE}"])
