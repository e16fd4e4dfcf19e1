"""How a patient's series is prepared: options as frozen objects, recorded in the result."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from bolus.data.errors import InputError
from bolus.data.leakage import LeakageModel

LIMIT = 1.0
"""mm of framewise displacement past which a frame is flagged. A jump within a frame that shows as
1 mm leaves an error of 0.7 % of the signal, a third of the noise at SNR 50 (docs/motion.md)."""


@dataclass(frozen=True, kw_only=True)
class MotionCorrection:
    """Rigid motion correction: every frame brought back to the mean pose of the head.

    Raises InputError for a limit that is not positive.
    """

    limit: float = LIMIT
    """mm of framewise displacement past which a frame is flagged as moved."""

    def __post_init__(self) -> None:
        if not self.limit > 0:
            raise InputError(f"the limit of motion must be positive mm, found {self.limit}")


@dataclass(frozen=True, kw_only=True)
class Censoring:
    """Censoring: samples that a method leaves out, or that are interpolated in time for it."""

    moved: bool = False
    """Frames in which the head moved past the limit of motion; else they count as any other."""


@dataclass(frozen=True, kw_only=True)
class LeakageCorrection:
    """Leakage correction: what contrast agent in the tissue took off the curves is added again."""

    use: bool | None = None
    """Whether; None: where a mask of the tumour is given."""
    model: str | LeakageModel = "free"
    """A name in ``bolus.patient.leakage.MODELS``, or a model."""

    @property
    def name(self) -> str:
        """The name of the model."""
        return self.model if isinstance(self.model, str) else self.model.name


@dataclass(frozen=True, kw_only=True)
class DriftCorrection:
    """Signal drift, slow and linear in time, removed where the series as a whole shows one."""

    use: bool = True
    """Whether it is looked for."""


@dataclass(frozen=True, kw_only=True)
class Unmixing:
    """Tissue that arterial voxels hold too, taken off the arterial input."""

    use: bool = True
    """Whether, where the input is the mean of voxels; else it stays as it was measured."""


HEMATOCRITS = (0.15, 0.7)
"""Lowest and highest haematocrit that is believed."""


@dataclass(frozen=True, kw_only=True)
class Blood:
    """The patient's blood. Raises InputError for a haematocrit that no patient has."""

    hematocrit: float | None = None
    """Share of cells in the blood of large vessels; None: the usual, 0.45."""

    def __post_init__(self) -> None:
        low, high = HEMATOCRITS
        if self.hematocrit is not None and not low <= self.hematocrit <= high:
            raise InputError(
                f"a haematocrit is a share between {low} and {high}, found {self.hematocrit:g}"
                + (" (is it in percent?)" if high < self.hematocrit <= 100 * high else "")
            )


@dataclass(frozen=True, kw_only=True)
class Burden:
    """Fractional tumour burden: thresholds of normalised rCBV between its three classes.

    Raises InputError for thresholds that do not rise from above 0.
    """

    low: float = 1.0
    """Below it a voxel counts as treatment effect."""
    high: float = 1.75
    """Above it as tumour; in between it is not decided."""
    source: str = "Iv et al., AJNR 2019"
    """Where the thresholds come from."""

    def __post_init__(self) -> None:
        if not 0 < self.low < self.high:
            raise InputError(
                f"thresholds of the tumour burden rise from above 0, found {self.low:g} and "
                f"{self.high:g}"
            )

    @property
    def sentence(self) -> str:
        """The thresholds with their source."""
        return (
            f"classes of normalised rCBV below {self.low:g} and above {self.high:g}, {self.source}"
        )


@dataclass(frozen=True, kw_only=True)
class StrokeThresholds:
    """Where the volumes of a stroke begin. Raises InputError for thresholds that make no sense.

    Source: Albers et al., N Engl J Med 2018;378:708 (DEFUSE 3); normal flow by Tmax below 4 s, and
    low flow only within late tissue: Chen et al., Front Neurol 2021;11:590766.
    """

    map: str = "tmax"
    """The map of times: 'tmax' or 'delay'."""
    late: tuple[float, ...] = (4.0, 6.0, 8.0, 10.0)
    """s: the times above which volumes are counted."""
    critical: float = 6.0
    """s, one of ``late``: tissue at risk, of which mismatch and low flow are counted."""
    severe: float = 10.0
    """s, one of ``late``: its volume over that of ``critical`` is the hypoperfusion index."""
    low_flow: tuple[float, ...] = (20.0, 30.0, 38.0)
    """% of normal flow below which volumes are counted."""
    core_flow: float = 30.0
    """% of normal flow, one of ``low_flow``: the core where no diffusion is given."""
    normal: float = 4.0
    """s: brain with less is normal."""
    adc: float = 620e-6
    """mm²/s below which brain is dead."""
    cluster: float = 3.0
    """mL: smaller clusters, of voxels that share a face, are left out."""

    def __post_init__(self) -> None:
        if self.map not in ("tmax", "delay"):
            raise InputError(f"the map of times is tmax or delay, found '{self.map}'")
        if not {self.critical, self.severe} <= set(self.late) or self.severe <= self.critical:
            raise InputError(
                f"the critical and the severe time are two of {self.late} s, in this order; found "
                f"{self.critical:g} and {self.severe:g}"
            )
        if self.core_flow not in self.low_flow or not all(0 < x < 100 for x in self.low_flow):
            raise InputError(
                f"shares of normal flow lie between 0 and 100 %, that of the core is one of them; "
                f"found {self.low_flow} and {self.core_flow:g}"
            )
        if not (min(self.late) > 0 and self.normal > 0 and 0 < self.adc < 3e-3):
            raise InputError(f"times and ADC (in mm²/s) of a stroke are positive, found {self}")
        if self.cluster < 0:
            raise InputError(f"a least cluster is 0 mL or more, found {self.cluster:g}")


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """What is done to a series and its curves, what is known of the blood in them, and how read.

    Raises InputError for frames to be censored for a motion that is not measured.
    """

    motion: MotionCorrection | None = MotionCorrection()
    """Motion correction, None for none."""
    censoring: Censoring = Censoring()
    drift: DriftCorrection = DriftCorrection()
    leakage: LeakageCorrection = LeakageCorrection()
    unmixing: Unmixing = Unmixing()
    blood: Blood = Blood()
    burden: Burden = Burden()
    stroke: StrokeThresholds | None = None
    """Where volumes of a stroke begin; None measures none, unless a map of diffusion is given."""

    def __post_init__(self) -> None:
        if self.censoring.moved and self.motion is None:
            raise InputError("frames that moved can be censored only where motion is measured")

    def as_json(self) -> dict[str, Any]:
        """For the summary of a result; limits in mm."""
        return {
            "motion_correction": None if self.motion is None else {"limit_mm": self.motion.limit},
            "censoring": {"moved_frames": self.censoring.moved},
            "drift_correction": {"use": self.drift.use},
            "leakage_correction": {"use": self.leakage.use, "model": self.leakage.name},
            "arterial_unmixing": {"use": self.unmixing.use},
            "blood": {"hematocrit": self.blood.hematocrit},
            "burden": asdict(self.burden),
            "stroke": None if self.stroke is None else asdict(self.stroke),
        }

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> "Preparation":
        """What ``as_json`` wrote, the leakage model by name. Raises InputError.

        What an earlier version wrote knows of no drift and no unmixing, and corrected neither,
        nor of a haematocrit.
        """
        try:
            motion, leakage = found["motion_correction"], found["leakage_correction"]
            return cls(
                motion=None if motion is None else MotionCorrection(limit=motion["limit_mm"]),
                censoring=Censoring(moved=found["censoring"]["moved_frames"]),
                drift=DriftCorrection(use=found.get("drift_correction", {"use": False})["use"]),
                leakage=LeakageCorrection(use=leakage["use"], model=leakage["model"]),
                unmixing=Unmixing(use=found.get("arterial_unmixing", {"use": False})["use"]),
                blood=Blood(**found.get("blood", {})),
                burden=Burden(**found.get("burden", {})),
                stroke=_stroke(found.get("stroke")),
            )
        except (KeyError, TypeError) as error:
            raise InputError(f"these are no options of a preparation: {found} ({error})") from error


def _stroke(found: Mapping[str, Any] | None) -> StrokeThresholds | None:
    """Thresholds as JSON has them, with lists for tuples."""
    if found is None:
        return None
    values: dict[str, Any] = {
        name: tuple(v) if isinstance(v, list) else v for name, v in found.items()
    }
    return StrokeThresholds(**values)


UNCORRECTED = Preparation(drift=DriftCorrection(use=False), leakage=LeakageCorrection(use=False))
"""Curves as they are measured, of a head whose motion is corrected."""

UNTOUCHED = replace(UNCORRECTED, motion=None)
"""Curves as they are measured, of a head as it moved."""

USUAL = Preparation()
"""Motion and drift correction, no frame censored, leakage correction where a tumour is given."""
