"""Registration of simulated series to anatomical images with known transforms: error and refusals.

Whole brains and slabs of six slices, T1-weighted after contrast agent and FLAIR, the head anywhere
up to 15 mm and 15 degrees from where the headers put it, the series distorted by up to 3 mm. Then
every series against the image of another head.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from bolus.base.progress import QUIET, Reporter, Steps
from bolus.data import AnatomicalImage, Grid, PreparedSeries, RegistrationError
from bolus.phantom import AnatomicalScan, Displaced, anatomical_image, simulate_patient
from bolus.preprocess import prepare
from bolus.preprocess.anatomy import mean_distance, register_anatomy

SEEDS = tuple(range(7000, 7040))
FARTHEST, TURN, DISTORTION = 15.0, 15.0, 3.0
"""mm and degrees that a head is displaced by at most; mm that the series is distorted by."""
WHOLE = ((64, 64, 12), (72, 72, 16))
SLABS = ((80, 80, 6), (64, 64, 6))
VOXELS = {"t1c": ((1.2, 1.2, 1.2), (1.0, 1.0, 2.0)), "flair": ((1.0, 1.0, 5.0), (1.2, 1.2, 1.2))}
STRANGERS, UPSIDE = 2, 4
"""One head in so many is held against another's image, and against its own upside down."""
SNRS = (50.0, 25.0)
TUMORS = ("none", "low", "high", "high")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One head, its series and its image; everything is drawn by the seed."""

    seed: int

    @property
    def contrast(self) -> str:
        """T1-weighted and FLAIR in turn."""
        return ("t1c", "flair")[self.seed % 2]

    @property
    def slab(self) -> bool:
        """Two of four are six slices."""
        return self.seed // 2 % 2 == 1

    @property
    def shape(self) -> tuple[int, int, int]:
        """The matrix of the series."""
        return (SLABS if self.slab else WHOLE)[self.seed // 4 % 2]

    def displaced(self) -> Displaced:
        """A shift of any direction up to FARTHEST, a turn about any axis up to TURN."""
        rng = np.random.default_rng((self.seed, 5))
        way, axis = rng.standard_normal((2, 3))
        shift = way / np.linalg.norm(way) * rng.uniform(0, FARTHEST)
        turn = axis / np.linalg.norm(axis) * np.deg2rad(rng.uniform(0, TURN))
        pose = tuple(float(x) for x in [*shift, *_angles(turn)])
        return Displaced(pose=pose, distortion=DISTORTION, seed=self.seed)  # type: ignore[arg-type]

    def made(self) -> "Pair":
        """Series, prepared, and image."""
        patient = simulate_patient(
            seed=self.seed,
            shape=self.shape,
            tumor=TUMORS[self.seed // 3 % 4],
            snr=SNRS[self.seed // 8 % 2],
            frames=30,
            tr=2.0,
        )
        voxel = VOXELS[self.contrast][self.seed // 4 % 2]
        scan = anatomical_image(patient, self.contrast, self.displaced(), voxel)
        return Pair(plan=self, series=prepare(patient.series), scan=scan)


@dataclass(frozen=True, kw_only=True, eq=False)
class Pair:
    """What a plan makes."""

    plan: Plan
    series: PreparedSeries
    scan: AnatomicalScan


@dataclass(frozen=True, kw_only=True)
class Registered:
    """One registration.

    ``error`` is the mean distance in mm, over the brain, from the true place, NaN where it was
    refused; ``start`` that of the headers; ``seconds`` are of processor time.
    """

    plan: Plan
    error: float
    start: float
    seconds: float
    kept: float = math.nan
    apart: float = math.nan
    refused: str = ""


@dataclass(frozen=True, kw_only=True)
class Registrations:
    """Every series with its ``own`` image, a stranger's, and its own upside down."""

    own: tuple[Registered, ...]
    strangers: tuple[Registered, ...]
    upside: tuple[Registered, ...]


def run_anatomy(seeds: Sequence[int] = SEEDS, *, reporter: Reporter = QUIET) -> Registrations:
    """Simulate every head and register it, some also to wrong images; ten minutes for all."""
    steps = Steps(len(seeds), reporter)
    own, strangers, upside = [], [], []
    before: AnatomicalScan | None = None
    for number, seed in enumerate(seeds):
        steps(f"head {seed}")
        pair = Plan(seed=seed).made()
        own.append(registered(pair, pair.scan))
        if number % UPSIDE == 0:
            upside.append(registered(pair, upside_down(pair.scan)))
        if before is not None and number % STRANGERS == 1:
            strangers.append(registered(pair, before))
        before = pair.scan
    steps.finish()
    return Registrations(own=tuple(own), strangers=tuple(strangers), upside=tuple(upside))


def registered(pair: Pair, scan: AnatomicalScan) -> Registered:
    """One pair registered, or refused."""
    image = AnatomicalImage(volume=scan.volume, grid=scan.grid, name=scan.contrast)
    places = _places(pair.series.grid, pair.series.mask)
    begun, start = time.process_time(), mean_distance(scan.to_anatomy, np.eye(4), places)
    try:
        found = register_anatomy(pair.series, image)
    except RegistrationError as error:
        spent, score = time.process_time() - begun, error.score
        return Registered(
            plan=pair.plan,
            error=math.nan,
            start=start,
            seconds=spent,
            kept=math.nan if score is None else score.kept,
            apart=math.nan if score is None else score.apart,
            refused=str(error),
        )
    return Registered(
        plan=pair.plan,
        error=mean_distance(found.to_anatomy, scan.to_anatomy, places),
        start=start,
        seconds=time.process_time() - begun,
        kept=found.score.kept,
        apart=found.score.apart,
    )


def upside_down(scan: AnatomicalScan) -> AnatomicalScan:
    """An image whose slices are in the wrong order, as after a wrong conversion."""
    return AnatomicalScan(
        volume=scan.volume[:, :, ::-1].copy(),
        grid=scan.grid,
        contrast=scan.contrast,
        to_anatomy=scan.to_anatomy,
    )


def _angles(turn: Float[np.ndarray, "3"]) -> Float[np.ndarray, "3"]:
    """Degrees about x, then y, then z of a turn about an axis as long as its angle."""
    from scipy.spatial.transform import Rotation

    return np.asarray(Rotation.from_rotvec(turn).as_euler("xyz", degrees=True))


def _places(grid: Grid, mask: Bool[np.ndarray, "x y z"]) -> Float[np.ndarray, "n 3"]:
    return np.asarray(np.argwhere(mask) @ grid.affine[:3, :3].T + grid.affine[:3, 3])
