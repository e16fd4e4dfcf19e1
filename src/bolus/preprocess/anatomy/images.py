"""The two images of a registration: the series' baseline, and the anatomy as its voxels see it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float
from scipy import ndimage

from bolus.data import AnatomicalImage, Grid, RegistrationError
from bolus.preprocess.anatomy.information import Compared, in_bins
from bolus.preprocess.anatomy.space import Space
from bolus.preprocess.motion.resample import filled

AROUND = 6.0
"""mm around the brain that are compared, too: its rim says where it lies."""
BRIGHTEST, BRIGHT = 99.5, 98.0
"""Percentile of the brain, and of what is brighter than the mean of the anatomy, for the top."""
COARSE = 2.0
"""mm: edge of the voxels of the anatomy in which it is looked for."""
FINE, THIN = 2.0, 1.5
"""mm within and across slices: edges at most of the voxels in which it is fitted."""
THICK = 2.5
"""mm: voxels of the anatomy that are wider are interpolated by cubic splines, others linearly."""
MARGIN = 8.0
"""mm around the brain that are cut out for that."""
FEWEST = 500
"""Voxels of the brain that a registration needs."""
FEWEST_SLICES = 3
SEED = 1

Volume = Float[np.ndarray, "i j k"]
Affine = Float[np.ndarray, "4 4"]


@dataclass(frozen=True, eq=False)
class Fixed:
    """The baseline of a series, clamped, the voxels compared, and the space about their brain.

    Compared are the brain and ``around`` mm about it.
    """

    volume: Volume
    grid: Grid
    brain: Bool[np.ndarray, "x y z"]
    around: float = AROUND

    @cached_property
    def wide(self) -> Bool[np.ndarray, "x y z"]:
        """The brain and what is around it."""
        away = ndimage.distance_transform_edt(~self.brain, sampling=self.grid.voxel_size)
        return np.asarray(away <= self.around)

    def smoothing(self, sd: float) -> float:
        """An SD in mm of smoothing, at least half a voxel: less leaves what interpolation does."""
        return max(sd, min(self.grid.voxel_size) / 2)

    @cached_property
    def space(self) -> Space:
        """The space about the middle of the brain."""
        return Space(self.places(self.brain).mean(axis=0))

    def places(self, mask: Bool[np.ndarray, "x y z"]) -> Float[np.ndarray, "n 3"]:
        """Where the voxels of a mask lie, mm."""
        return _on(self.grid.affine, np.argwhere(mask))

    def smooth(self, sd: float) -> Volume:
        """The baseline smoothed by a Gaussian of ``sd`` mm."""
        return smooth(self.volume, self.grid.affine, sd)

    def compared(self, sd: float, moving: "Moving", most: int) -> Compared:
        """Against another image, both smooth, at no more than so many voxels, drawn by SEED."""
        voxels = np.argwhere(self.wide)
        if len(voxels) > most:
            rng = np.random.default_rng(SEED)
            voxels = voxels[np.sort(rng.choice(len(voxels), most, replace=False))]
        image = self.smooth(sd)
        levels = in_bins(image[tuple(voxels.T)], float(image[self.wide].max()))
        places, top = _on(self.grid.affine, voxels), float(moving.volume.max())
        return Compared(places, levels, moving.volume, moving.affine, top)


@dataclass(frozen=True, eq=False)
class Moving:
    """A volume whose voxels an affine puts in mm."""

    volume: Volume
    affine: Affine

    def smooth(self, sd: float) -> "Moving":
        """It smoothed by a Gaussian of ``sd`` mm."""
        return Moving(smooth(self.volume, self.affine, sd), self.affine)

    def coarse(self) -> "Moving":
        """Its voxels averaged to about COARSE mm."""
        parts = np.clip(np.floor(COARSE / self.size), 1, self.volume.shape).astype(int)
        kept = [slice(n // k * k) for n, k in zip(self.volume.shape, parts, strict=True)]
        cut = self.volume[tuple(kept)]
        (x, y, z), (a, b, c) = cut.shape, parts.tolist()
        mean = cut.reshape(x // a, a, y // b, b, z // c, c).mean(axis=(1, 3, 5))
        affine = self.affine.copy()
        affine[:3, :3] = self.affine[:3, :3] * parts
        affine[:3, 3] += self.affine[:3, :3] @ ((parts - 1) / 2)
        return Moving(mean.astype(np.float32), affine)

    @property
    def middle(self) -> Float[np.ndarray, "3"]:
        """Middle in mm of what is brighter than a fifth of its brightest part."""
        bright = self.volume > 0.2 * np.percentile(self.volume, BRIGHT)
        return np.asarray(_on(self.affine, np.argwhere(bright).mean(axis=0)))

    def seen(self, fixed: Fixed, matrix: Affine) -> "Moving":
        """It in the place and the orientation of the series, as blurred as the series' voxels.

        ``matrix`` takes mm of the series to mm of the image. The result's voxels are parts of the
        series': an odd number along every axis, so that averages do not shift it. It is averaged
        over a series' voxel less what its own voxels average over already.
        """
        size = np.array(fixed.grid.voxel_size)
        parts = np.ceil(size / np.minimum(size, (FINE, FINE, THIN)) - 1e-6).astype(int)
        parts += parts % 2 == 0
        voxels, around = np.argwhere(fixed.brain), np.ceil(MARGIN / size)
        low, high = voxels.min(axis=0) - around, voxels.max(axis=0) + around
        shape = ((high - low + 1) * parts).astype(int)
        affine = fixed.grid.affine.copy()
        affine[:3, :3] = fixed.grid.affine[:3, :3] / parts
        affine[:3, 3] += fixed.grid.affine[:3, :3] @ (low - 0.5 + 0.5 / parts)
        back = np.linalg.inv(self.affine) @ matrix @ affine
        out = ndimage.affine_transform(
            self.volume,
            back[:3, :3],
            back[:3, 3],
            output_shape=tuple(shape.tolist()),
            order=3 if self.size.max() > THICK else 1,
        )
        for axis, count in enumerate(self._averaged(fixed, matrix, size / parts)):
            if count > 1:
                out = ndimage.uniform_filter1d(out, count, axis=axis, mode="nearest")
        return Moving(out, affine)

    @property
    def size(self) -> Float[np.ndarray, "3"]:
        """Edges of its voxels, mm."""
        return np.asarray(np.linalg.norm(self.affine[:3, :3], axis=0))

    def _averaged(self, fixed: Fixed, matrix: Affine, part: Float[np.ndarray, "3"]) -> list[int]:
        """Parts along each axis of the series that are averaged: an odd number.

        As wide as √(a² − b²) of a voxel of the series that is a wide and one of the image that is b
        wide along that axis, so that variances of both averages add up to that of the series.
        """
        own = np.linalg.inv(matrix)[:3, :3] @ self.affine[:3, :3]
        axes = fixed.grid.affine[:3, :3] / np.array(fixed.grid.voxel_size)
        width = np.square(axes.T @ own).sum(axis=1)
        lacking = np.sqrt(np.maximum(np.square(fixed.grid.voxel_size) - width, 0))
        return [int(2 * round((n - 1) / 2) + 1) for n in np.maximum(lacking / part, 1).tolist()]


def fixed_of(
    baseline: Volume, brain: Bool[np.ndarray, "x y z"], grid: Grid, around: float = AROUND
) -> Fixed:
    """The baseline of a series, compared in the brain and ``around`` mm about it.

    Raises RegistrationError for a brain too small to be found.
    """
    slices = int(brain.any(axis=(0, 1)).sum())
    if brain.sum() < FEWEST or slices < FEWEST_SLICES:
        raise RegistrationError(
            f"a brain of {int(brain.sum())} voxels in {slices} slices cannot be registered: "
            f"{FEWEST} voxels in {FEWEST_SLICES} slices are expected"
        )
    base = filled(baseline)
    top = float(np.percentile(base[brain], BRIGHTEST))
    return Fixed(np.clip(base, 0, top), grid, brain, around)


def moving_of(image: AnatomicalImage) -> Moving:
    """An anatomical image, clamped. Raises RegistrationError for one without contrast."""
    volume = np.asarray(image.volume, dtype=np.float32)
    bright = volume[volume > volume.mean()]
    top = float(np.percentile(bright, BRIGHT)) if bright.size else 0.0
    if not top > 0 or min(volume.shape) < FEWEST_SLICES:
        raise RegistrationError(
            f"{image.name}: a volume of at least {FEWEST_SLICES} slices whose tissue is brighter "
            f"than 0 is expected, found shape {volume.shape}, values from {volume.min():g} to "
            f"{volume.max():g}"
        )
    return Moving(np.clip(volume, 0, top), image.grid.affine)


def smooth(volume: Volume, affine: Affine, sd: float) -> Volume:
    """A volume smoothed by a Gaussian of ``sd`` mm, float32."""
    width = sd / np.linalg.norm(affine[:3, :3], axis=0)
    filtered = ndimage.gaussian_filter(volume.astype(np.float32), width, mode="nearest")
    return np.asarray(filtered)


def _on(affine: Affine, voxels: np.ndarray) -> Float[np.ndarray, "*n 3"]:
    return np.asarray(voxels @ affine[:3, :3].T + affine[:3, 3])
