"""Digital patients whose head moves: simulated on finer voxels, moved there, then averaged."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from bolus.data import DSCSeries, Grid
from bolus.phantom import DigitalPatient, simulate_patient
from bolus.phantom.motion import moved, trajectory


@dataclass(frozen=True, kw_only=True, eq=False)
class MovedHead:
    """A series, the poses (t, 6) that bring its frames back, and the truth on its grid.

    ``aif`` (t,) is the arterial curve, ``cbf`` the flow in mL/100 g/min.
    """

    series: DSCSeries
    pose: np.ndarray
    brain: np.ndarray
    aif: np.ndarray
    tissue: np.ndarray
    cbf: np.ndarray


def pooled(volume: np.ndarray) -> np.ndarray:
    """Means of 2 × 2 × 2 voxels."""
    x, y, z = volume.shape[:3]
    parts = volume.reshape(x // 2, 2, y // 2, 2, z // 2, 2, *volume.shape[3:])
    return parts.mean(axis=(1, 3, 5))


@lru_cache(maxsize=1)
def _still(seed: int, shape: tuple[int, int, int], frames: int) -> DigitalPatient:
    """The patient on the finer voxels, without noise; once for all it is moved by."""
    fine = tuple(2 * n for n in shape)
    return simulate_patient(seed=seed, shape=fine, snr=np.inf, tumor="none", frames=frames)


def moved_head(
    seed: int, shape: tuple[int, int, int], most: float, frames: int = 45, snr: float = 50.0
) -> MovedHead:
    """A patient whose largest shift in mm and turn in degrees is ``most``; drift and one jump."""
    made = _still(seed, shape, frames)
    fine = made.series.grid
    affine = fine.affine.copy()
    affine[:3, 3] += fine.affine[:3, :3] @ [0.5, 0.5, 0.5]
    affine[:3, :3] *= 2
    path = trajectory(np.random.default_rng(1000 + seed), frames, 1.0)
    path *= most / np.abs(path).max()
    each = np.split(made.series.signal, frames, axis=3)
    signal = np.stack(
        [pooled(moved(one, path[[k]], fine)[..., 0]) for k, one in enumerate(each)], axis=3
    )
    brain = pooled(made.masks.brain.astype(float))
    rng = np.random.default_rng(2000 + seed)
    sd = signal[brain == 1][:, 4:7].mean() / snr
    noisy = np.hypot(*(part + sd * rng.standard_normal(signal.shape) for part in (signal, 0.0)))
    return MovedHead(
        series=DSCSeries(
            signal=noisy.astype(np.float32),
            dt=made.series.dt,
            te=made.series.te,
            grid=Grid(shape=shape, affine=affine),
        ),
        pose=path,
        brain=brain > 0.5,
        aif=made.aif,
        tissue=(brain == 1) & (pooled(made.masks.vessels.astype(float)) == 0),
        cbf=pooled(np.nan_to_num(made.truth.cbf)),
    )
