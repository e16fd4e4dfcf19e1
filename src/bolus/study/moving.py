"""Heads that move: what is found of it, and what it costs the maps, before and after."""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from jaxtyping import Bool, Float

from bolus.aif import find_aif
from bolus.base.progress import QUIET, Reporter
from bolus.data import AIF, ArterialInputError, DSCSeries, Motion, Preparation, Unmixing
from bolus.patient import estimate, measure
from bolus.phantom import Realism, simulate_patient
from bolus.phantom.motion import trajectory
from bolus.phantom.patient import DigitalPatient
from bolus.physics import area
from bolus.preprocess import correct_motion, pose_error
from bolus.report.text.layout import Layout, as_markdown

MATRICES = ((64, 64, 10), (64, 64, 12), (96, 96, 15))
PATIENTS = ((1, "none"), (2, "high"), (3, "none"), (4, "low"))
"""Seed and tumour of the patients of every matrix."""
LARGEST = 2.0
"""mm and degrees: the largest shift or turn of a head."""
FRAMES = 60
PIECES = (2, 2, 4)
"""Of every voxel, so that a head moves by less than a voxel as it would in a scanner."""
NEAR = 1.1
"""A CBF error up to so many times that of the still head counts as made good."""
LEAST_CBF = 15
"""mL/100 g/min: voxels with less are not counted, they are mostly fluid."""
RESAMPLES = 2000
PLAIN = Preparation(motion=None, unmixing=Unmixing(use=False))
"""The arterial input is another than the one that is measured."""


@dataclass(frozen=True, kw_only=True)
class Errors:
    """Mean ``|ln(CBF/true)|`` of ``phae``, and medians of its CBF.

    With the true arterial input in voxels of at least 80 % grey or white matter (``pure``) and in
    the whole ``brain`` beside vessels; in pure voxels with the ``automatic`` input, the area of
    which is ``input`` times the true one, both NaN where none is found. ``grey`` and ``white`` are
    medians of CBF in mL/100 g/min.
    """

    pure: float
    brain: float
    automatic: float
    input: float
    grey: float
    white: float


@dataclass(frozen=True, kw_only=True)
class MovedHead:
    """One simulated patient, lying still and moving; distances in mm, averaged over the brain.

    ``moved`` is how far on average over the frames, ``left`` and ``left_most`` what correction
    leaves of it on average and in the worst frame. The still head is taken to move by ``mistaken``
    and ``mistaken_most``, and ``resampled`` of its frames are interpolated. ``seconds`` are those
    of correcting the moved series.
    """

    shape: tuple[int, int, int]
    seed: int
    moved: float
    left: float
    left_most: float
    mistaken: float
    mistaken_most: float
    resampled: int
    seconds: float
    still: Errors
    uncorrected: Errors
    corrected: Errors

    def over_still(self, what: str, corrected: bool = True) -> float:
        """A figure of the moved head over that of the still one."""
        found = self.corrected if corrected else self.uncorrected
        return float(getattr(found, what) / getattr(self.still, what))


def run_moving(
    matrices: Sequence[tuple[int, int, int]] = MATRICES,
    patients: Sequence[tuple[int, str]] = PATIENTS,
    reporter: Reporter = QUIET,
) -> tuple[MovedHead, ...]:
    """Simulate every patient still and moving, 60 frames at an SNR of 50, and correct both."""
    heads: list[MovedHead] = []
    total = len(matrices) * len(patients)
    for shape in matrices:
        for seed, tumor in patients:
            reporter.advance(len(heads), total, f"moving heads of {'×'.join(map(str, shape))}")
            heads.append(_head(shape, seed, tumor))
    return tuple(heads)


def _head(shape: tuple[int, int, int], seed: int, tumor: str) -> MovedHead:
    patient = partial(simulate_patient, seed=seed, shape=shape, frames=FRAMES, tumor=tumor)
    path = trajectory(np.random.default_rng(seed), FRAMES, 1.0)
    poses = (path * (LARGEST / np.abs(path).max())).tolist()
    still, made = (
        patient(realism=Realism(pieces=PIECES, poses=given))
        for given in (None, tuple(map(tuple, poses)))
    )
    rested = correct_motion(still.series)
    begun = time.perf_counter()
    corrected = correct_motion(made.series)
    seconds = time.perf_counter() - begun
    mistaken, left = _residual(rested.motion, still), _residual(corrected.motion, made)
    changed = (rested.series.signal != still.series.signal).any(axis=(0, 1, 2))
    moved = pose_error(np.zeros_like(made.motion), made.motion, made.series.grid, made.masks.brain)
    return MovedHead(
        shape=shape,
        seed=seed,
        moved=float(moved.mean()),
        left=float(left.mean()),
        left_most=float(left.max()),
        mistaken=float(mistaken.mean()),
        mistaken_most=float(mistaken.max()),
        resampled=int(changed.sum()),
        seconds=seconds,
        still=_errors(still.series, still),
        uncorrected=_errors(made.series, made),
        corrected=_errors(corrected.series, made),
    )


def _residual(motion: Motion, made: DigitalPatient) -> Float[np.ndarray, " t"]:
    return pose_error(motion.pose, made.motion, made.series.grid, made.masks.brain)


def _errors(series: DSCSeries, made: DigitalPatient) -> Errors:
    masks, truth = made.masks, made.truth.cbf
    pure = (masks.grey | masks.white) & ~masks.vessels
    brain = masks.brain & ~masks.vessels & (truth > LEAST_CBF)
    found = measure(series, masks.aif, masks.brain, preparation=PLAIN)
    given = AIF(curve=made.aif[found.series.frames.used], dt=series.dt, origin="given")
    cbf = estimate(replace(found, aif=given), "phae").cbf
    automatic, share = np.nan, np.nan
    with suppress(ArterialInputError):  # the page says that it was refused
        own = find_aif(found.curves, found.series)
        automatic = _error(estimate(replace(found, aif=own), "phae").cbf, truth, pure)
        share = float(area(own.curve, own.dt) / area(given.curve, given.dt))
    return Errors(
        pure=_error(cbf, truth, pure),
        brain=_error(cbf, truth, brain),
        automatic=automatic,
        input=share,
        grey=float(np.nanmedian(cbf[masks.grey])),
        white=float(np.nanmedian(cbf[masks.white])),
    )


def _error(
    cbf: Float[np.ndarray, "x y z"],
    truth: Float[np.ndarray, "x y z"],
    where: Bool[np.ndarray, "x y z"],
) -> float:
    return float(np.nanmean(np.abs(np.log(cbf[where] / truth[where]))))


def moving_page(heads: Sequence[MovedHead]) -> str:
    """The tables as a page of Markdown."""
    parts = (_poses(heads), _maps(heads), _ratios(heads))
    head = (
        "# Heads that move\n\nWritten by `bolus bench --motion`. Simulated patients of "
        f"{FRAMES} frames at an SNR of 50, moved\nby drift and one jump so that the largest shift "
        f"or turn is {LARGEST:g} mm or degrees. They are made of\n"
        f"{'×'.join(map(str, PIECES))} pieces a voxel, moved, and then sampled: averaged through "
        "the slice, and through k-space within\nit. The head that lies still is made alike.\n"
    )
    return "\n".join([head, *(f"## {one.title}\n\n{as_markdown(one)}" for one in parts)])


def _name(head: MovedHead) -> tuple[str, str]:
    return "×".join(map(str, head.shape)), str(head.seed)


def _poses(heads: Sequence[MovedHead]) -> Layout:
    def cells(head: MovedHead) -> tuple[str, ...]:
        return (
            *_name(head),
            f"{head.moved:.2f}",
            f"{head.left:.2f} ({head.left_most:.2f})",
            f"{head.mistaken:.2f} ({head.mistaken_most:.2f})",
            str(head.resampled),
            f"{head.seconds:.1f}",
        )

    return Layout(
        name="poses",
        title="What is found",
        note="Mean distance in mm of where voxels of the brain are and where they belong, over all "
        "frames: as moved, and as corrected (worst frame). Then the same head lying still: the "
        "motion that is found by mistake, and how many of its frames are resampled for it. "
        "Seconds of correcting the moved series, this machine's.",
        columns=("matrix", "seed", "moved", "left", "still: found", "resampled", "seconds"),
        sections=(("", tuple(cells(head) for head in heads)),),
    )


def _maps(heads: Sequence[MovedHead]) -> Layout:
    def cells(head: MovedHead) -> tuple[str, ...]:
        told = (head.still, head.uncorrected, head.corrected)
        return (
            *_name(head),
            *(
                " / ".join(_figure(getattr(one, what), 3) for one in told)
                for what in ("pure", "brain", "automatic")
            ),
            " / ".join(_figure(one.input, 2) for one in told),
        )

    return Layout(
        name="maps",
        title="What it costs the CBF",
        note="Mean |ln(CBF/true)| of phae: the head still / moved / moved and corrected. With the "
        "true arterial input in voxels of at least 80 % grey or white matter, and in the whole "
        f"brain beside vessels where the true CBF is over {LEAST_CBF}; with the automatic input in "
        "grey and white matter, and the area of that input over the true one.",
        columns=("matrix", "seed", "grey and white", "whole brain", "automatic input", "its area"),
        sections=(("", tuple(cells(head) for head in heads)),),
    )


def _ratios(heads: Sequence[MovedHead]) -> Layout:
    names = {
        "pure": "error, grey and white",
        "brain": "error, whole brain",
        "automatic": "error, automatic input",
        "input": "area of the automatic input",
        "grey": "median CBF of grey matter",
        "white": "median CBF of white matter",
    }

    def cells(what: str) -> tuple[str, ...]:
        plain = np.array([head.over_still(what, corrected=False) for head in heads])
        good = np.array([head.over_still(what) for head in heads])
        near = int(((good <= NEAR) & (good >= 1 / NEAR)).sum())
        return names[what], _mean(plain), _mean(good), f"{near} of {len(heads)}"

    return Layout(
        name="ratios",
        title="Against the still head",
        note="Ratio to the same head lying still, mean over the patients (95 % interval by "
        f"resampling them), and how many patients are within a factor {NEAR:g} after correction.",
        columns=("", "moved", "corrected", "within"),
        sections=(("", tuple(cells(what) for what in names)),),
    )


def _figure(value: float, digits: int) -> str:
    return "refused" if np.isnan(value) else f"{value:.{digits}f}"


def _mean(values: Float[np.ndarray, " n"]) -> str:
    rng = np.random.default_rng(0)
    values = values[np.isfinite(values)]
    if not values.size:
        return "–"
    means = rng.choice(values, size=(RESAMPLES, values.size)).mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return f"{values.mean():.2f} ({low:.2f}–{high:.2f})"
