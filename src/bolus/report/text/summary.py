"""What goes beside the maps: sidecars and the summary."""

from collections.abc import Mapping
from importlib.metadata import version

import numpy as np

from bolus.base.about import NOTICE, software
from bolus.base.json import plain
from bolus.data import (
    AIF,
    Anatomy,
    FrameWindow,
    PerfusionMaps,
    Quality,
    Quantity,
    Vein,
    is_sd,
    quantity_of,
)
from bolus.findings.decisions import straddled
from bolus.findings.histogram import tumor_histogram
from bolus.io.checksums import mask_checksum
from bolus.physics import DENSITY, HEMATOCRIT_LARGE, plasma_ratio
from bolus.report.drift_facts import drift_facts, drift_lines
from bolus.report.echo import echo_times, echo_told
from bolus.report.facts import ArterialFacts, facts_of
from bolus.report.motion_facts import NOT_CORRECTED, motion_json, motion_provenance
from bolus.report.spike_facts import spike_facts, spike_lines
from bolus.report.verdict import DOUBTFUL, USELESS, graded

SD_DESCRIPTION = "Uncertainty: half the width of the central 68.27 % credible interval of"


def sidecar(maps: PerfusionMaps, name: str) -> dict[str, object]:
    """BIDS-like sidecar of one map; times in seconds."""
    quantity = quantity_of(name)
    told = quantity.described
    return {
        "Description": _sd_described(maps, quantity) if is_sd(name) else told,
        "Units": maps.units[name],
        **(
            {"RelativeValues": True, "RelativeReason": "echo time unknown"} if maps.relative else {}
        ),
        **(_blood(maps) if quantity.scaled and not maps.relative else {}),
        **_shared(maps, quantity),
        **_made_by(maps, quantity),
        **_provenance(maps),
    }


def _sd_described(maps: PerfusionMaps, quantity: Quantity) -> str:
    return f"{SD_DESCRIPTION} {quantity.name.upper()}: {quantity.described}" + (
        "; what all voxels share (CommonScaleSD) is in it" if quantity.name in maps.common else ""
    )


def _shared(maps: PerfusionMaps, quantity: Quantity) -> dict[str, object]:
    """SD of the log of what all voxels of a map are off by together; None for one not known."""
    if quantity.name in maps.common:
        return {"CommonScaleSD": maps.common[quantity.name]}
    return {"CommonScaleSD": maps.aif.scale_sd} if quantity.scaled else {}


def _blood(maps: PerfusionMaps) -> dict[str, object]:
    """The haematocrit of large vessels that absolute maps were scaled by, and the factor κ/ρ."""
    own = maps.preparation.blood.hematocrit
    usual = {"Hematocrit": HEMATOCRIT_LARGE, "HematocritAssumed": True}
    told = usual if own is None else {"Hematocrit": own, "HematocritAssumed": False}
    return {"KappaOverRho": plasma_ratio(own) / DENSITY, **told}


def mask_sidecar(maps: PerfusionMaps, description: str) -> dict[str, object]:
    """Sidecar of a mask."""
    return {"Description": description, **_provenance(maps)}


def quality_sidecar(maps: PerfusionMaps) -> dict[str, object]:
    """Sidecar of the quality map: the meaning of each bit."""
    bits = {str(bit.value): (bit.name or "").lower().replace("_", " ") for bit in Quality}
    made = _made_by(maps, quantity_of("misfit"))  # of which one bit says where it is high
    return {"Description": "Sum of bits, 0 is good", "Bits": bits, **made, **_provenance(maps)}


def aif_sidecar(maps: PerfusionMaps) -> dict[str, object]:
    """Sidecar of the arterial table: what it and its columns are."""
    about: dict[str, object] = {
        "Description": f"Arterial input; origin: {maps.aif.origin}",
        "time_s": {"Description": "Time from the first used frame", "Units": "s"},
    }
    if maps.aif.vein is not None:
        about["Vein"] = f"held against a vein: {maps.aif.vein.line}"
    if maps.relative:
        told = "Echo time times the change of R2*, for the echo time is unknown"
        return {**about, "te_delta_r2star": {"Description": told}}
    change = {"Description": "Change of the transverse relaxation rate R2*", "Units": "1/s"}
    return {**about, "delta_r2star_per_s": change}


def anatomy_sidecar(maps: PerfusionMaps, anatomy: Anatomy) -> dict[str, object]:
    """Sidecar of the anatomical image, and of the transform to it."""
    return {
        "Description": "Anatomical image that the series was registered to, and its transform: "
        "ITK's, which puts images of the series onto the anatomy",
        **_registration(anatomy),
        **_provenance(maps),
    }


def _registration(anatomy: Anatomy) -> dict[str, object]:
    """The transform of the series to the anatomy (RAS, mm), and its score."""
    score = anatomy.score
    return {
        "to_anatomy": anatomy.to_anatomy.tolist(),
        "shape": list(anatomy.grid.shape),
        "information_left": _number(score.kept),
        "parts_apart_mm": _number(score.apart),
        "misfit": _number(score.misfit),
        "travel_mm": _number(score.travel),
    }


def summary(maps: PerfusionMaps) -> dict[str, object]:
    """What a reader or a program wants to know of a result at a glance."""
    facts = facts_of(maps)
    histogram = tumor_histogram(maps)
    return {
        "software": software(),
        "notice": NOTICE,
        **({"label": maps.label} if maps.label else {}),
        "verdict": facts.verdict,
        "verdicts": [check.as_json() for check in facts.checks],
        "method": maps.method,
        "parameters": plain(maps.parameters),
        "units": maps.units,
        "relative": maps.relative,
        "echo_time_s": echo_times(maps.series),
        "repetition_time_s": maps.series.dt,
        "input": {
            "format": maps.series.source.format,
            "sha256": maps.series.source.checksum,
            "shape": list(maps.series.signal.shape),
        },
        "preparation": maps.preparation.as_json(),
        "leakage_model": None if maps.leakage_model is None else maps.leakage_model.name,
        "frames": _frames(maps.series.frames),
        "motion": motion_json(facts.motion, maps.flagged_frames),
        "drift": drift_facts(maps),
        "spikes": spike_facts(maps),
        "slice_times_s": _slice_times(maps.series.slice_times),
        "anatomy": None if maps.anatomy is None else _registration(maps.anatomy),
        "further_anatomies": [_registration(one) for one in maps.anatomies[1:]],
        "baseline_snr": _number(facts.snr),
        "bolus_depth": _number(facts.depth),
        "brain_voxels": facts.voxels,
        "regions": {name: {"sha256": mask_checksum(mask)} for name, mask in maps.rois.items()},
        "reference": None if maps.reference is None else maps.reference.as_json(),
        "aif": _arterial(maps.aif, facts.arterial),
        "common_sd": dict(maps.common),
        "quality_share": _numbers(facts.quality_share),
        "measurements": [number.as_json() for number in maps.measurements],
        "tumor_histogram": None if histogram is None else histogram.as_json(),
        "median": _numbers(facts.median),
        "median_relative_sd": _numbers(facts.median_relative_sd),
        "seconds": {step: round(value, 3) for step, value in maps.seconds.items()},
    }


def _arterial(aif: AIF, facts: ArterialFacts) -> dict[str, object]:
    """The arterial input without its curve, which has a table of its own."""
    return {
        "origin": facts.origin,
        "voxels": facts.voxels,
        "quality": None if facts.score is None else _number(facts.score.value),
        "peak": _number(facts.peak),
        "time_to_peak_s": facts.time_to_peak,
        "criteria": [] if facts.score is None else [one._asdict() for one in facts.score.criteria],
        "notes": list(facts.notes),
        "slice_time_s": aif.slice_time,
        "scale_sd": facts.scale_sd,
        "mixed": None if aif.mixed is None else aif.mixed.tolist(),
        "vein": None if facts.vein is None else _vein(facts.vein),
    }


def _vein(vein: Vein) -> dict[str, object]:
    """Whether it was marked by hand, and its voxels and curve."""
    return {
        "by_hand": vein.by_hand,
        "voxels": vein.voxels,
        "sha256": mask_checksum(vein.mask),
        "curve": vein.curve.tolist(),
    }


def _slice_times(late: np.ndarray | None) -> list[float] | None:
    return None if late is None else [round(float(seconds), 6) for seconds in late]


def _frames(frames: FrameWindow) -> dict[str, object]:
    """The frames that were used, and of which bolus."""
    return {
        "dropped_before_steady_state": frames.first,
        "bolus_onset": frames.onset,
        "stop": frames.stop,
        "boluses": 1 + len(frames.others),
        "bolus_used": frames.number,
        "other_onsets": list(frames.others),
    }


def closing_lines(maps: PerfusionMaps) -> list[str]:
    """What the command line says of a result: the facts that tell whether to trust it."""
    facts = facts_of(maps)
    score = facts.arterial.score
    lines = [
        f"series: {_series(maps)}",
        f"{facts.method} in {facts.voxels} brain voxels, {facts.frames} frames "
        f"({facts.dropped} dropped before steady state), baseline SNR {facts.snr:.0f}, "
        f"bolus depth {100 * facts.depth:.0f} %",
        f"arterial input: {facts.arterial.line}",
        *([] if facts.arterial.vein is None else [f"vein: {facts.arterial.vein.line}"]),
        f"head motion: {NOT_CORRECTED if facts.motion is None else facts.motion.figure}",
        *drift_lines(maps),
        *spike_lines(maps),
    ]
    if score is not None and score.value < DOUBTFUL:
        word = graded(score.value, DOUBTFUL, USELESS)
        lines.append(
            f"{word} arterial input: {score.weak_in}. Look at the picture, or mark arteries by "
            "hand (bolus view)"
        )
    if maps.reference is not None:
        lines.append(maps.reference.sentence)
    for number, anatomy in enumerate(maps.anatomies, 1):
        fit, name = anatomy.score, f" {number}" if len(maps.anatomies) > 1 else ""
        lines.append(
            f"anatomy{name}: registered, {fit.travel:.1f} mm from the headers' place; parts of the "
            f"brain lie {fit.apart:.1f} mm off, {100 * fit.kept:.0f} % of the mutual "
            "information are left 4 mm off"
        )
    if maps.relative:
        lines.append("echo time unknown: CBF and CBV are relative (give --te for absolute units)")
    return [*lines, *_undecided(maps), facts.verdict, NOTICE]


def _series(maps: PerfusionMaps) -> str:
    """Which series was taken: what it is, never what its headers call it."""
    series = maps.series
    number = "" if series.source.number is None else f" number {series.source.number}"
    told = echo_told(series)
    return (
        f"{series.source.format}{number}, {series.n_frames} frames of {series.grid.shape[2]} "
        f"slices, TR {series.dt:.3g} s, {told}"
    )


def _undecided(maps: PerfusionMaps) -> list[str]:
    """Numbers whose interval holds a limit at which a trial decided."""
    warned = ((one, straddled(one.measure, one.interval)) for one in maps.measurements)
    return [f"{one.about.title} ({one.region}): {text}" for one, text in warned if text]


def _made_by(maps: PerfusionMaps, quantity: Quantity) -> dict[str, object]:
    """The method and the leakage model of a map that was made with them."""
    method = {"Method": maps.method, "MethodParameters": plain(maps.parameters)}
    model = maps.leakage_model if quantity.corrected else None
    return {
        **(method if quantity.estimated else {}),
        **({} if model is None else {"LeakageModel": model.name}),
    }


def _provenance(maps: PerfusionMaps) -> dict[str, object]:
    return {
        **motion_provenance(maps),
        "SliceTimingCorrected": maps.series.slice_times is not None,
        "DriftCorrected": maps.series.drift is not None,
        "CensoredSpikes": int(maps.series.spoilt.sum()),
        "EchoTime": echo_times(maps.series),
        "RepetitionTime": maps.series.dt,
        "SoftwareName": "bolus",
        "SoftwareVersion": version("bolus"),
        "InputChecksum": maps.series.source.checksum,
    }


def _number(value: float) -> float | None:
    return float(f"{value:.6g}") if np.isfinite(value) else None


def _numbers(values: Mapping[str, float]) -> dict[str, float | None]:
    return {name: _number(value) for name, value in values.items()}
