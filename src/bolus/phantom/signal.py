"""From perfusion to a stored series: the signal of every voxel, then coil and noise."""

import numpy as np
from jaxtyping import Bool, Float, Float32, Int

from bolus.data import Grid
from bolus.phantom.acquisition import BRIGHTNESS, Protocol, coil_sensitivity, magnitude_noise
from bolus.phantom.anatomy import Anatomy
from bolus.phantom.arterial import ArterialShape
from bolus.phantom.leakage import Leakage
from bolus.phantom.tissue import Tissue
from bolus.phantom.tumor import Tumor
from bolus.phantom.vessels import Vessels
from bolus.physics import RESIDUES, ForwardModel, cbf_scale, dispersed, signal_from_r2star

BRANCH_DELAY = 0.4
VEIN_DELAY, VEIN_DISPERSION = 3.5, 3.0
LEVEL = 0.25
"""Steps in s in which dispersion is sampled."""
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
    leakage: Leakage | None = None,
) -> Float[np.ndarray, "x y z t"]:
    """Noise-free signal (x, y, z, t), arbitrary units: tissue, arteries, veins, scalp added up.

    ``leakage`` changes the signal of the tumour's share of a voxel.
    """
    shape = tissue.cbv.shape
    inner = [name for name in classes if name != "scalp"]
    brain = np.stack([classes[name].ravel() for name in inner], axis=1)
    where = np.flatnonzero(brain.sum(axis=1) > 1e-3)
    still = brain[where] @ np.stack([protocol.baseline(name) for name in inner])
    if leakage is not None:
        still[np.searchsorted(where, leakage.voxels)] += leakage.added(protocol)
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

    The forward model runs on a time grid of at most 0.75 s and is sampled at every frame. The
    arterial input of a voxel is dispersed by the nearest multiple of LEVEL.
    """
    steps, dt, aif = fine_input(protocol, arterial)
    parts = (tissue.cbf / cbf_scale(), tissue.mtt, tissue.delay, tissue.shape)
    cbf, mtt, delay, form = (part.ravel()[where] for part in parts)
    residue = RESIDUES[tissue.residue]
    level = np.rint(tissue.dispersion.ravel()[where] / LEVEL).astype(int)
    change = np.empty((where.size, protocol.frames))
    for number in np.unique(level):
        own, voxels = dispersed(aif, dt, LEVEL * number), np.flatnonzero(level == number)
        for start in range(0, voxels.size, _CHUNK):
            of = voxels[start : start + _CHUNK]
            curves = ForwardModel(own, dt, residue)(cbf[of], mtt[of], delay[of], form[of])
            change[of] = curves[:, ::steps]
    return change


def fine_input(
    protocol: Protocol, arterial: ArterialShape
) -> tuple[int, float, Float[np.ndarray, " fine"]]:
    """Steps a frame, their time in s, and the arterial input on them."""
    steps = int(np.ceil(protocol.tr / _FINEST))
    dt = protocol.tr / steps
    return steps, dt, arterial(dt * np.arange(protocol.frames * steps))


def _vessel_curves(
    protocol: Protocol, arterial: ArterialShape
) -> dict[str, tuple[str, Float[np.ndarray, " t"]]]:
    """Relaxation class and ΔR2* (t,) of each kind of vessel; veins are late and dispersed."""
    time = protocol.time
    vein = dispersed(arterial(time), protocol.tr, VEIN_DISPERSION, VEIN_DELAY)
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
