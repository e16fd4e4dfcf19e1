"""The search for where a series lies in an anatomical image."""

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from bolus.data import RegistrationError
from bolus.preprocess.anatomy.images import SEED, Fixed, Moving
from bolus.preprocess.anatomy.space import Pose
from bolus.preprocess.motion.space import LEVER


class Level(NamedTuple):
    """One round: SD of the smoothing, first and shortest step, all in mm; bins and samples."""

    smoothing: float
    step: float
    shortest: float
    bins: int
    samples: int


SCAN, SCANNED = 6.0, 2000
"""SD in mm of the smoothing in which the starts are compared, and in how many voxels."""
ROUGH = Level(6.0, 4.0, 0.2, 32, 3000)
MIDDLE = Level(3.0, 2.0, 0.1, 32, 8000)
NEXT = Level(2.0, 0.5, 0.05, 48, 12000)
LAST = Level(1.5, 0.25, 0.02, 48, 15000)
STEPS = 40
SHIFTS = ((-8.0, 0.0, 8.0), (-12.0, 0.0, 12.0), (-12.0, -6.0, 0.0, 6.0, 12.0))
"""mm along x, y and z by which starts are off the header's place, and the centre of mass."""
TURN = 12.0
"""Degrees about each axis by which starts are turned."""
STARTS, KEPT = 5, 2
"""Starts that are followed, and how many of them are followed on."""
APART = 9.0
"""mm between starts that count as different."""


def search(fixed: Fixed, anatomy: Moving) -> Float[np.ndarray, "4 4"]:
    """The rigid transform, in mm, that takes a series to an anatomical image: placed, then fitted.

    The one rigid search between two images of a patient. Raises RegistrationError where they do not
    overlap.
    """
    return fit(fixed, anatomy, place(fixed, anatomy))


def place(fixed: Fixed, anatomy: Moving) -> Pose:
    """The best pose that takes the series to the anatomy, both at 3 mm.

    From the header's place, and from the best of some hundred places around it and around the
    centre of mass, by Mattes' mutual information; those that end best are followed on.
    """
    coarse = anatomy.coarse()
    rough, middle = coarse.smooth(ROUGH.smoothing), coarse.smooth(MIDDLE.smoothing)
    ends = [descend(fixed, rough, pose, ROUGH) for pose in _starts(fixed, rough, coarse)]
    best = sorted(ends, key=lambda end: end.value)[:KEPT]
    ends = [descend(fixed, middle, end.pose, MIDDLE) for end in best]
    return min(ends, key=lambda end: end.value).pose


def fit(fixed: Fixed, anatomy: Moving, pose: Pose) -> Float[np.ndarray, "4 4"]:
    """A pose made exact: the matrix in mm that takes the series to the anatomy.

    Twice against the anatomy as the voxels of the series see it from where it was found last.
    """
    matrix = fixed.space.matrix(pose)
    for level in (NEXT, LAST):
        seen = anatomy.seen(fixed, matrix).smooth(fixed.smoothing(level.smoothing))
        matrix = matrix @ fixed.space.matrix(descend(fixed, seen, np.zeros(6), level).pose)
    return matrix


class End(NamedTuple):
    """Where a search ended: its pose, and the metric there, the lower the better."""

    pose: Pose
    value: float


def _starts(fixed: Fixed, rough: Moving, coarse: Moving) -> list[Pose]:
    """The header's place, and the best of the others that are APART from each other."""
    compared = fixed.compared(SCAN, rough, SCANNED)
    found = list(_grid(coarse.middle - fixed.space.middle))
    values = [compared.at(fixed.space.matrix(pose)) for pose in found]
    order = np.argsort(-np.array(values), kind="stable")
    chosen = [np.zeros(6)]
    for number in order:
        pose = found[int(number)]
        if all(_apart(pose, other) > APART for other in chosen):
            chosen.append(pose)
        if len(chosen) == STARTS:
            break
    return chosen


def _grid(off: Float[np.ndarray, "3"]) -> Iterator[Pose]:
    """Places around the header's, and around the one whose centre of mass is ``off`` mm away."""
    turns = [np.zeros(3), *(sign * TURN * axis for axis in np.eye(3) for sign in (1, -1))]
    for base in (np.zeros(3), off):
        for shift in product(*SHIFTS):
            for turn in turns:
                yield np.concatenate([base + np.array(shift), turn])


def _apart(one: Pose, other: Pose) -> float:
    gap = one - other
    return float(np.hypot(np.linalg.norm(gap[:3]), LEVER * np.linalg.norm(np.deg2rad(gap[3:]))))


def descend(fixed: Fixed, moving: Moving, start: Pose, level: Level) -> End:
    """Mattes' mutual information followed from a start to the nearest best place.

    ``moving`` is as smooth as the level wants it. Samples are drawn at random by SEED from the
    voxels compared; steps are halved at every turn; the best place that was passed is taken.
    Source: Mattes et al., IEEE Trans Med Imaging 2003;22:120. Raises RegistrationError where the
    images do not overlap.
    """
    import SimpleITK as sitk  # noqa: N813

    space = fixed.space
    transform = space.transform(start)
    method = sitk.ImageRegistrationMethod()
    method.SetNumberOfThreads(1)
    method.SetMetricAsMattesMutualInformation(level.bins)
    method.SetMetricSamplingStrategy(method.RANDOM)
    share = min(1.0, level.samples / int(fixed.wide.sum()))
    method.SetMetricSamplingPercentage(share, SEED)
    method.SetMetricFixedMask(space.image(fixed.wide.astype(np.uint8), fixed.grid.affine))
    method.SetInterpolator(sitk.sitkLinear)
    image = space.image(moving.volume, moving.affine)
    method.SetMetricUseFixedImageGradientFilter(False)
    # differences at the samples: a filter over all voxels would take most of the time
    method.SetMetricUseMovingImageGradientFilter(False)
    method.SetOptimizerAsRegularStepGradientDescent(
        level.step / LEVER, level.shortest / LEVER, STEPS, gradientMagnitudeTolerance=1e-8
    )
    method.SetInitialTransform(transform, inPlace=True)
    values, places = [], [transform.GetParameters()]

    def noted() -> None:
        values.append(method.GetMetricValue())
        places.append(method.GetOptimizerPosition())

    method.AddCommand(sitk.sitkIterationEvent, noted)
    try:
        smooth = fixed.smooth(fixed.smoothing(level.smoothing))
        method.Execute(space.image(smooth, fixed.grid.affine), image)
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1].strip()
        raise RegistrationError(
            f"the series and the anatomy cannot be compared ({reason}): they are expected to "
            "overlap where their headers put them, or by their centres"
        ) from error
    finally:
        method.RemoveAllCommands()  # noted holds method: a cycle through ITK, which gc cannot see
    best = int(np.argmin(values)) if values else 0
    transform.SetParameters(places[best])
    return End(space.pose(transform), values[best] if values else np.inf)
