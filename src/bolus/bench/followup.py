"""Two dates of simulated patients, with and without a change, and what is said of it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from bolus.base.progress import QUIET, Reporter, Steps
from bolus.data import ArterialInputError, Grid, PerfusionMaps, Preparation, RegistrationError
from bolus.followup import Comparison, compare_maps
from bolus.followup.carried import carried_mask
from bolus.followup.change import Change
from bolus.patient import perfusion_maps
from bolus.phantom import simulate_patient
from bolus.phantom.arterial import Number
from bolus.phantom.realism import Leak, Realism
from bolus.phantom.tumor import TumorPerfusion
from bolus.preprocess.anatomy import mean_distance
from bolus.preprocess.motion.rigid import rigid_of

FIRST_SEED, PATIENTS = 7800, 200
SHAPE, FRAMES, PIECES = (36, 36, 8), 40, (1, 1, 2)
FACTORS = (0.6, 0.8, 0.9, 1.1, 1.2, 1.4)
"""What the tumour's blood volume and flow are multiplied by at the last date, patients in turn."""
BLOCK = 24
"""Patients in which every factor meets every kind of echo times once."""
ECHOES = ((0.03, 0.02), (0.02, 0.02), (0.02, 0.03), (0.02, 0.02))
"""Echo times in s of the first examination and of the others, patients in turn."""
SNRS = (30.0, 40.0)
"""Least and highest SNR of an examination."""


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
    """Examine every patient twice as it is, and some once with a tumour that rose or fell.

    The first examination is compared with either later one, so that unchanged pairs are as many as
    ``patients``, and independent; every other BLOCK of patients has a third date. Each examination
    has another arterial input, leak and noise, an SNR from 30 to 40, and a head that lies up to
    8 mm and 6 degrees elsewhere; of every other patient the first has a longer or a shorter echo
    time, so that neither date is the better one. Every examination has its tumour and its
    reference, drawn rightly. Patients in whom no artery is found are skipped, and pairs that cannot
    be registered, and told.
    """
    made: list[FollowupResult] = []
    steps = Steps(patients, reporter)
    for seed in range(first, first + patients):
        steps(f"patient {seed}")
        try:
            one, *later = examined(seed, method)
        except ArterialInputError as error:
            reporter.skipped(f"patient {seed}", str(error))
            continue
        for other in later:
            try:
                found = compare_maps(one.maps, other.maps)
            except RegistrationError as error:
                reporter.skipped(f"patient {seed}", str(error))
                continue
            made.append(judged(seed, found, (one, other)))
    steps.finish()
    return together(made)


def judged(seed: int, found: Comparison, pair: "tuple[Examined, Examined]") -> FollowupResult:
    """What a comparison says of two examinations of a patient, of which the truth is known."""
    one, other = pair
    same = one.maps.series.te == other.maps.series.te
    told = (
        Told(seed=seed, factor=other.factor, same_echo=same, change=change)
        for change in (*found.changes, *found.numbers)
    )
    voxels = ((seed, *each) for each in _real_voxels(found) if other.factor == 1)
    placed = _placed(seed, found, (one.pose, other.pose))
    return FollowupResult(told=tuple(told), placed=(placed,), voxels=tuple(voxels))


def together(made: Iterable[FollowupResult]) -> FollowupResult:
    """Results of several comparisons as one."""
    parts = [(one.told, one.placed, one.voxels) for one in made]
    told, placed, voxels = (tuple(chain(*part)) for part in zip(*parts, strict=True))
    return FollowupResult(told=told, placed=placed, voxels=voxels)


Pose = tuple[Number, ...]


class Examined(NamedTuple):
    """An examination: its maps, how the head lay, and what the tumour was multiplied by."""

    maps: PerfusionMaps
    pose: Pose
    factor: float


def examined(seed: int, method: str) -> Iterator[Examined]:
    """The examinations of a patient; none lies straight, as what is moved is blurred."""
    rng = np.random.default_rng([seed, 41])
    block, within = divmod(seed, BLOCK)
    cbv, flow = rng.uniform(1.5, 4.0), rng.uniform(0.7, 1.0)
    leak = Leak(ktrans=float(rng.uniform(0.0, 0.15)))
    echoes = ECHOES[within % len(ECHOES)]
    changed = (FACTORS[within // len(ECHOES)],) if block % 2 else ()
    for visit, factor in enumerate((1.0, 1.0, *changed), 1):
        drawn = rng.uniform(-1, 1, 6) * [8, 8, 8, 6, 6, 6]
        pose = tuple(float(x) for x in drawn)
        made = simulate_patient(
            seed=seed,
            snr=float(rng.uniform(*SNRS)),
            te=echoes[visit > 1],
            frames=FRAMES,
            shape=SHAPE,
            tumor="high",
            ratios=TumorPerfusion(cbv=factor * cbv, cbf=factor * cbv * flow),
            realism=Realism(leak=leak, visit=visit, pieces=PIECES, poses=(pose,) * FRAMES),
        )
        grid, masks = made.series.grid, made.masks
        assert masks.tumor is not None
        back = np.linalg.inv(_there(pose, grid))
        drawn_in = {"tumor": masks.tumor, "reference": masks.nawm}
        regions = {name: carried_mask(m, grid, grid, back) for name, m in drawn_in.items()}
        usual = Preparation(motion=None)
        corrected = replace(usual, leakage=replace(usual.leakage, use=True))
        maps = perfusion_maps(made.series, method, regions=regions, preparation=corrected)
        yield Examined(maps, pose, factor)


def _there(pose: Pose, grid: Grid) -> Float[np.ndarray, "4 4"]:
    """From places of the head at rest to those of the head in a pose, mm (RAS+).

    A pose brings the head back about the middle of the grid.
    """
    middle = grid.affine[:3, :3] @ ((np.array(grid.shape) - 1) / 2) + grid.affine[:3, 3]
    back = rigid_of(np.array(pose)).back
    found = np.eye(4)
    found[:3, :3], found[:3, 3] = back.turn, back.shift + middle - back.turn @ middle
    return found


def _placed(seed: int, found: Comparison, poses: tuple[Pose, Pose]) -> Placed:
    """How far the registration is off."""
    grid, brain = found.pair.before.grid, found.pair.before.brain
    points = np.argwhere(brain) @ grid.affine[:3, :3].T + grid.affine[:3, 3]
    registration = found.pair.registration
    true = _there(poses[1], grid) @ np.linalg.inv(_there(poses[0], grid))
    error = mean_distance(registration.transform, true, points)
    return Placed(seed=seed, error=error, said=registration.error)


def _real_voxels(found: Comparison) -> Iterator[tuple[str, float]]:
    """Share of the brain's voxels whose change is said to be real, by map."""
    for change in found.voxels:
        if change.probability is not None:
            inside = change.probability[found.pair.brain & np.isfinite(change.probability)]
            yield change.quantity.name, float((np.abs(inside) >= 0.95).mean())
