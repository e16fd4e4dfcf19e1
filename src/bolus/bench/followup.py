"""Two dates of simulated patients, with and without a change, and what is said of it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from bolus.base.progress import QUIET, Reporter, Steps
from bolus.data import ArterialInputError, Grid, PerfusionMaps, Preparation
from bolus.followup import Comparison, compare_maps
from bolus.followup.carried import carried_mask
from bolus.followup.change import Change
from bolus.patient import perfusion_maps
from bolus.phantom import simulate_patient
from bolus.phantom.arterial import Number
from bolus.phantom.realism import Leak, Realism
from bolus.phantom.tumor import TumorPerfusion
from bolus.preprocess.motion.rigid import rigid_of

FIRST_SEED, PATIENTS = 7600, 16
SHAPE, FRAMES, PIECES = (36, 36, 8), 40, (1, 1, 2)
RISE = 1.4
"""What the tumour's blood volume and flow are multiplied by, where it changes."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """A change of one patient, as it is said, beside the true factor (1: none)."""

    seed: int
    factor: float
    same_echo: bool
    change: Change


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A registration: mean distance in mm of the brain's voxels from where they are."""

    seed: int
    error: float
    said: float


@dataclass(frozen=True, kw_only=True)
class FollowupResult:
    """All changes, all registrations, and the share of real voxels by map in unchanged brains."""

    told: tuple[Told, ...]
    placed: tuple[Placed, ...]
    voxels: tuple[tuple[int, str, float], ...]


def run_followup(
    *,
    first: int = FIRST_SEED,
    patients: int = PATIENTS,
    method: str = "joint",
    reporter: Reporter = QUIET,
) -> FollowupResult:
    """Examine every patient three times: as it is, again, and with a tumour that rose.

    The second and third examination have another arterial input, leak and noise, SNR 30 instead of
    40, and a head that lies up to 8 mm and 6 degrees elsewhere; every other patient another echo
    time. Every examination has its tumour, drawn rightly, and the first its reference. Patients in
    whom no artery is found are skipped.
    """
    told: list[Told] = []
    placed: list[Placed] = []
    voxels: list[tuple[int, str, float]] = []
    steps = Steps(patients, reporter)
    for seed in range(first, first + patients):
        steps(f"patient {seed}")
        try:
            before, *others = _examined(seed, method)
        except ArterialInputError as error:
            reporter.skipped(f"patient {seed}", str(error))
            continue
        for factor, (after, pose) in zip((1.0, RISE), others, strict=True):
            found = compare_maps(before[0], after)
            same = before[0].series.te == after.series.te
            told += [
                Told(seed=seed, factor=factor, same_echo=same, change=change)
                for change in found.changes
            ]
            placed.append(_placed(seed, found, pose))
            if factor == 1:
                voxels += [(seed, *one) for one in _real_voxels(found)]
    steps.finish()
    return FollowupResult(told=tuple(told), placed=tuple(placed), voxels=tuple(voxels))


Pose = tuple[Number, ...]


def _examined(seed: int, method: str) -> Iterator[tuple[PerfusionMaps, Pose]]:
    """Maps of the three examinations, and how the head lay."""
    rng = np.random.default_rng([seed, 41])
    cbv, flow = rng.uniform(1.5, 4.0), rng.uniform(0.7, 1.0)
    leak = Leak(ktrans=float(rng.uniform(0.0, 0.15)))
    echoes = (0.02, 0.02 if seed % 2 else 0.03)
    for visit, (factor, snr) in enumerate(((1.0, 40), (1.0, 30), (RISE, 30)), 1):
        drawn = rng.uniform(-1, 1, 6) * [8, 8, 8, 6, 6, 6]
        pose = tuple(float(x) for x in drawn) if visit > 1 else (0.0,) * 6
        realism = Realism(leak=leak, visit=visit, pieces=PIECES)
        made = simulate_patient(
            seed=seed,
            snr=snr,
            te=echoes[visit > 1],
            frames=FRAMES,
            shape=SHAPE,
            tumor="high",
            ratios=TumorPerfusion(cbv=factor * cbv, cbf=factor * cbv * flow),
            realism=replace(realism, poses=(pose,) * FRAMES) if visit > 1 else realism,
        )
        grid, masks = made.series.grid, made.masks
        assert masks.tumor is not None
        tumor = carried_mask(masks.tumor, grid, grid, np.linalg.inv(_there(pose, grid)))
        regions = {"tumor": tumor} | ({"reference": masks.nawm} if visit == 1 else {})
        usual = Preparation(motion=None)
        yield (
            perfusion_maps(
                made.series,
                method,
                regions=regions,
                preparation=replace(usual, leakage=replace(usual.leakage, use=True)),
            ),
            pose,
        )


def _there(pose: Pose, grid: Grid) -> Float[np.ndarray, "4 4"]:
    """From places of the head at rest to those of the head in a pose, mm (RAS+).

    A pose brings the head back about the middle of the grid.
    """
    middle = grid.affine[:3, :3] @ ((np.array(grid.shape) - 1) / 2) + grid.affine[:3, 3]
    back = rigid_of(np.array(pose)).back
    found = np.eye(4)
    found[:3, :3], found[:3, 3] = back.turn, back.shift + middle - back.turn @ middle
    return found


def _placed(seed: int, found: Comparison, pose: Pose) -> Placed:
    """How far the registration is off."""
    grid, brain = found.pair.before.grid, found.pair.before.brain
    points = np.argwhere(brain) @ grid.affine[:3, :3].T + grid.affine[:3, 3]
    registration = found.pair.registration
    gap = registration.transform - _there(pose, grid)
    error = float(np.linalg.norm(points @ gap[:3, :3].T + gap[:3, 3], axis=1).mean())
    return Placed(seed=seed, error=error, said=registration.error)


def _real_voxels(found: Comparison) -> Iterator[tuple[str, float]]:
    """Share of the brain's voxels whose change is said to be real, by map."""
    for change in found.voxels:
        if change.probability is not None:
            inside = change.probability[found.pair.brain & np.isfinite(change.probability)]
            yield change.quantity.name, float((np.abs(inside) >= 0.95).mean())
