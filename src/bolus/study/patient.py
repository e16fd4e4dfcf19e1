"""One patient at every SNR: every method's maps, and the ratio of tumour to white matter."""

import math
import time
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from bolus.base.json import plain
from bolus.data import (
    AIF,
    BolusError,
    DSCSeries,
    InputError,
    MaskError,
    PreparedSeries,
)
from bolus.data.options import UNCORRECTED
from bolus.estimators import Estimator, estimator
from bolus.estimators.phae import from_weights, read_weights
from bolus.estimators.weights import SURROGATES
from bolus.grading import RoiRatio, Voxels, roi_ratio, voxels_of
from bolus.io import read_map, read_mask, read_series, write_volume
from bolus.io.cohort import Participant
from bolus.patient import (
    Measured,
    PatientMaps,
    estimate,
    measure_prepared,
    method_or_weights,
    ready,
)
from bolus.study.extra import RESIDUES
from bolus.study.noise import Baseline, baseline, missing_noise, with_noise
from bolus.study.published import signal_mean
from bolus.study.settings import StudySettings, snr_name

NEEDED = ("tumor", "nawm")
RATIOS = (
    "tumor",
    "reference",
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

    ``who`` is the tumour's WHO grade where participants.tsv has one. ``snr`` is the level asked
    for, ``snr_own`` that of the series as it is and ``snr_achieved`` that of what was estimated
    from (``Baseline``). ``ratio`` is the mean of the study's map in the tumour over that in white
    matter (``tumor`` over ``reference``, in the map's unit), ``ratio_low`` and ``ratio_high`` its
    90 % interval where the method has one (else NaN). ``cbv_ratio`` and ``cbv_corrected_ratio``
    are those of CBV without and with leakage correction, ``true_*`` those of a simulated patient's
    truth. Seconds of reading series and masks; of preparing (frames, concentration, arterial input,
    leakage), shared by all methods; of estimation; of writing the maps (0 where none are written).
    ``note`` says why there is no ratio.
    """

    participant_id: str
    grade: str
    who: str
    split: str
    method: str
    snr: str
    snr_own: float
    snr_achieved: float
    tumor: float
    reference: float
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
    """A patient's series and masks, read in ``seconds``; true ratios of CBF (or CBV) and of CBV."""

    participant: Participant
    series: DSCSeries
    masks: Mapping[str, Bool[np.ndarray, "x y z"]]
    truth: tuple[float, float]
    seconds: float


@dataclass(frozen=True, kw_only=True, eq=False)
class _Noisy:
    """What was measured of a patient at an SNR: that of the series, the one achieved, seconds."""

    snr: float
    own: float
    achieved: float
    measured: Measured
    seconds: float


def examine(
    participant: Participant,
    settings: StudySettings,
    weights: Mapping[str, Path],
    folder: Path | None,
) -> tuple[Examined, ...]:
    """Every method of the settings in one patient at every SNR, in the order of the settings.

    A patient that cannot be used says why. The series is read once; frames, brain and arterial
    input are found once where the noise has no part in them. ``weights`` are files to use in
    place of a method's own. Without added noise the maps SHOWN are written to ``folder``.
    """
    try:
        case = _read(participant, settings)
        ready = _Ready.of(case, settings)
    except (BolusError, OSError) as error:
        return tuple(_unusable(participant, snr, error) for snr in settings.snrs)

    def at(snr: float) -> Examined:
        try:
            noisy = ready.at(snr)
            rows = tuple(_row(case, noisy, m, settings, weights, folder) for m in settings.methods)
        except (BolusError, OSError) as error:
            return _unusable(participant, snr, error)
        return Examined(participant_id=participant.name, snr=snr_name(snr), rows=rows)

    return tuple(at(snr) for snr in settings.snrs)


def _unusable(participant: Participant, snr: float, error: Exception) -> Examined:
    reason = " ".join(str(error).split()).replace(str(participant.series.parent), "…")
    return Examined(participant_id=participant.name, snr=snr_name(snr), error=reason)


def _read(participant: Participant, settings: StudySettings) -> _Case:
    start = time.perf_counter()
    series = read_series(participant.series)
    missing = [label for label in NEEDED if label not in participant.masks]
    if missing:
        raise MaskError(f"{participant.name}: no mask of {' and '.join(missing)}")
    masks = {label: read_mask(path, series.grid) for label, path in participant.masks.items()}
    seconds = time.perf_counter() - start
    names = ("cbf" if settings.map == "cbf" else "cbv", "cbv")

    def true(name: str) -> float:
        if name not in participant.truth:
            return math.nan
        volume, _ = read_map(participant.truth[name], series.grid)
        return roi_ratio(Voxels(volume), masks["tumor"], masks["nawm"]).mean

    return _Case(
        participant=participant,
        series=series,
        masks=masks,
        truth=(true(names[0]), true(names[1])),
        seconds=seconds,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Ready:
    """A patient whose series was made ready once, for measurement at any SNR.

    ``aif`` is None where frames, brain and arterial input are found anew in every noisy series.
    """

    case: _Case
    settings: StudySettings
    prepared: PreparedSeries
    own: Baseline
    aif: AIF | None
    seconds: float

    @classmethod
    def of(cls, case: _Case, settings: StudySettings) -> "_Ready":
        start, masks = time.perf_counter(), case.masks
        prepared = ready(case.series, masks.get("brain"), preparation=settings.preparation)
        aif = None
        if not settings.noisy_aif:
            uncorrected = replace(settings.preparation, leakage=UNCORRECTED.leakage)
            aif = measure_prepared(prepared, masks.get("aif"), preparation=uncorrected).aif
        return cls(
            case=case,
            settings=settings,
            prepared=prepared,
            own=baseline(prepared),
            aif=aif,
            seconds=time.perf_counter() - start if aif else 0.0,
        )

    def at(self, snr: float) -> _Noisy:
        """Curves, arterial input and leakage of the series brought down to an SNR."""
        name, settings = self.case.participant.name, self.settings
        key = [
            settings.seed,
            zlib.crc32(name.encode()),
            0 if math.isinf(snr) else round(1000 * snr),
        ]
        sd = missing_noise(self.own, snr)
        noisy = self.prepared.with_signal(with_noise(self.prepared.signal, sd, key))
        achieved, start = baseline(noisy).snr, time.perf_counter()
        return _Noisy(
            snr=snr,
            own=self.own.snr,
            achieved=achieved,
            measured=self._measured(noisy, sd, key),
            seconds=self.seconds + time.perf_counter() - start,
        )

    def _measured(self, noisy: PreparedSeries, sd: float, key: list[int]) -> Measured:
        masks, preparation = self.case.masks, self.settings.preparation
        regions: dict[str, np.ndarray | str] = {"tumor": masks["tumor"], "reference": "none"}
        if self.aif is not None:
            return measure_prepared(noisy, self.aif, regions=regions, preparation=preparation)
        raw = self.case.series
        found = ready(
            replace(raw, signal=with_noise(raw.signal, sd, key)),
            masks.get("brain"),
            preparation=preparation,
        )
        marked, aif = masks.get("aif"), None
        if self.settings.published:
            if marked is None:
                uncorrected = replace(preparation, leakage=UNCORRECTED.leakage)
                marked = measure_prepared(found, preparation=uncorrected).aif.mask
            assert marked is not None
            aif = signal_mean(found, marked)
        given = marked if aif is None else aif
        return measure_prepared(found, given, regions=regions, preparation=preparation)


def _row(
    case: _Case,
    noisy: _Noisy,
    method: str,
    settings: StudySettings,
    weights: Mapping[str, Path],
    folder: Path | None,
) -> Row:
    one, chosen = case.participant, _chosen(method, weights)
    start = time.perf_counter()
    maps = estimate(noisy.measured, chosen, name=method)
    estimation, start = time.perf_counter() - start, time.perf_counter()
    if folder is not None and math.isinf(noisy.snr):
        _write(maps, folder, one.name, method)
    writing = time.perf_counter() - start
    own: dict[str, float | str] = {}
    try:
        own = _ratios(maps, case, settings.map)
    except InputError as error:
        own = {**dict.fromkeys(RATIOS, math.nan), "note": str(error)}
    return Row(
        participant_id=one.name,
        grade=one.grade,
        who=one.details.get("who_grade", ""),
        split=one.split or "",
        method=method,
        snr=snr_name(noisy.snr),
        snr_own=noisy.own,
        snr_achieved=noisy.achieved,
        true_ratio=case.truth[0],
        true_cbv_ratio=case.truth[1],
        seconds_reading=case.seconds,
        seconds_preparing=noisy.seconds,
        seconds_estimation=estimation,
        seconds_writing=writing,
        **own,  # type: ignore[arg-type]
    )


def _ratios(maps: PatientMaps, case: _Case, name: str) -> dict[str, float | str]:
    """The columns RATIOS; NaN for what has no usable reference beside the map that is judged.

    Raises InputError where that has none.
    """
    flow = _ratio(maps, name, case)
    low, high = flow.interval or (math.nan, math.nan)
    values = (
        flow.tumor.mean,
        flow.reference.mean,
        flow.mean,
        low,
        high,
        flow.median,
        flow.p95,
        flow.hotspot,
        _further(maps, "cbv", case),
        _further(maps, "cbv_corrected", case),
    )
    return dict(zip(RATIOS, values, strict=True))


def _further(maps: PatientMaps, name: str, case: _Case) -> float:
    """The mean ratio of a map that is not judged; NaN where there is none."""
    try:
        return _ratio(maps, name, case).mean if name in maps.volumes else math.nan
    except InputError:
        return math.nan


def _chosen(method: str, weights: Mapping[str, Path]) -> Estimator:
    if method in RESIDUES or method in SURROGATES:
        return from_weights(read_weights(weights[method]))
    return estimator(method_or_weights(method, weights.get(method)))


def _ratio(maps: PatientMaps, name: str, case: _Case) -> RoiRatio:
    return roi_ratio(voxels_of(maps, name), case.masks["tumor"], case.masks["nawm"])


def _write(maps: PatientMaps, folder: Path, name: str, method: str) -> None:
    for shown in SHOWN:
        write_volume(map_path(folder, name, method, shown), maps.volume(shown), maps.grid)


def map_path(folder: Path, participant: str, method: str, name: str) -> Path:
    """Where a study keeps a map of a participant; ``name`` of SHOWN."""
    return folder / f"{participant}_desc-{method.replace('-', '')}_{name}.nii.gz"


def _numbers(row: Mapping[str, object]) -> dict[str, object]:
    return {k: math.nan if v is None else v for k, v in row.items()}
