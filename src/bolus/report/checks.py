"""What was measured of a patient's maps, each with its word."""

import numpy as np

from bolus.data import PerfusionMaps, Quality
from bolus.preprocess import explained_share, negligible
from bolus.report.alarms import alarms, much_saturated, saturated_share
from bolus.report.drift_facts import NOT_LOOKED, drift_figure, removed
from bolus.report.earlier import residual_shift
from bolus.report.echo import echo_told
from bolus.report.motion_facts import NOT_CORRECTED, MotionFacts
from bolus.report.spike_facts import spike_figure
from bolus.report.verdict import (
    BASELINE_GOOD,
    BASELINE_POOR,
    DEPTH_GOOD,
    DEPTH_POOR,
    DOUBTFUL,
    DRIFT_GOOD,
    DRIFT_POOR,
    DROPPED_MOST,
    FAR,
    FLAGGED_POOR,
    MISFIT,
    MISFIT_GOOD,
    MISFIT_POOR,
    SILENT_GOOD,
    SILENT_POOR,
    SNR_GOOD,
    SNR_POOR,
    SPOILT_POOR,
    SPREAD_GOOD,
    SPREAD_POOR,
    TIMED_FROM,
    USELESS,
    Check,
    Word,
    graded,
)


def checks(maps: PerfusionMaps, motion: MotionFacts | None) -> tuple[Check, ...]:
    """Everything that is checked, from the steady state to the unit."""
    return (
        _steady_state(maps),
        _boluses(maps),
        _snr(maps),
        _depth(maps),
        _motion(maps, motion),
        _drift(maps),
        _spikes(maps),
        _slice_timing(maps),
        _artery(maps),
        *alarms(maps),
        _fit(maps),
        _spread(maps),
        _silent(maps),
        _unit(maps),
    )


def _steady_state(maps: PerfusionMaps) -> Check:
    frames = maps.series.frames
    steady = frames.onset - frames.first
    word = graded(steady, BASELINE_GOOD, BASELINE_POOR)
    if frames.first > DROPPED_MOST and frames.number == 1 and word is Word.GOOD:
        word = Word.DOUBTFUL
    return _told(
        "Steady state",
        word,
        f"{_frames(frames.first)} dropped, then {_frames(steady)} of baseline",
        {
            Word.GOOD: "The baseline is steady and long enough.",
            Word.DOUBTFUL: "A short or late baseline: its error is in every curve.",
            Word.POOR: "Hardly any baseline: its error shifts every curve, and CBV with it.",
        }[word],
    )


def _boluses(maps: PerfusionMaps) -> Check:
    frames = maps.series.frames
    if not frames.others:
        return _told("Boluses", Word.GOOD, "one", "The series holds a single bolus.")
    later = ""
    if frames.number > 1:
        later = (
            f" Its baseline holds what was left of the agent given before, and is "
            f"{residual_shift(maps):+.1f} % of the signal off that before it; this cancels out as "
            "far as it no longer changed."
        )
    return _told(
        "Boluses",
        Word.DOUBTFUL,
        f"{1 + len(frames.others)} pass, number {frames.number} is used (frames {frames.first} to "
        f"{frames.stop - 1}, counted from 0)",
        f"The maps are of one of several boluses: check that they were meant to be.{later}",
    )


def _snr(maps: PerfusionMaps) -> Check:
    word = graded(maps.baseline_snr, SNR_GOOD, SNR_POOR)
    return _told(
        "Baseline SNR",
        word,
        f"{maps.baseline_snr:.0f}",
        {
            Word.GOOD: "Single voxels can be read, within their uncertainty.",
            Word.DOUBTFUL: "Noisy: means of regions are safer than single voxels.",
            Word.POOR: "Noise rules single voxels: read means of regions only.",
        }[word],
    )


def _depth(maps: PerfusionMaps) -> Check:
    word = graded(maps.bolus_depth, DEPTH_GOOD, DEPTH_POOR)
    return _told(
        "Bolus depth",
        word,
        f"{100 * maps.bolus_depth:.0f} % of the mean signal",
        {
            Word.GOOD: "The bolus stands well out of the noise.",
            Word.DOUBTFUL: "A shallow bolus: a low dose, a slow injection or a short echo time.",
            Word.POOR: "Hardly a bolus: the maps are mostly noise where blood volume is low.",
        }[word],
    )


def _motion(maps: PerfusionMaps, motion: MotionFacts | None) -> Check:
    if motion is None:
        return _told("Head motion", Word.NONE, NOT_CORRECTED,
                     "Motion was neither measured nor corrected: look at the curves.")  # fmt: skip
    word = graded(-len(motion.flagged) / max(1, motion.frames), 0, -FLAGGED_POOR)
    figure, away = motion.figure, motion.away
    if word is Word.GOOD and away > FAR:
        return _told("Head motion", Word.DOUBTFUL, figure,
                     "The head wandered far. It is brought back, but not what left the slices; "
                     "look at the outer ones and at the arterial input.")  # fmt: skip
    still = away <= negligible(maps.series.grid)
    return _told(
        "Head motion",
        word,
        figure,
        {
            Word.GOOD: "The head lay still." if still else "The head moved and is brought back.",
            Word.DOUBTFUL: "The head moved in a few frames: look whether the bolus is among them.",
            Word.POOR: "The head moved often: what correction cannot put back is in the curves.",
        }[word],
    )


def _drift(maps: PerfusionMaps) -> Check:
    if maps.series.drift is None:
        return _told("Signal drift", Word.NONE, NOT_LOOKED,
                     "Drift was not looked for: the ends of the curves may show one.")  # fmt: skip
    low, _, high = removed(maps)
    word = graded(-max(-low, high), -DRIFT_GOOD, -DRIFT_POOR)
    return _told(
        "Signal drift",
        word,
        drift_figure(maps),
        {
            Word.GOOD: "The signal holds its level.",
            Word.DOUBTFUL: "The signal drifted and is corrected, as if linear in time: CBV depends "
            "on that most.",
            Word.POOR: "The signal drifted by more than blood takes of it in white matter: CBV "
            "rests on its correction.",
        }[word],
    )


def _spikes(maps: PerfusionMaps) -> Check:
    most = float(maps.series.spoilt.mean(axis=1).max())
    word = graded(-most, 0, -SPOILT_POOR)
    return _told(
        "Spikes and dropouts",
        word,
        spike_figure(maps),
        {
            Word.GOOD: "No slice of a frame is unlike the others.",
            Word.DOUBTFUL: "Slices of single frames were spoilt. They are left out or interpolated "
            "in time: look at the maps of these slices.",
            Word.POOR: "A slice was spoilt in many frames: its maps rest on what is interpolated.",
        }[word],
    )


def _slice_timing(maps: PerfusionMaps) -> Check:
    times, dt, name = maps.series.slice_times, maps.series.dt, "Slice timing"
    if times is not None:
        apart = float(times.max() - times.min())
        figure = f"corrected, slices over {apart:.2f} s" if apart else "all slices at once"
        return _told(name, Word.GOOD, figure, "Times are those of every slice.")
    if maps.series.grid.shape[2] == 1:
        return _told(name, Word.GOOD, "a single slice", "Its times are all alike.")
    return _told(
        name,
        Word.DOUBTFUL if dt >= TIMED_FROM else Word.GOOD,
        f"unknown, TR {dt:.3g} s",
        "From slice to slice delay, Tmax and TTP may be off by up to the repetition time: a "
        "sidecar's SliceTiming corrects them.",
    )


def _artery(maps: PerfusionMaps) -> Check:
    aif = maps.aif
    voxels = "" if aif.mask is None else f", {int(aif.mask.sum())} voxels"
    if aif.score is None:
        return _told("Arterial input", Word.NONE, f"{aif.origin}{voxels}",
                     "A curve from outside: its errors scale all of CBF and CBV.")  # fmt: skip
    word = graded(aif.score.value, DOUBTFUL, USELESS)
    quality = f"quality {aif.score.value:.2f} of 1"
    lost = saturated_share(aif)
    if word is Word.GOOD and much_saturated(aif):
        return _told(
            "Arterial input",
            Word.DOUBTFUL,
            f"{quality}, {100 * lost:.0f} % of voxels saturated ({aif.origin}{voxels})",
            "Its peak is lost in noise, so that it is higher than it looks: all of CBF and CBV is "
            "too high.",
        )
    if word is Word.GOOD and aif.mask is not None and aif.mixed is None:
        word = Word.DOUBTFUL
        meaning = (
            "Early, high and narrow, as an artery should be. Tissue in its voxels may yet have "
            "taken much of it, which makes all of CBF and CBV too high."
        )
    elif word is Word.GOOD:
        meaning = "Early, high and narrow, as an artery should be." + (
            "" if aif.mixed is None else " The tissue that its voxels hold too was taken off."
        )
    else:
        meaning = f"Scales all of CBF and CBV; weak in: {aif.score.weak_in or 'its score'}."
    return _told("Arterial input", word, f"{quality} ({aif.origin}{voxels})", meaning)


def _spread(maps: PerfusionMaps) -> Check:
    """The median SD of CBF as a share of it, what all voxels share with it."""
    name = "Uncertainty of CBF"
    if "cbf" not in maps.sd:
        return _told(name, Word.NONE, f"{maps.method} gives none",
                     "The method does not say how sure its values are.")  # fmt: skip
    with np.errstate(divide="ignore", invalid="ignore"):
        share = (maps.sd["cbf"] / maps.cbf)[maps.mask]
    known = share[np.isfinite(share) & (share > 0)]
    if not known.size:
        return _told(name, Word.POOR, "no voxel has one", "No value is known to be sure.")
    median = float(np.median(known))
    word = graded(-median, -SPREAD_GOOD, -SPREAD_POOR)
    return _told(
        name,
        word,
        f"SD of a voxel {100 * median:.0f} % of its value (median)",
        {
            Word.GOOD: "Grey and white matter are told apart voxel by voxel.",
            Word.DOUBTFUL: "Single voxels of grey and white matter overlap: read means of regions.",
            Word.POOR: "Single voxels say next to nothing: read means of large regions only.",
        }[word],
    )


def _fit(maps: PerfusionMaps) -> Check:
    inside = maps.misfit[maps.mask]
    known = inside[np.isfinite(inside)]
    if not known.size:
        return _told("Model fit", Word.POOR, "no voxel has a fit", "Nothing was explained.")
    share = float((known > MISFIT).mean())
    word = graded(-share, -MISFIT_GOOD, -MISFIT_POOR)
    return _told(
        "Model fit",
        word,
        f"{_percent(share)} of voxels with misfit over {MISFIT:g}{_explained(maps, known)}",
        {
            Word.GOOD: "The model explains the curves.",
            Word.DOUBTFUL: "Look at the misfit map: there, values and their SD promise too much.",
            Word.POOR: "The model does not explain many curves: motion, or a wrong arterial input.",
        }[word],
    )


def _explained(maps: PerfusionMaps, misfit: np.ndarray) -> str:
    """The share of voxels at their noise beside a perfect model's, where a model was fitted."""
    if not maps.sd:
        return ""
    frames = maps.series.frames
    perfect = explained_share(frames.stop - frames.first, frames.onset - frames.first)
    share = float((misfit <= 1).mean())
    return f", {_percent(share)} of at most 1 (of a perfect model {_percent(perfect)})"


def _silent(maps: PerfusionMaps) -> Check:
    missing = np.uint8(Quality.NO_BOLUS | Quality.NON_FINITE)
    inside = maps.quality[maps.mask]
    share = float(((inside & missing) != 0).mean()) if inside.size else 1.0
    word = graded(-share, -SILENT_GOOD, -SILENT_POOR)
    return _told(
        "Voxels without bolus",
        word,
        f"{_percent(share)} of the brain mask",
        {
            Word.GOOD: "Times are mapped nearly everywhere.",
            Word.DOUBTFUL: "Times are missing in many voxels: fluid, low flow or noise.",
            Word.POOR: "Times are missing in much of the brain mask: look at it, and at the bolus.",
        }[word],
    )


def _unit(maps: PerfusionMaps) -> Check:
    if maps.series.te is None:
        return _told("Units", Word.DOUBTFUL, "relative, echo time unknown",
                     "CBF and CBV compare within this patient only.")  # fmt: skip
    sd = maps.aif.scale_sd
    known = "is not known how well" if sd is None else f"is known to ±{100 * sd:.0f} % (SD)"
    return _told("Units", Word.GOOD, f"absolute, {echo_told(maps.series)}",
                 "CBF and CBV scale with the arterial input. That scale, common to all voxels, "
                 f"{known}; it is in the SD of both, and cancels in ratios.")  # fmt: skip


def _told(name: str, word: Word, figure: str, meaning: str) -> Check:
    return Check(name=name, word=word, figure=figure, meaning=meaning)


def _frames(count: int) -> str:
    return f"{count} frame" if count == 1 else f"{count} frames"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share < 0.1 else f"{100 * share:.0f} %"
