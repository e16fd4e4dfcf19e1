"""What the scanner makes of it: contrast, approach to steady state, coil, noise."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32

from bolus.data import Grid
from bolus.phantom.fields import smooth_field
from bolus.physics import spoiled_gradient_echo

FLIP_ANGLE = 72.0
BRIGHTNESS = 600.0
"""Mean baseline signal of the brain in scanner units."""


@dataclass(frozen=True, kw_only=True)
class Relaxation:
    """Proton density, and T1 and T2* in s at 1.5 T and 3 T."""

    density: float
    t1: tuple[float, float]
    t2star: tuple[float, float]


# fluid and arterial blood: effective T1, as motion brings in spins that were never excited
CLASSES = {
    "grey": Relaxation(density=0.82, t1=(1.10, 1.40), t2star=(0.070, 0.055)),
    "white": Relaxation(density=0.72, t1=(0.70, 0.90), t2star=(0.066, 0.050)),
    "fluid": Relaxation(density=1.00, t1=(2.50, 2.50), t2star=(0.500, 0.400)),
    "solid": Relaxation(density=0.86, t1=(1.30, 1.60), t2star=(0.090, 0.075)),
    "core": Relaxation(density=0.95, t1=(2.00, 2.20), t2star=(0.160, 0.130)),
    "artery": Relaxation(density=0.92, t1=(0.50, 0.55), t2star=(0.150, 0.090)),
    "vein": Relaxation(density=0.88, t1=(1.30, 1.50), t2star=(0.070, 0.040)),
    "scalp": Relaxation(density=0.30, t1=(0.30, 0.35), t2star=(0.045, 0.035)),
}


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """Field in T, repetition and echo time in s, flip angle in degrees, number of frames."""

    field: float
    tr: float
    te: float
    frames: int
    flip: float = FLIP_ANGLE

    @property
    def time(self) -> Float[np.ndarray, " t"]:
        """Time of every frame in s, the first at 0."""
        return self.tr * np.arange(self.frames)

    def baseline(self, name: str) -> Float[np.ndarray, " t"]:
        """Signal of a pure class without contrast agent in every frame, arbitrary units.

        Spoiled gradient echo, M∞ = (1−E1)/(1−E1·cos α) and M_n = M∞ + (1−M∞)·(E1·cos α)^n from
        full magnetisation, S = ρ·sin α·M_n·e^(−TE/T2*).
        """
        tissue = CLASSES[name]
        which = 0 if self.field < 2 else 1
        flip = np.deg2rad(self.flip)
        r1 = np.float64(1 / tissue.t1[which])
        steady = spoiled_gradient_echo(r1, self.tr, flip) / np.sin(flip)
        kept = np.exp(-self.tr * r1) * np.cos(flip)
        magnetisation = steady + (1 - steady) * kept ** np.arange(self.frames)
        decay = np.exp(-self.te / tissue.t2star[which])
        return tissue.density * np.sin(flip) * decay * magnetisation


def coil_sensitivity(rng: np.random.Generator, grid: Grid) -> Float[np.ndarray, "x y z"]:
    """Receive field of a head array: up to a fifth brighter at the rim, and a smooth tilt."""
    axes = [np.linspace(-1, 1, n) if n > 1 else np.zeros(1) for n in grid.shape]
    x, y, z = np.meshgrid(*axes, indexing="ij")
    tilt = rng.uniform(-0.06, 0.06, 3)
    ripple = smooth_field(rng, grid.shape, grid.voxel_size, 35.0)
    return (1 + 0.2 * (x**2 + y**2)) * np.exp(
        tilt[0] * x + tilt[1] * y + tilt[2] * z + 0.03 * ripple
    )


def magnitude_noise(
    rng: np.random.Generator, signal: Float32[np.ndarray, "x y z t"], sd: float
) -> Float32[np.ndarray, "x y z t"]:
    """Magnitude of the signal with complex Gaussian noise of SD ``sd`` a channel: Rician.

    Source: Gudbjartsson & Patz, Magn Reson Med 1995;34:910.
    """
    if sd == 0:
        return signal
    scale = np.float32(sd)
    real = signal + scale * rng.standard_normal(signal.shape, dtype=np.float32)
    imaginary = scale * rng.standard_normal(signal.shape, dtype=np.float32)
    return np.hypot(real, imaginary)
