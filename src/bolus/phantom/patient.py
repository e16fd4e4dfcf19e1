"""Digital patients: a whole DSC-MRI series with known truth."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float

from bolus.data import DSCSeries, Grid, InputError
from bolus.data.brief import brief
from bolus.phantom.acquisition import Protocol
from bolus.phantom.altered import altered
from bolus.phantom.anatomy import Anatomy, scanner_grid, simulate_anatomy
from bolus.phantom.arterial import ArterialShape, Number
from bolus.phantom.head import Head
from bolus.phantom.ischaemia import starved
from bolus.phantom.motion import moved, trajectory
from bolus.phantom.pieces import WHOLE, Pieces, sampled, share
from bolus.phantom.realism import PLAIN, Realism
from bolus.phantom.regions import PURE, PatientMasks, in_voxels, purest
from bolus.phantom.scene import LeakyTumor, Scene
from bolus.phantom.signal import class_fractions, scan
from bolus.phantom.strokes import diffusion, matter_in
from bolus.phantom.tissue import GREY_CBV, GREY_MTT, Tissue, healthy_tissue
from bolus.phantom.tumor import (
    KINDS,
    Tumor,
    TumorPerfusion,
    contralateral_white,
    grow_tumor,
    perfuse_tumor,
    tumor_texture,
)
from bolus.phantom.vessels import Vessels, simulate_vessels
from bolus.physics import ForwardModel, cbf_scale
from bolus.physics.residue import Exponential

ECHO_TIMES = {1.5: 0.025, 3.0: 0.020}
LEAK_COV = 0.3
"""Heterogeneity of Ktrans within a tumour."""
DOSE_ECHO_TIME = 0.030
"""Echo time in s at which the dose makes typical grey matter lose a fifth of its signal."""


@dataclass(frozen=True, kw_only=True)
class PatientSettings:
    """What a patient was made from; ``tr`` and ``te`` in s, ``field`` in T.

    ``snr`` is the mean baseline signal of the brain over the noise SD of a channel.
    """

    seed: int
    snr: float
    field: float
    tr: float
    te: float
    frames: int
    tumor: str
    shape: tuple[int, int, int]
    realism: Realism = PLAIN


@dataclass(frozen=True, kw_only=True, eq=False)
class PatientTruth:
    """True capillary perfusion, float32, NaN outside the brain.

    ``cbf`` mL/100 g/min, ``cbv`` mL/100 g, ``mtt`` = 60·cbv/cbf s; ``delay`` s is signed against
    the arterial input, and ``tmax``, the maximum of CBF·R(t − delay), is the same for a residue
    function that falls from the start. ``shape`` is that of the residue, ``dispersion`` s that of
    the arterial input on its way, ``ktrans`` 1/min the leakage of contrast agent.
    """

    cbf: Float[np.ndarray, "x y z"]
    cbv: Float[np.ndarray, "x y z"]
    mtt: Float[np.ndarray, "x y z"]
    delay: Float[np.ndarray, "x y z"]
    tmax: Float[np.ndarray, "x y z"]
    shape: Float[np.ndarray, "x y z"]
    dispersion: Float[np.ndarray, "x y z"]
    ktrans: Float[np.ndarray, "x y z"]


@dataclass(frozen=True, kw_only=True, eq=False)
class DigitalPatient:
    """A series, the truth behind it, and the arterial input as samples (t,) in 1/s and as a shape.

    ``series`` is raw: no frame window, no mask, first frames not in steady state. ``motion``
    (t, 6) are the head's shifts in mm and turns in degrees, frame by frame; of the ``head`` other
    images can be made (``anatomical_image``). ``adc`` is a map of the apparent diffusion
    coefficient in mm²/s on the same grid, as it is measured, 0 outside the head.
    """

    __repr__ = brief

    series: DSCSeries
    masks: PatientMasks
    truth: PatientTruth
    aif: Float[np.ndarray, " t"]
    arterial: ArterialShape
    motion: Float[np.ndarray, "t six"]
    settings: PatientSettings
    head: Head
    adc: Float[np.ndarray, "x y z"]


def simulate_patient(
    *,
    seed: int = 0,
    snr: Number = 50,
    field: Number = 3.0,
    tr: Number = 1.5,
    te: Number | None = None,
    frames: int = 60,
    tumor: str = "none",
    shape: tuple[int, int, int] = (64, 64, 12),
    ratios: TumorPerfusion | None = None,
    realism: Realism = PLAIN,
) -> DigitalPatient:
    """One digital patient; the same arguments give the same bytes.

    ``tr`` and ``te`` in s (``te`` None: 0.025 at 1.5 T, 0.020 at 3 T), ``field`` 1.5 or 3.0 T,
    ``snr`` of the baseline (infinite: no noise), ``tumor`` "none", "low" or "high", matrix
    ``shape``. ``ratios`` fixes the tumour's perfusion; ``realism`` adds what a plain patient does
    not have, such as a stroke. Anatomy comes from the MNI152 maps. A voxel's signal adds up, by
    volume, the tissue (one curve of volume-weighted CBV and CBF), arteries with the arterial input
    itself, veins with a late and dispersed one, and a scalp without contrast: S(t) = Σ
    f·S0(t)·e^(−TE·ΔR2*(t)), then coil sensitivity and Rician noise. One relaxivity holds
    everywhere, so ∫C/∫AIF is the blood volume; by the dose grey matter loses a little over a fifth
    of its signal at 30 ms.

    Raises InputError for fewer than 30 frames, ``tr`` outside 0.3 to 4 s, ``te`` outside 5 to
    100 ms, an SNR that is not positive, another field or tumour, a matrix below 24×24×1, poses of
    another number than frames, or slice times of another number or past ``tr``.
    """
    numbers = float(snr), float(field), float(tr)
    settings = _settings(seed, *numbers, te, frames, tumor, shape, realism)
    rng = np.random.default_rng(seed)
    protocol = Protocol(field=settings.field, tr=settings.tr, te=settings.te, frames=frames)
    grid, pieces = scanner_grid(shape), realism.pieces
    anatomy = simulate_anatomy(rng, shape, pieces)
    vessels = simulate_vessels(anatomy, pieces, realism.trunk)
    tissue, lesion, masks, dead = _perfusion(rng, anatomy, vessels, tumor, ratios, realism)
    rng = np.random.default_rng([seed, realism.visit]) if realism.visit else rng
    arterial = replace(_arterial(rng, protocol), doses=realism.doses)
    leak = _leaky(rng, anatomy, vessels, lesion, realism)
    parts = class_fractions(anatomy, vessels, lesion)
    scene = Scene(protocol=protocol, classes=parts, tissue=tissue, vessels=vessels, tumor=leak)
    late = _slice_times(realism, shape[2], settings.tr)
    signal = scene.signal(arterial, np.repeat(late, pieces[2]))
    signal = _imaged(signal, motion := _poses(rng, frames, realism), anatomy.grid, realism)
    masks = in_voxels(masks, vessels, pieces)
    signal = scan(rng, signal, grid, masks.brain, settings.snr)
    return DigitalPatient(
        series=DSCSeries(
            signal=signal, dt=settings.tr, te=settings.te, grid=grid, slice_times=late
        ),
        masks=masks,
        truth=_truth(scene, anatomy.tissue * (1 - vessels.total), arterial, masks.brain, pieces),
        aif=arterial(protocol.time),
        arterial=arterial,
        motion=motion,
        settings=settings,
        head=_head(anatomy, lesion),
        adc=share(diffusion(seed, anatomy, dead), pieces).astype(np.float32),
    )


def _head(anatomy: Anatomy, lesion: Tumor | None) -> Head:
    """What other images of the patient are made of."""
    return Head(placement=anatomy.placement, tumor=None if lesion is None else lesion.blob)


def _settings(
    seed: int,
    snr: float,
    field: float,
    tr: float,
    te: Number | None,
    frames: int,
    tumor: str,
    shape: tuple[int, int, int],
    realism: Realism,
) -> PatientSettings:
    """The settings with the echo time of the field, checked."""
    if field not in ECHO_TIMES:
        raise InputError(f"the field must be 1.5 or 3.0 T, found {field}")
    settings = PatientSettings(
        seed=seed,
        snr=snr,
        field=field,
        tr=tr,
        te=ECHO_TIMES[field] if te is None else float(te),
        frames=frames,
        tumor=tumor,
        shape=shape,
        realism=realism,
    )
    _check(settings)
    return settings


def _check(s: PatientSettings) -> None:
    if s.frames < 30:
        raise InputError(f"a digital patient needs at least 30 frames, found {s.frames}")
    if not 0.3 <= s.tr <= 4:
        raise InputError(f"the repetition time must lie between 0.3 and 4 s, found {s.tr}")
    if not 0.005 <= s.te <= 0.1:
        raise InputError(f"the echo time must lie between 0.005 and 0.1 s, found {s.te}")
    if not s.snr > 0:
        raise InputError(f"the SNR must be positive, found {s.snr}")
    if s.tumor not in {"none", *KINDS}:
        raise InputError(f"the tumour must be none, low or high, found '{s.tumor}'")


def _poses(
    rng: np.random.Generator, frames: int, realism: Realism
) -> Float[np.ndarray, "frames six"]:
    """Poses of the head, given or drawn. Raises InputError for another number than frames."""
    if realism.poses is None:
        return trajectory(rng, frames, realism.motion)
    if len(realism.poses) != frames:
        raise InputError(
            f"poses for each of {frames} frames are needed, found {len(realism.poses)}"
        )
    return np.array(realism.poses)


def _perfusion(
    rng: np.random.Generator,
    anatomy: Anatomy,
    vessels: Vessels,
    grade: str,
    ratios: TumorPerfusion | None,
    realism: Realism,
) -> tuple[Tissue, Tumor | None, PatientMasks, Float[np.ndarray, "x y z"] | None]:
    """Healthy tissue, then what is ill in it, the regions of both, and the share of dead tissue."""
    tissue = healthy_tissue(rng, anatomy, realism)
    crossed = vessels.total > 0
    free = anatomy.brain & ~crossed & (anatomy.tissue > 0.95)
    lesion = None
    if grade != "none":
        lesion = grow_tumor(rng, anatomy, free, grade, realism.growth)
    timely = (tissue.delay > 0) & (tissue.delay < 1.5)
    nawm = contralateral_white(anatomy, free & timely, lesion)
    healthy = free
    if lesion is not None:
        tissue = perfuse_tumor(rng, anatomy, tissue, lesion, nawm, grade, ratios)
        healthy = free & (lesion.solid + lesion.core + lesion.oedema < 0.01)
    stroke = starved(rng, anatomy, tissue, realism.ischaemia)
    healthy = healthy & ~stroke.touched
    tissue = altered(stroke.tissue, realism.balls, realism.late_side)
    high = lesion is not None and KINDS[grade].core
    masks = PatientMasks(
        brain=anatomy.brain,
        grey=healthy & (anatomy.grey >= 0.8),
        white=healthy & (anatomy.white >= 0.8),
        nawm=nawm,
        tumor=lesion.mask if lesion else None,
        core=(lesion.core > 0.9) & free if lesion and high else None,
        aif=purest(vessels.trunks * anatomy.brain),
        vessels=crossed,
        ischaemic=_pure(stroke.penumbra, anatomy, free),
        infarct=_pure(stroke.core, anatomy, free),
        matter=matter_in(anatomy),
        infarct_whole=None if stroke.core is None else matter_in(anatomy) & (stroke.core >= 0.5),
    )
    return tissue, lesion, masks, stroke.core


def _pure(
    share: Float[np.ndarray, "x y z"] | None, anatomy: Anatomy, free: Bool[np.ndarray, "x y z"]
) -> Bool[np.ndarray, "x y z"] | None:
    """Pure grey or white matter of which nine tenths are ischaemic; None where there is none."""
    if share is None:
        return None
    matter = np.maximum(anatomy.grey, anatomy.white) >= PURE
    return (share > 0.9) & matter & free


def _leaky(
    rng: np.random.Generator,
    anatomy: Anatomy,
    vessels: Vessels,
    lesion: Tumor | None,
    realism: Realism,
) -> LeakyTumor | None:
    """The tumour that leaks; None without one."""
    if lesion is None or realism.leak is None or realism.leak.ktrans == 0:
        return None
    return LeakyTumor(
        leak=realism.leak,
        solid=lesion.solid * anatomy.tissue * (1 - vessels.total),
        texture=tumor_texture(rng, anatomy, lesion, LEAK_COV),
    )


def _slice_times(realism: Realism, slices: int, tr: float) -> Float[np.ndarray, " z"]:
    """Seconds from the start of a frame to each slice."""
    if realism.slice_times is None:
        return np.zeros(slices)
    late = np.array(realism.slice_times, dtype=float)
    if late.shape != (slices,) or not ((late >= 0) & (late < tr)).all():
        raise InputError(
            f"slice times are {slices} numbers of seconds from 0 to below the repetition time of "
            f"{tr} s, found {realism.slice_times}"
        )
    return late


def _imaged(
    signal: Float[np.ndarray, "i j k t"],
    motion: Float[np.ndarray, "t six"],
    grid: Grid,
    realism: Realism,
) -> Float[np.ndarray, "x y z t"]:
    """The signal of pieces on their ``grid``, at the pose of every frame, sampled by voxels."""
    if motion.any():
        signal = moved(signal, motion, grid, order=1 if realism.pieces == WHOLE else 3)
    return sampled(signal, realism.pieces, realism.window)


def _arterial(rng: np.random.Generator, protocol: Protocol) -> ArterialShape:
    """An arterial input that starts after nine frames or 14 to 18 s, early in short series.

    Its height makes typical grey matter lose 20.5 to 22 % of its signal at DOSE_ECHO_TIME.
    """
    duration = protocol.tr * protocol.frames
    onset = min(max(rng.uniform(14, 18), 9.5 * protocol.tr), 0.3 * duration)
    drawn = ArterialShape.sample(rng, onset=(onset, onset), r=(3.0, 3.6), b=(1.8, 2.1))
    fine = drawn(drawn.onset + np.arange(0, 45, 0.25))
    grey = 60 * GREY_CBV / GREY_MTT / cbf_scale()
    reference = ForwardModel(fine, 0.25, Exponential())(
        np.array([grey]), np.array([GREY_MTT]), np.zeros(1)
    )
    wanted = -np.log(1 - rng.uniform(0.205, 0.22)) / DOSE_ECHO_TIME
    return replace(drawn, amplitude=float(drawn.amplitude * wanted / reference.max()))


def _truth(
    scene: Scene,
    amount: Float[np.ndarray, "i j k"],
    arterial: ArterialShape,
    brain: Bool[np.ndarray, "x y z"],
    pieces: Pieces,
) -> PatientTruth:
    """Means over the ``amount`` of tissue in the pieces of every voxel of the brain."""
    some = np.maximum(amount, 1e-9)
    tissue, leak = scene.tissue, scene.leakage(arterial)

    def mean(values: Float[np.ndarray, "i j k"]) -> Float[np.ndarray, "x y z"]:
        return values if pieces == WHOLE else share(some * values, pieces) / share(some, pieces)

    def kept(values: Float[np.ndarray, "x y z"]) -> Float[np.ndarray, "x y z"]:
        return np.where(brain, values, np.nan).astype(np.float32)

    cbf, cbv, delay = mean(tissue.cbf), mean(tissue.cbv), kept(mean(tissue.delay))
    ktrans = np.zeros(amount.shape)
    if leak is not None:
        ktrans.ravel()[leak.voxels] = leak.share * leak.ktrans
    return PatientTruth(
        cbf=kept(cbf),
        cbv=kept(cbv),
        mtt=kept(60 * cbv / cbf),
        delay=delay,
        tmax=delay,
        shape=kept(mean(tissue.shape)),
        dispersion=kept(mean(tissue.dispersion)),
        ktrans=kept(mean(ktrans)),
    )
