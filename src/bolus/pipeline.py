"""One patient, straight through: a series in, maps out."""

import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np

from bolus.aif import aif_from_mask, find_aif
from bolus.data import (
    AIF,
    DSCSeries,
    InputError,
    MaskError,
    Perfusion,
    PerfusionMaps,
    PreparedSeries,
    TissueCurves,
    WeightsError,
)
from bolus.estimators import (
    METHODS,
    Estimator,
    LeakageFit,
    LeakageResult,
    check_leakage_model,
    correct_leakage,
    deconvolve,
    estimator,
    quantify,
    sample_noise,
)
from bolus.estimators.phae import from_weights, read_weights
from bolus.io import (
    KEPT,
    is_mask,
    output_folder,
    read_aif,
    read_identity,
    read_mask,
    write_dicom,
    write_kept,
)
from bolus.io.bids import BidsNames
from bolus.physics import blood_volume
from bolus.preprocess import LIMIT, censor_moved, correct_motion, prepare, tissue_curves
from bolus.report import save_bids, write_report

PathLike = str | os.PathLike[str]
Progress = Callable[[str], None]


@dataclass(frozen=True, kw_only=True, eq=False)
class PatientMaps(PerfusionMaps):
    """Maps of one patient that can be saved."""

    def save(
        self,
        folder: PathLike,
        *,
        overwrite: bool = False,
        dicom: bool = False,
        anonymize: bool = True,
        keep: Collection[str] = (),
    ) -> Path:
        """Write maps, masks, arterial input, sidecars, summary, picture and page into a new folder.

        ``dicom`` adds a folder ``dicom`` with the maps as parametric maps and the regions as
        segmentations under the study that the series came from; these name the patient as the
        source does. Nothing else does, unless ``anonymize`` is False: then the page does.

        ``keep`` names files of an overwritten result that stay where the new one has none such.

        The folder appears complete or not at all. Raises OutputError when it exists (and is not an
        earlier result to overwrite) or cannot be written, SeriesError where DICOM output is asked
        of a series that did not come as DICOM.
        """
        with output_folder(folder, overwrite, keep) as partial:
            write_report(self, partial, None if anonymize else read_identity(self.series.source))
            write_kept(self.series, partial / KEPT)
            if dicom:
                write_dicom(self, partial / "dicom")
        return Path(folder)

    def save_bids(
        self,
        dataset: PathLike,
        *,
        subject: str,
        session: str | None = None,
        source: PathLike | None = None,
        overwrite: bool = False,
    ) -> Path:
        """Add maps, masks, arterial input, sidecars, picture and page to a BIDS dataset.

        ``dataset`` is one of derivatives; it is made where there is none. ``subject`` and
        ``session`` are labels, with or without 'sub-' and 'ses-'; no file names the patient
        otherwise. ``source`` is the input: where it lies in a raw BIDS dataset, that is noted.

        The files appear together or not at all. Raises InputError for labels that BIDS does not
        allow, OutputError where maps of that subject, session and method exist (and are not to be
        overwritten), for a folder that is no derivatives dataset of bolus, or one that cannot be
        written to.
        """
        names = BidsNames.of(subject, session, self.method)
        save_bids(self, dataset, names, source=source, overwrite=overwrite)
        return Path(dataset)


@dataclass(frozen=True, kw_only=True, eq=False)
class Measured:
    """What a series holds for any method.

    The prepared ``series``, its ``curves`` and arterial input, and with a leakage correction the
    ``corrected`` curves and its fit; ``rois`` are the regions given, ``brain_given`` says whether
    the brain was, ``seconds`` are those of every step.
    """

    series: PreparedSeries
    curves: TissueCurves
    aif: AIF
    corrected: TissueCurves | None
    leakage: LeakageFit | None
    rois: Mapping[str, np.ndarray]
    seconds: Mapping[str, float]
    brain_given: bool = False


def perfusion_maps(
    series: DSCSeries,
    method: str | Estimator = "phae",
    aif: AIF | np.ndarray | PathLike | None = None,
    mask: np.ndarray | PathLike | None = None,
    *,
    tumor: np.ndarray | PathLike | None = None,
    reference: np.ndarray | PathLike | None = None,
    leakage: bool | None = None,
    leakage_model: str = "free",
    motion: bool = True,
    motion_limit: float = LIMIT,
    flagged: str = "keep",
    progress: Progress | None = None,
) -> PatientMaps:
    """Perfusion maps of a series.

    ``method`` is a name in METHODS or a configured estimator, such as ``from_weights`` makes.
    The other arguments are ``measure``'s.

    Raises InputError and its kind: SeriesError, BolusNotFoundError, MaskError, ArterialInputError,
    MethodError.
    """
    chosen = estimator(method)
    measured = measure(
        series,
        aif,
        mask,
        tumor=tumor,
        reference=reference,
        leakage=leakage,
        leakage_model=leakage_model,
        motion=motion,
        motion_limit=motion_limit,
        flagged=flagged,
        progress=progress,
    )
    name = method if isinstance(method, str) else method_name(chosen)
    return estimate(measured, chosen, name=name, progress=progress)


def measure(
    series: DSCSeries,
    aif: AIF | np.ndarray | PathLike | None = None,
    mask: np.ndarray | PathLike | None = None,
    *,
    tumor: np.ndarray | PathLike | None = None,
    reference: np.ndarray | PathLike | None = None,
    leakage: bool | None = None,
    leakage_model: str = "free",
    motion: bool = True,
    motion_limit: float = LIMIT,
    flagged: str = "keep",
    progress: Progress | None = None,
) -> Measured:
    """Everything before deconvolution: frames, brain, concentration, arterial input, leakage.

    ``aif`` None finds the arteries; else an AIF, a curve (t,) over the used frames in the tissue's
    unit, a boolean array (x, y, z), or a file: a mask or a TSV table. ``mask`` None finds the
    brain; else a boolean array or a file, as ``bolus.io.read_mask`` takes: NIfTI on the series'
    grid, a DICOM segmentation, or a folder with a DICOM mask series. ``leakage`` says whether
    leakage is corrected, None: where a ``tumor`` mask is given, near which no reference is taken.
    ``reference`` is normal tissue to compare the tumour with. ``motion`` corrects that of the
    head (``correct_motion``: masks are taken to fit the mean pose); frames with a framewise
    displacement over ``motion_limit`` mm are flagged. ``flagged`` says what is done with these:
    "keep", they count as any other, or "drop", they are left out by a method that can (see
    ``PerfusionMaps.flagged_frames``) and interpolated in time for the others and for the arterial
    input (``censor_moved``). ``progress`` is called with the name of each step.

    Raises InputError and its kind: SeriesError, BolusNotFoundError, MaskError, ArterialInputError.
    """
    watch = _Stopwatch(progress)
    options = _MotionOptions(motion, motion_limit, flagged)
    brain = _mask(mask, series, "mask")
    rois = _rois({"tumor": tumor, "reference": reference}, series)
    given = _given_aif(aif, series)
    check_leakage_model(leakage_model)
    prepared = _prepared(series, brain, options, watch)
    found = _measured(prepared, given, rois, leakage, leakage_model, watch)
    return replace(found, brain_given=brain is not None)


def measure_prepared(
    series: PreparedSeries,
    aif: AIF | np.ndarray | PathLike | None = None,
    *,
    tumor: np.ndarray | PathLike | None = None,
    reference: np.ndarray | PathLike | None = None,
    leakage: bool | None = None,
    leakage_model: str = "free",
    progress: Progress | None = None,
) -> Measured:
    """What ``measure`` does after frames and brain are known: concentration, arteries, leakage.

    Arguments and errors are ``measure``'s.
    """
    watch = _Stopwatch(progress)
    rois = _rois({"tumor": tumor, "reference": reference}, series.series)
    given = _given_aif(aif, series.series)
    check_leakage_model(leakage_model)
    return _measured(series, given, rois, leakage, leakage_model, watch)


def _measured(
    series: PreparedSeries,
    aif: AIF | np.ndarray | PathLike | None,
    rois: Mapping[str, np.ndarray],
    leakage: bool | None,
    leakage_model: str,
    watch: "_Stopwatch",
) -> Measured:
    with watch("computing concentration"):
        curves = tissue_curves(series)
    with watch("finding the arterial input"):
        artery = _aif(aif, curves, series)
    lesion = rois.get("tumor")
    corrected, fit = None, None
    if leakage or (leakage is None and lesion is not None):
        with watch("correcting leakage"):
            corrected, fit = correct_leakage(curves, series, artery, lesion, leakage_model)
    return Measured(
        series=series,
        curves=curves,
        aif=artery,
        corrected=corrected,
        leakage=fit,
        rois=rois,
        seconds=watch.seconds,
    )


def ready(
    series: DSCSeries,
    mask: np.ndarray | PathLike | None = None,
    *,
    motion: bool = True,
    motion_limit: float = LIMIT,
    flagged: str = "keep",
    progress: Progress | None = None,
) -> PreparedSeries:
    """What ``measure`` does before concentration: the prepared series.

    For arteries that are marked by hand. Arguments and errors are ``measure``'s.
    """
    watch = _Stopwatch(progress)
    options = _MotionOptions(motion, motion_limit, flagged)
    return _prepared(series, _mask(mask, series, "mask"), options, watch)


@dataclass(frozen=True)
class _MotionOptions:
    """``measure``'s; raises InputError for what cannot be done."""

    correct: bool
    limit: float
    flagged: str

    def __post_init__(self) -> None:
        if self.flagged not in ("keep", "drop"):
            raise InputError(f"flagged frames are kept or dropped, found '{self.flagged}'")
        if self.flagged == "drop" and not self.correct:
            raise InputError("frames that moved can be dropped only where motion is measured")


def _prepared(
    series: DSCSeries, brain: np.ndarray | None, options: _MotionOptions, watch: "_Stopwatch"
) -> PreparedSeries:
    motion = None
    if options.correct:
        with watch("taking out motion"):
            series, motion = correct_motion(series, watch.progress, limit=options.limit)
    with watch("finding frames and brain"):
        prepared = prepare(series, brain, motion=motion)
        return censor_moved(prepared) if options.flagged == "drop" else prepared


def estimate(
    measured: Measured,
    method: str | Estimator = "phae",
    *,
    name: str | None = None,
    progress: Progress | None = None,
) -> PatientMaps:
    """Maps by a method of what was measured. Raises MethodError.

    ``name`` is what the maps say of an estimator that METHODS does not hold.
    """
    chosen, watch = estimator(method), _Stopwatch(progress)
    told = name or (method if isinstance(method, str) else method_name(chosen))
    aif, dt = measured.aif.curve, measured.series.dt

    def solved(curves: TissueCurves) -> Perfusion:
        noise = sample_noise(chosen, curves.noise_sd, measured.series)
        return deconvolve(curves.curves, aif, dt, chosen, noise_sd=noise)

    with watch("deconvolving"):
        curves = measured.curves if measured.corrected is None else measured.corrected
        perfusion = solved(curves)
    leak = None
    if measured.leakage is not None:
        with watch("volume without correction"):
            if perfusion.posterior is None:  # its volume is the ratio of areas
                volume = blood_volume(measured.curves.curves, aif.astype(perfusion.cbv.dtype))
                plain = perfusion._replace(cbv=volume)
            else:
                plain = solved(measured.curves)
            leak = LeakageResult(measured.leakage, plain)
    with watch("judging quality"):
        maps = quantify(
            measured.series,
            curves,
            measured.aif,
            perfusion,
            method=told,
            estimator=chosen,
            seconds={},
            leak=leak,
        )
    named = {f.name: getattr(maps, f.name) for f in fields(maps)}
    seconds = {**measured.seconds, **watch.seconds}
    kept = {"seconds": seconds, "rois": measured.rois, "brain_given": measured.brain_given}
    return PatientMaps(**{**named, **kept})


def method_or_weights(
    method: str | Estimator | None = None, weights: PathLike | None = None
) -> str | Estimator:
    """What to estimate with: a method, the one that a file of weights belongs to, or 'phae'.

    Raises WeightsError when the weights cannot be used, or are another method's.
    """
    if weights is None:
        return "phae" if method is None else method
    chosen = from_weights(read_weights(weights))
    name = method_name(chosen)
    if method is not None and method != name:
        raise WeightsError(f"{weights}: these are weights of '{name}', not of '{method}'")
    return chosen


def method_name(chosen: Estimator) -> str:
    """The name in METHODS of an estimator's kind; its class's where it has none."""
    names = (name for name, factory in METHODS.items() if factory is type(chosen))
    return next(names, type(chosen).__name__.lower())


def _mask(mask: np.ndarray | PathLike | None, series: DSCSeries, name: str) -> np.ndarray | None:
    if mask is None:
        return None
    if isinstance(mask, str | os.PathLike):
        return read_mask(mask, series.grid, series.source)
    return _boolean(np.asarray(mask), series, name)


def _rois(
    given: Mapping[str, np.ndarray | PathLike | None], series: DSCSeries
) -> dict[str, np.ndarray]:
    masks = {name: _mask(mask, series, name) for name, mask in given.items()}
    return {name: mask for name, mask in masks.items() if mask is not None}


def _given_aif(
    aif: AIF | np.ndarray | PathLike | None, series: DSCSeries
) -> AIF | np.ndarray | PathLike | None:
    """The arterial input with masks read and checked, before anything takes time."""
    if isinstance(aif, str | os.PathLike):
        return read_mask(aif, series.grid, series.source) if is_mask(aif) else aif
    if aif is None or isinstance(aif, AIF) or np.ndim(aif) == 1:
        return aif
    return _boolean(np.asarray(aif), series, "aif")


def _aif(
    aif: AIF | np.ndarray | PathLike | None, curves: TissueCurves, series: PreparedSeries
) -> AIF:
    if aif is None:
        return find_aif(curves, series)
    if isinstance(aif, AIF):
        return aif
    if isinstance(aif, str | os.PathLike):
        return read_aif(aif, curves.time.size, series.dt, series.relative)
    values = np.asarray(aif)
    if values.ndim == 1:
        return AIF(curve=values.astype(float), dt=series.dt, origin="given")
    return aif_from_mask(curves, series, values)


def _boolean(values: np.ndarray, series: DSCSeries, name: str) -> np.ndarray:
    if values.dtype != bool:
        raise InputError(f"{name} as an array must be boolean, found {values.dtype}")
    if values.shape != series.grid.shape:
        raise MaskError(f"{name} of shape {values.shape} on a grid of {series.grid.shape}")
    if not values.any():
        raise MaskError(f"{name} marks no voxel")
    return values


class _Stopwatch:
    """Announces each step and keeps its time in seconds."""

    def __init__(self, progress: Progress | None) -> None:
        self.seconds: dict[str, float] = {}
        self.progress = progress

    @contextmanager
    def __call__(self, step: str) -> Iterator[None]:
        if self.progress is not None:
            self.progress(step)
        start = time.perf_counter()
        yield
        self.seconds[step] = time.perf_counter() - start
