"""What is known of a result, built once from its maps: every output renders these facts."""

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from bolus.data import AIF, ArterialScore, PerfusionMaps, Quality, Vein
from bolus.report.checks import checks
from bolus.report.motion_facts import MotionFacts, motion_facts
from bolus.report.verdict import Check, Word, lead, worst


@dataclass(frozen=True, kw_only=True)
class ArterialFacts:
    """The arterial input: ``peak`` in the curves' unit, ``time_to_peak`` in s, voxels averaged."""

    origin: str
    voxels: int
    score: ArterialScore | None
    peak: float
    time_to_peak: float
    notes: tuple[str, ...]
    scale_sd: float | None
    """SD of the log of what CBF and CBV are all off by together; None where it is not known."""
    vein: Vein | None
    """The vein that the input was held against, None for none."""

    @property
    def line(self) -> str:
        """Origin, voxels and score in one line."""
        voxels = f" from {self.voxels} voxels" if self.voxels else ""
        score = "" if self.score is None else f", quality {self.score.value:.2f}"
        return f"{self.origin}{voxels}{score}"


@dataclass(frozen=True, kw_only=True)
class ResultFacts:
    """The facts of a result: what was measured of its series and maps, and the word for each.

    ``snr`` of the baseline, ``depth`` of the bolus as a share, ``quality_share`` of the brain by
    the name of a Quality bit, ``median`` of every map in its unit (NaN for none), and for CBF, CBV
    and MTT the median of SD over value.
    """

    method: str
    voxels: int
    frames: int
    dropped: int
    snr: float
    depth: float
    relative: bool
    motion: MotionFacts | None
    arterial: ArterialFacts
    checks: tuple[Check, ...]
    quality_share: dict[str, float]
    median: dict[str, float]
    median_relative_sd: dict[str, float]

    @property
    def verdict(self) -> str:
        """All checks in one sentence."""
        return lead(self.checks)

    @property
    def overall(self) -> Word:
        """The worst word of all checks."""
        return worst(self.checks)


_KNOWN: WeakKeyDictionary[PerfusionMaps, ResultFacts] = WeakKeyDictionary()


def facts_of(maps: PerfusionMaps) -> ResultFacts:
    """The facts of a result; those of the same maps are built once."""
    if maps not in _KNOWN:
        _KNOWN[maps] = _facts(maps)
    return _KNOWN[maps]


def arterial_facts(aif: AIF) -> ArterialFacts:
    """The facts of an arterial input."""
    return ArterialFacts(
        origin=aif.origin,
        voxels=0 if aif.mask is None else int(aif.mask.sum()),
        score=aif.score,
        peak=float(aif.curve.max()),
        time_to_peak=float(aif.curve.argmax() * aif.dt),
        notes=aif.notes,
        scale_sd=aif.scale_sd,
        vein=aif.vein,
    )


def _facts(maps: PerfusionMaps) -> ResultFacts:
    inside = maps.quality[maps.mask]
    motion = motion_facts(maps)
    return ResultFacts(
        method=maps.method,
        voxels=int(maps.mask.sum()),
        frames=maps.series.n_frames,
        dropped=maps.series.frames.first,
        snr=maps.baseline_snr,
        depth=maps.bolus_depth,
        relative=maps.relative,
        motion=motion,
        arterial=arterial_facts(maps.aif),
        checks=checks(maps, motion),
        quality_share={
            (bit.name or "").lower(): float(((inside & np.uint8(bit)) != 0).mean())
            for bit in Quality
            if bit is not Quality.OUTSIDE_MASK
        },
        median={name: _median(maps.volume(name)) for name in maps.units},
        median_relative_sd={
            name: _median(maps.sd[name] / maps.volume(name))
            for name in ("cbf", "cbv", "mtt")
            if name in maps.sd
        },
    )


def _median(volume: np.ndarray) -> float:
    finite = volume[np.isfinite(volume)]
    return float(np.median(finite)) if finite.size else float("nan")
