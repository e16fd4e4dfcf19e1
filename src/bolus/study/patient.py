"""One patient at one SNR: every method's maps, and the ratio of tumour to white matter."""

import math
import time
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from bolus.base.json import plain
from bolus.data import BolusError, DSCSeries, InputError, MaskError, PreparedSeries
from bolus.estimators import Estimator, estimator
from bolus.grading import RoiRatio, roi_ratio
from bolus.io import read_map, read_mask, read_series, write_volume
from bolus.io.cohort import Participant
from bolus.patient import (
    Measured,
    PatientMaps,
    estimate,
    measure,
    measure_prepared,
    method_or_weights,
)
from bolus.preprocess import prepare
from bolus.study.settings import StudySettings, snr_name

NEEDED = ("tumor", "nawm")
RATIOS = (
    "cbf_tumor",
    "cbf_nawm",
    "ratio",
    "ratio_low",
    "ratio_high",
    "ratio_median",
    "ratio_p95",
    "ratio_hotspot",
    "cbv_ratio",
    "cbv_corrected_ratio",
)
"""Columns of a row that need the maps of tumour and white matter."""
SHOWN = ("cbf", "mtt")
"""Maps that are kept of every patient without added noise."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """What one method found in one patient at one SNR.

    ``ratio`` is the mean CBF of the tumour over that of white matter, ``ratio_low`` and
    ``ratio_high`` its 90 % interval where the method has one (else NaN); ``cbf_*`` in the map's
    unit. ``cbv_ratio`` and ``cbv_corrected_ratio`` are those of CBV without and with leakage
    correction, ``true_*`` those of a simulated patient's truth. Seconds of reading series and
    masks; of preparing (frames, concentration, arterial input, leakage), shared by all methods;
    of estimation; of writing the maps (0 where none are written). ``note`` says why there is no
    ratio.
    """

    participant_id: str
    grade: str
    split: str
    method: str
    snr: str
    cbf_tumor: float
    cbf_nawm: float
    ratio: float
    ratio_low: float
    ratio_high: float
    ratio_median: float
    ratio_p95: float
    ratio_hotspot: float
    cbv_ratio: float
    cbv_corrected_ratio: float
    true_ratio: float
    true_cbv_ratio: float
    seconds_reading: float
    seconds_preparing: float
    seconds_estimation: float
    seconds_writing: float
    note: str = ""

    @property
    def seconds(self) -> float:
        """All of it for this method alone."""
        parts = (self.seconds_reading, self.seconds_preparing)
        return sum(parts) + self.seconds_estimation + self.seconds_writing


@dataclass(frozen=True, kw_only=True)
class Examined:
    """Rows of one patient at one SNR, or why there are none."""

    participant_id: str
    snr: str
    rows: tuple[Row, ...] = ()
    error: str | None = None

    def as_json(self) -> dict[str, object]:
        """Plain dictionary."""
        return {**asdict(self), "rows": [plain(asdict(row), nan_as_none=True) for row in self.rows]}

    @classmethod
    def from_json(cls, told: Mapping[str, object]) -> "Examined":
        """What ``as_json`` told."""
        rows = told["rows"]
        assert isinstance(rows, list)
        own = {k: told[k] for k in ("participant_id", "snr", "error")}
        return cls(**own, rows=tuple(Row(**_numbers(row)) for row in rows))  # type: ignore[arg-type]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Case:
    """A patient's series and masks, read in ``seconds``."""

    series: DSCSeries
    masks: Mapping[str, Bool[np.ndarray, "x y z"]]
    seconds: float


def examine(
    participant: Participant,
    snr: float,
    settings: StudySettings,
    weights: Mapping[str, Path],
    folder: Path | None,
) -> Examined:
    """Every method of the settings in one patient; a patient that cannot be used says why.

    ``weights`` are files to use in place of a method's own. Without added noise the maps SHOWN are
    written to ``folder``.
    """
    name, level = participant.name, snr_name(snr)
    try:
        case = _read(participant)
        measured, seconds = _measured(case, name, snr, settings)
        truth = _truth(participant, case)
        rows = tuple(
            _row(participant, snr, case, measured, seconds, method, weights, folder, truth)
            for method in settings.methods
        )
    except (BolusError, OSError) as error:
        reason = " ".join(str(error).split())
        shown = reason.replace(str(participant.series.parent), "…")
        return Examined(participant_id=name, snr=level, error=shown)
    return Examined(participant_id=name, snr=level, rows=rows)


def _read(participant: Participant) -> _Case:
    start = time.perf_counter()
    series = read_series(participant.series)
    missing = [label for label in NEEDED if label not in participant.masks]
    if missing:
        raise MaskError(f"{participant.name}: no mask of {' and '.join(missing)}")
    masks = {label: read_mask(path, series.grid) for label, path in participant.masks.items()}
    return _Case(series=series, masks=masks, seconds=time.perf_counter() - start)


def _measured(
    case: _Case, name: str, snr: float, settings: StudySettings
) -> tuple[Measured, float]:
    """Curves, arterial input and leakage of the series with noise, and the seconds they took."""
    brain, aif, tumor = (case.masks.get(label) for label in ("brain", "aif", "tumor"))
    options = {
        "tumor": tumor,
        "leakage": settings.leakage,
        "leakage_model": settings.leakage_model,
        "motion": settings.motion,
    }
    series, start = case.series, time.perf_counter()
    if math.isinf(snr):
        found = measure(series, aif, brain, **options)  # type: ignore[arg-type]
        return found, time.perf_counter() - start
    key = [settings.seed, zlib.crc32(name.encode()), round(1000 * snr)]
    if settings.noisy_aif:
        noisy = with_noise(series, prepare(series, brain), snr, key)
        start = time.perf_counter()
        found = measure(noisy, aif, brain, **options)  # type: ignore[arg-type]
    else:
        still = measure(series, aif, brain, leakage=False, motion=settings.motion)
        noisy = with_noise(still.series.series, still.series, snr, key)
        start = time.perf_counter()
        found = measure_prepared(
            still.series.with_signal(noisy.signal),
            still.aif,
            tumor=tumor,
            leakage=settings.leakage,
            leakage_model=settings.leakage_model,
        )
    return found, time.perf_counter() - start


def with_noise(series: DSCSeries, ready: PreparedSeries, snr: float, key: list[int]) -> DSCSeries:
    """The series with Gaussian noise on its magnitude of SD (mean baseline of the brain)/``snr``.

    Baseline and brain are those of ``ready``. The same ``key`` gives the same noise.
    """
    level = float(series.signal[..., ready.frames.baseline][ready.mask].mean(dtype=float))
    noise = np.random.default_rng(key).standard_normal(series.signal.shape, dtype=np.float32)
    return replace(series, signal=series.signal + np.float32(level / snr) * noise)


def _truth(participant: Participant, case: _Case) -> tuple[float, float]:
    """True ratios of CBF and CBV, NaN for a patient that is not simulated."""
    return tuple(_true_ratio(participant, case, name) for name in ("cbf", "cbv"))  # type: ignore[return-value]


def _true_ratio(participant: Participant, case: _Case, name: str) -> float:
    if name not in participant.truth:
        return math.nan
    volume, _ = read_map(participant.truth[name], case.series.grid)
    return roi_ratio(volume, case.masks["tumor"], case.masks["nawm"]).mean


def _row(
    participant: Participant,
    snr: float,
    case: _Case,
    measured: Measured,
    seconds: float,
    method: str,
    weights: Mapping[str, Path],
    folder: Path | None,
    truth: tuple[float, float],
) -> Row:
    chosen = _chosen(method, weights)
    start = time.perf_counter()
    maps = estimate(measured, chosen, name=method)
    estimation, start = time.perf_counter() - start, time.perf_counter()
    if folder is not None and math.isinf(snr):
        _write(maps, folder, participant.name, method)
    writing = time.perf_counter() - start
    own: dict[str, float | str] = {}
    try:
        own = _ratios(maps, case)
    except InputError as error:
        own = {**dict.fromkeys(RATIOS, math.nan), "note": str(error)}
    return Row(
        participant_id=participant.name,
        grade=participant.grade,
        split=participant.split or "",
        method=method,
        snr=snr_name(snr),
        true_ratio=truth[0],
        true_cbv_ratio=truth[1],
        seconds_reading=case.seconds,
        seconds_preparing=seconds,
        seconds_estimation=estimation,
        seconds_writing=writing,
        **own,  # type: ignore[arg-type]
    )


def _ratios(maps: PatientMaps, case: _Case) -> dict[str, float | str]:
    """The columns RATIOS. Raises InputError where a map has no usable reference."""
    flow = _ratio(maps, "cbf", case)
    low, high = flow.interval or (math.nan, math.nan)
    corrected = (
        _ratio(maps, "cbv_corrected", case).mean if "cbv_corrected" in maps.volumes else math.nan
    )
    values = (
        flow.tumor.mean,
        flow.reference.mean,
        flow.mean,
        low,
        high,
        flow.median,
        flow.p95,
        flow.hotspot,
        _ratio(maps, "cbv", case).mean,
        corrected,
    )
    return dict(zip(RATIOS, values, strict=True))


def _chosen(method: str, weights: Mapping[str, Path]) -> Estimator:
    return estimator(method_or_weights(method, weights.get(method)))


def _ratio(maps: PatientMaps, name: str, case: _Case) -> RoiRatio:
    return roi_ratio(maps.volume(name), case.masks["tumor"], case.masks["nawm"], maps.sd.get(name))


def _write(maps: PatientMaps, folder: Path, name: str, method: str) -> None:
    for shown in SHOWN:
        write_volume(map_path(folder, name, method, shown), maps.volume(shown), maps.grid)


def map_path(folder: Path, participant: str, method: str, name: str) -> Path:
    """Where a study keeps a map of a participant; ``name`` of SHOWN."""
    return folder / f"{participant}_desc-{method.replace('-', '')}_{name}.nii.gz"


def _numbers(row: Mapping[str, object]) -> dict[str, object]:
    return {k: math.nan if v is None else v for k, v in row.items()}
