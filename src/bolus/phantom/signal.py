"""From perfusion to a stored series: the signal of every voxel, then coil and noise."""

import numpy as np
from jaxtyping import Bool, Float, Float32, Int

from bolus.data import Grid
from bolus.phantom.acquisition import BRIGHTNESS, Protocol, coil_sensitivity, magnitude_noise
from bolus.phantom.anatomy import Anatomy
from bolus.phantom.arterial import ArterialShape
from bolus.phantom.tissue import Tissue
from bolus.phantom.tumor import Tumor
from bolus.phantom.vessels import Vessels
from bolus.physics import cbf_scale, signal_from_r2star, tissue_curve
from bolus.physics.residue import exponential, weibull

BRANCH_DELAY = 0.4
VEIN_DELAY, VEIN_DISPERSION = 3.5, 3.0
_FINEST = 0.75
_CHUNK = 1024


def class_fractions(
    anatomy: Anatomy, vessels: Vessels, lesion: Tumor | None
) -> dict[str, Float[np.ndarray, "x y z"]]:
    """Volume fractions (x, y, z) by relaxation class, large vessels taken off.

    Oedema brightens the white matter it swells.
    """
    rest = 1 - vessels.total
    parts = {"grey": anatomy.grey, "white": anatomy.white, "fluid": anatomy.fluid}
    if lesion is not None:
        spared = 1 - lesion.solid - lesion.core
        swollen = parts["white"] * spared * 0.5 * lesion.oedema
        parts = {name: part * spared for name, part in parts.items()}
        parts["white"] = parts["white"] - swollen
        parts["solid"] = lesion.solid * anatomy.tissue + swollen
        parts["core"] = lesion.core * anatomy.tissue
    return {name: part * rest for name, part in parts.items()} | {
        "scalp": 0.5 * anatomy.scalp * (1 - anatomy.tissue) * rest
    }


def compose_signal(
    protocol: Protocol,
    classes: dict[str, Float[np.ndarray, "x y z"]],
    tissue: Tissue,
    vessels: Vessels,
    arterial: ArterialShape,
) -> Float[np.ndarray, "x y z t"]:
    """Noise-free signal (x, y, z, t), arbitrary units: tissue, arteries, veins, scalp added up."""
    shape = tissue.cbv.shape
    inner = [name for name in classes if name != "scalp"]
    brain = np.stack([classes[name].ravel() for name in inner], axis=1)
    where = np.flatnonzero(brain.sum(axis=1) > 1e-3)
    still = brain[where] @ np.stack([protocol.baseline(name) for name in inner])
    change = tissue_change(protocol, tissue, where, arterial)
    signal = np.outer(classes["scalp"].ravel(), protocol.baseline("scalp"))
    signal[where] += signal_from_r2star(change, still, protocol.te)
    blood = _vessel_curves(protocol, arterial)
    for name, (kind, curve) in blood.items():
        share = getattr(vessels, name).ravel()
        base = protocol.baseline(kind)
        signal += np.outer(share, signal_from_r2star(curve, base, protocol.te))
    return signal.reshape(*shape, protocol.frames)


def tissue_change(
    protocol: Protocol,
    tissue: Tissue,
    where: Int[np.ndarray, " voxels"],
    arterial: ArterialShape,
) -> Float[np.ndarray, "voxels t"]:
    """ΔR2* (voxels, t) in 1/s of the flat voxel indices ``where``.

    The forward model runs on a time grid of at most 0.75 s and is sampled at every frame.
    """
    steps = int(np.ceil(protocol.tr / _FINEST))
    dt = protocol.tr / steps
    aif = arterial(dt * np.arange(protocol.frames * steps))
    parts = (tissue.cbf / cbf_scale(), tissue.mtt, tissue.delay, tissue.shape)
    cbf, mtt, delay, form = (part.ravel()[where] for part in parts)
    change = np.empty((where.size, protocol.frames))
    for start in range(0, where.size, _CHUNK):
        of = slice(start, start + _CHUNK)
        curves = tissue_curve(aif, dt, cbf[of], mtt[of], weibull, delay[of], form[of])
        change[of] = curves[:, ::steps]
    return change


def _vessel_curves(
    protocol: Protocol, arterial: ArterialShape
) -> dict[str, tuple[str, Float[np.ndarray, " t"]]]:
    """Relaxation class and ΔR2* (t,) of each kind of vessel; veins are late and dispersed."""
    time = protocol.time
    dispersion = np.array([VEIN_DISPERSION])
    vein = tissue_curve(
        arterial(time), protocol.tr, 1 / dispersion, dispersion, exponential, np.array([VEIN_DELAY])
    )[0]
    return {
        "trunks": ("artery", arterial(time)),
        "branches": ("artery", arterial(time - BRANCH_DELAY)),
        "veins": ("vein", vein),
    }


def scan(
    rng: np.random.Generator,
    signal: Float[np.ndarray, "x y z t"],
    grid: Grid,
    brain: Bool[np.ndarray, "x y z"],
    snr: float,
) -> Float32[np.ndarray, "x y z t"]:
    """Coil sensitivity, scale and noise: what is stored, float32 (x, y, z, t).

    The mean over the brain just before the bolus becomes BRIGHTNESS, the noise SD that over
    ``snr``.
    """
    signal = signal * coil_sensitivity(rng, grid)[..., None]
    level = signal[..., 4:7][brain].mean()
    scaled = (signal * (BRIGHTNESS / level)).astype(np.float32)
    return magnitude_noise(rng, scaled, BRIGHTNESS / snr)
