"""What goes beside the maps: sidecars and the summary."""

from importlib.metadata import version

import numpy as np

from bolus.base.json import plain
from bolus.data import PerfusionMaps, Quality, is_sd, quantity_of
from bolus.notice import NOTICE
from bolus.physics import DENSITY, KAPPA
from bolus.report.checks import checks
from bolus.report.motion_facts import motion_facts, motion_line, motion_provenance
from bolus.report.spike_facts import spike_facts, spike_lines
from bolus.report.verdict import DOUBTFUL, lead

SD_DESCRIPTION = "Uncertainty: half the width of the central 68.27 % credible interval of"


def software() -> str:
    """Name and version, as written into every file."""
    return f"bolus {version('bolus')}"


def sidecar(maps: PerfusionMaps, name: str) -> dict[str, object]:
    """BIDS-like sidecar of one map; times in seconds."""
    quantity = quantity_of(name)
    told = quantity.described
    return {
        "Description": f"{SD_DESCRIPTION} {quantity.name.upper()}: {told}" if is_sd(name) else told,
        "Units": maps.units[name],
        **(
            {"RelativeValues": True, "RelativeReason": "echo time unknown"} if maps.relative else {}
        ),
        **({"KappaOverRho": KAPPA / DENSITY} if quantity.scaled and not maps.relative else {}),
        **_provenance(maps),
    }


def mask_sidecar(maps: PerfusionMaps, description: str) -> dict[str, object]:
    """Sidecar of a mask."""
    return {"Description": description, **_provenance(maps)}


def quality_sidecar(maps: PerfusionMaps) -> dict[str, object]:
    """Sidecar of the quality map: the meaning of each bit."""
    bits = {str(bit.value): (bit.name or "").lower().replace("_", " ") for bit in Quality}
    return {"Description": "Sum of bits, 0 is good", "Bits": bits, **_provenance(maps)}


def aif_sidecar(maps: PerfusionMaps) -> dict[str, object]:
    """Sidecar of the arterial table: what it and its columns are."""
    about = {
        "Description": f"Arterial input; origin: {maps.aif.origin}",
        "time_s": {"Description": "Time from the first used frame", "Units": "s"},
    }
    if maps.relative:
        told = "Echo time times the change of R2*, for the echo time is unknown"
        return {**about, "te_delta_r2star": {"Description": told}}
    change = {"Description": "Change of the transverse relaxation rate R2*", "Units": "1/s"}
    return {**about, "delta_r2star_per_s": change}


def summary(maps: PerfusionMaps) -> dict[str, object]:
    """What a reader or a program wants to know of a result at a glance."""
    frames = maps.series.frames
    inside = int(maps.mask.sum())
    return {
        "software": software(),
        "notice": NOTICE,
        "verdict": lead(checks(maps)),
        "verdicts": [check.as_json() for check in checks(maps)],
        "method": maps.method,
        "parameters": plain(maps.parameters),
        "units": maps.units,
        "relative": maps.relative,
        "echo_time_s": maps.series.te,
        "repetition_time_s": maps.series.dt,
        "input": {
            "format": maps.series.source.format,
            "sha256": maps.series.source.checksum,
            "shape": list(maps.series.signal.shape),
        },
        "preparation": maps.preparation.as_json(),
        "leakage_model": None if maps.leakage_model is None else maps.leakage_model.name,
        "frames": {
            "dropped_before_steady_state": frames.first,
            "bolus_onset": frames.onset,
            "stop": frames.stop,
            "boluses": 1 + len(frames.others),
            "bolus_used": frames.number,
            "other_onsets": list(frames.others),
        },
        "motion": motion_facts(maps),
        "spikes": spike_facts(maps),
        "slice_times_s": None
        if maps.series.slice_times is None
        else [round(float(late), 6) for late in maps.series.slice_times],
        "baseline_snr": _number(maps.baseline_snr),
        "bolus_depth": _number(maps.bolus_depth),
        "brain_voxels": inside,
        "aif": {
            "origin": maps.aif.origin,
            "voxels": 0 if maps.aif.mask is None else int(maps.aif.mask.sum()),
            "quality": None if maps.aif.quality is None else _number(maps.aif.quality),
            "peak": _number(float(maps.aif.curve.max())),
            "time_to_peak_s": float(maps.aif.curve.argmax() * maps.series.dt),
            "criteria": []
            if maps.aif.score is None
            else [one._asdict() for one in maps.aif.score.criteria],
            "notes": list(maps.aif.notes),
            "slice_time_s": maps.aif.slice_time,
        },
        "quality_share": {
            (bit.name or "").lower(): _number(
                float(((maps.quality[maps.mask] & np.uint8(bit)) != 0).mean())
            )
            for bit in Quality
            if bit is not Quality.OUTSIDE_MASK
        },
        "median": {name: _median(maps.volume(name)) for name in maps.units},
        "median_relative_sd": {
            name: _median(maps.sd[name] / maps.volume(name))
            for name in ("cbf", "cbv", "mtt")
            if name in maps.sd
        },
        "seconds": {step: round(value, 3) for step, value in maps.seconds.items()},
    }


def closing_lines(maps: PerfusionMaps) -> list[str]:
    """What the command line says of a result: the facts that tell whether to trust it."""
    dropped, aif = maps.series.frames.first, maps.aif
    voxels = "" if aif.mask is None else f" from {int(aif.mask.sum())} voxels"
    score = "" if aif.quality is None else f", quality {aif.quality:.2f}"
    lines = [
        f"{maps.method} in {int(maps.mask.sum())} brain voxels, {maps.series.n_frames} frames "
        f"({dropped} dropped before steady state), baseline SNR {maps.baseline_snr:.0f}, "
        f"bolus depth {100 * maps.bolus_depth:.0f} %",
        f"arterial input: {aif.origin}{voxels}{score}",
        motion_line(maps),
        *spike_lines(maps),
    ]
    if aif.score is not None and aif.score.value < DOUBTFUL:
        lines.append(
            f"doubtful arterial input: {aif.score.weak_in}. Look at the picture, or mark "
            "arteries by hand (bolus view)"
        )
    if maps.relative:
        lines.append("echo time unknown: CBF and CBV are relative (give --te for absolute units)")
    return [*lines, NOTICE]


def _provenance(maps: PerfusionMaps) -> dict[str, object]:
    return {
        "Method": maps.method,
        "MethodParameters": plain(maps.parameters),
        **({} if maps.leakage_model is None else {"LeakageModel": maps.leakage_model.name}),
        **motion_provenance(maps),
        "SliceTimingCorrected": maps.series.slice_times is not None,
        "CensoredSpikes": int(maps.series.spoilt.sum()),
        "EchoTime": maps.series.te,
        "RepetitionTime": maps.series.dt,
        "SoftwareName": "bolus",
        "SoftwareVersion": version("bolus"),
        "InputChecksum": maps.series.source.checksum,
    }


def _number(value: float) -> float | None:
    return float(f"{value:.6g}") if np.isfinite(value) else None


def _median(volume: np.ndarray) -> float | None:
    finite = volume[np.isfinite(volume)]
    return _number(float(np.median(finite))) if finite.size else None
