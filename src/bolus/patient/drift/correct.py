"""Signal drift taken off a series."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from bolus.data import AIF, Drift, PreparedSeries, TissueCurves
from bolus.estimators.blocks import one_blas_thread
from bolus.patient.drift.evidence import Evidence, evidence_of, ramp
from bolus.patient.drift.field import columns_of, smoothed
from bolus.patient.drift.learn import Learned, learn_drift, split

FEWEST = 500
"""Voxels from which a drift can be learned."""
STEADY = 1 / 3
"""Share of the baseline, its first frames, that is not looked at: tissue of long T1 may yet be on
its way to steady state, which in fluid takes longest."""
LEAST = 0.007
"""Drift over the used frames, of log signal, that is not told from errors of the model."""


def correct_drift(
    series: PreparedSeries,
    curves: TissueCurves,
    aif: AIF,
    tumor: Bool[np.ndarray, "x y z"] | None = None,
) -> PreparedSeries:
    """The prepared series without signal drift, and with what was found of it, ``drift``.

    The log of the signal may drift linearly in time: by a smooth field over the brain, and by an
    amount of its own in every voxel, as where an edge slowly moves through it. Both are learned
    from all voxels (``learn_drift``), so that where there is no drift nothing is removed and what
    begins with the bolus, leakage and recirculation, stays: the signal is then the same. Inside the
    ``tumor``, and in voxels that seem to leak, the field alone is removed. Arterial voxels are
    treated as all others. Of an arterial input with and without the tissue in its voxels, and of
    no field at all, what agrees best with the baseline alone is believed (``_before_bolus``).

    Of series with fewer than FEWEST usable voxels none is learned. What was removed before, with
    another arterial input, is part of the ``drift``.
    """
    change = np.zeros(series.grid.shape, dtype=np.float32)
    usable = _usable(curves, tumor, series)
    if usable.sum() >= FEWEST:
        change[series.mask] = _change(series, curves, aif, tumor)
    before = 0.0 if series.drift is None else series.drift.change
    return replace(_without(series, change), drift=Drift(change=before + change))


def _usable(
    curves: TissueCurves, tumor: Bool[np.ndarray, "x y z"] | None, series: PreparedSeries
) -> Bool[np.ndarray, " n"]:
    """Rows of finite curves outside the tumour."""
    finite = np.isfinite(curves.curves).all(axis=1) & np.isfinite(curves.noise_sd)
    return finite if tumor is None else finite & ~tumor[series.mask]


def _change(
    series: PreparedSeries,
    curves: TissueCurves,
    aif: AIF,
    tumor: Bool[np.ndarray, "x y z"] | None,
) -> Float[np.ndarray, " n"]:
    """Change of the log signal of every voxel of the mask over the used frames."""
    finite, usable = _usable(curves, None, series), _usable(curves, tumor, series)
    columns = columns_of(series.mask)
    before = _before_bolus(series, curves, columns, usable)
    inputs = [aif.curve] if aif.mixed is None else [aif.curve, aif.mixed]
    with one_blas_thread():
        found = [_found(series, curves, own, columns, (finite, usable)) for own in inputs]
    off = [float(np.square(one.field - before).mean()) for one in found]
    best = found[int(np.argmin(off))]
    if float(np.square(before).mean()) <= min(off):
        return -best.own
    strength = float(np.square(best.field[usable]).mean())
    kept = max(0.0, 1 - LEAST**2 / strength) if strength > 0 else 0.0
    return -(kept * best.field + best.own)


class _Found(NamedTuple):
    """Rise of TE·ΔR2* over the used frames: that of the field, and of each voxel about it."""

    field: Float[np.ndarray, " n"]
    own: Float[np.ndarray, " n"]


def _found(
    series: PreparedSeries,
    curves: TissueCurves,
    aif: Float[np.ndarray, " t"],
    columns: Float[np.ndarray, "n columns"],
    rows: tuple[Bool[np.ndarray, " n"], Bool[np.ndarray, " n"]],
) -> _Found:
    """What an arterial input makes of the curves; ``rows`` are the finite and the usable ones."""
    finite, usable = rows
    evidence = _evidence(series, curves, aif, finite)
    learned = learn_drift(evidence.some(usable), columns[usable])
    own = np.zeros(len(finite))
    if learned.voxelwise:
        own[finite] = _own(evidence.some(finite), columns[finite], learned)
    own[~usable] = 0.0
    return _Found(columns @ learned.field, own)


def _before_bolus(
    series: PreparedSeries,
    curves: TissueCurves,
    columns: Float[np.ndarray, "n columns"],
    usable: Bool[np.ndarray, " n"],
) -> Float[np.ndarray, " n"]:
    """The field that lines through the baseline alone show, without any arterial input.

    It is noisier, but no bolus is in it: of what was found with several inputs, and of no drift,
    the nearest to it is believed.
    """
    frames = series.frames.onset - series.frames.first
    line = ramp(curves.time.size, np.arange(frames))[:frames]
    measured = series.measured_in(series.mask)[usable, :frames] & _steady(series)[:frames]
    time = np.where(measured, line, 0.0)
    time = np.where(
        measured, time - time.sum(axis=1, keepdims=True) / measured.sum(axis=1, keepdims=True), 0.0
    )
    te = series.te or 1.0
    size = np.square(time).sum(axis=1)
    slope = te * (time * curves.curves[usable, :frames]).sum(axis=1) / size
    weight = np.sqrt(size) / (te * curves.noise_sd[usable])
    found = np.linalg.lstsq(columns[usable] * weight[:, None], slope * weight, rcond=None)[0]
    return np.asarray(columns @ found)


def _evidence(
    series: PreparedSeries,
    curves: TissueCurves,
    aif: Float[np.ndarray, " t"],
    finite: Bool[np.ndarray, " n"],
) -> Evidence:
    """Evidence of all rows, slices with the same censored samples together; NaN where not finite.

    The blood volume is the mean over neighbours: where it is noisy, so are the other traces, and
    the noise of both goes together.
    """
    n, te = len(finite), series.te or 1.0
    found = Evidence(*(np.full((n, *shape), np.nan) for shape in ((3, 3), (3,), ())))
    for rows, measured in series.alike(series.mask):
        own = np.arange(n)[rows]
        own = own[finite[own]]
        if own.size:
            decay, noise = te * curves.curves[own], te * curves.noise_sd[own]
            part = evidence_of(decay, noise, aif, series.dt, measured)
            for all_, one in zip(found, part, strict=True):
                all_[own] = one
    return found._replace(volume=smoothed(found.volume, series.mask))


def _steady(series: PreparedSeries) -> Bool[np.ndarray, " used"]:
    """Used frames that are surely in steady state."""
    frames = series.frames
    before = int(STEADY * (frames.onset - frames.first))
    return np.arange(frames.stop - frames.first) >= before


def _own(
    evidence: Evidence, columns: Float[np.ndarray, "n columns"], learned: Learned
) -> Float[np.ndarray, " n"]:
    """What of the drift is a voxel's own: the mean less the field, times that it does not leak."""
    prior = learned.at(evidence, columns)
    plain, _, stays = split(evidence, prior)
    return np.asarray(stays * (plain.mean[:, 0] - prior.mean[:, 0]))


def _without(series: PreparedSeries, change: Float[np.ndarray, "x y z"]) -> PreparedSeries:
    """The series with a change of the log signal over the used frames removed."""
    if not change.any():
        return series
    used = series.frames.used
    baseline = np.arange(series.frames.onset - series.frames.first)
    line = ramp(used.stop - used.start, baseline).astype(np.float32)
    signal = np.array(series.signal, dtype=np.result_type(series.signal.dtype, np.float32))
    own = change[series.mask].astype(np.float32)
    signal[series.mask, used] *= np.exp(-own[:, None] * line)
    return series.with_signal(signal)
