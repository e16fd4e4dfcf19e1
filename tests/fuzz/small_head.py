"""The smallest series that makes maps: a head of three slices and 32 frames, on disk."""

from functools import cache
from pathlib import Path

import numpy as np

from bolus.data import DSCSeries, Grid

TE, DT = 0.03, 1.5
SHAPE = (28, 28, 3, 32)
_VOXEL = (5.0, 5.0, 6.0)


@cache
def small_head() -> DSCSeries:
    """Grey around white matter with arteries, SNR 100; signal in whole numbers."""
    x, y, _ = np.meshgrid(*(np.arange(n) for n in SHAPE[:3]), indexing="ij")
    radius = np.hypot((x - 13.5) / 11.0, (y - 13.5) / 10.0)
    time = DT * np.arange(SHAPE[3])
    artery = _pass(time - 12.0, 1.5) + 0.15 * _pass(time - 21.0, 3.0)
    artery += 0.05 * (1 - np.exp(-np.clip(time - 12.0, 0, None) / 5))
    kernel = np.exp(-time / 4.0)
    tissue = np.convolve(artery, kernel)[: time.size] / kernel.sum()
    tissue[1:] = (tissue[1:] + tissue[:-1]) / 2  # half a frame after the arteries
    height = np.select([radius < 0.7, radius < 1], [3.0, 6.0], 0.0)[..., None] * tissue
    for i, j in ((6, 13), (20, 13), (13, 6)):
        height[i : i + 2, j : j + 2] = 55.0 * artery
    level = np.select([radius < 0.7, radius < 1], [850.0, 1000.0], 0.0)[..., None]
    noise = np.random.default_rng(1).normal(0.0, 10.0, (2, *SHAPE))
    signal = np.hypot(level * np.exp(-TE * height) + noise[0], noise[1])
    grid = Grid(shape=SHAPE[:3], affine=_affine())
    return DSCSeries(signal=np.round(signal).astype(np.float32), dt=DT, te=TE, grid=grid)


def _affine() -> np.ndarray:
    affine = np.diag([*_VOXEL, 1.0])
    affine[:3, 3] = -66.0, -70.0, 10.0
    return affine


def _pass(time: np.ndarray, b: float, r: float = 3.0) -> np.ndarray:
    s = np.clip(time, 0.0, None) / (r * b)
    return s**r * np.exp(r * (1 - s))


def files_of(folder: Path) -> list[Path]:
    """Everything below a folder, in order."""
    return sorted(path for path in folder.rglob("*") if path.is_file())
