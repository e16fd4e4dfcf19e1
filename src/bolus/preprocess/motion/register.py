"""One frame held against a reference by mutual information."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from scipy import ndimage

from bolus.data import Grid, SeriesError
from bolus.preprocess.motion.space import LEVER, Space

if TYPE_CHECKING:
    from SimpleITK import Image

SEED = 1
"""Of the voxels that are drawn; the same for every frame."""
BINS = 64
SAMPLES = 10_000
"""Voxels that the mutual information is taken from, about."""
BRIGHTEST = 99.5
"""Percentile of the head at which a volume is held, lest a few bright voxels fill the bins."""
SHORTEST_STEP = 0.002
"""mm: the search ends when its steps are shorter."""
STEPS = 100
FINEST = 4
"""Parts at most that a thick voxel of the reference is split into."""
FILTERED = 4
"""Voxels a side that ITK's filter for smooth gradients needs; thinner ones take differences."""


class Level(NamedTuple):
    """One round of the search: SD in mm of the smoothing, and the first step in mm."""

    smoothing: float
    step: float


COARSE, FINE = Level(8.0, 4.0), Level(3.0, 1.0)


@dataclass(frozen=True, eq=False)
class Reference:
    """What frames are held against: a smooth volume, and the mask that samples are drawn from.

    ``image`` is the volume with its thick voxels split by cubic splines, down to the size of the
    thinnest, lest the linear interpolation of the search blur one place more than another.
    """

    space: Space
    volume: Float[np.ndarray, "x y z"]
    mask: Bool[np.ndarray, "x y z"]

    @cached_property
    def image(self) -> "Image":
        """The volume as an image."""
        size = np.array(self.space.grid.voxel_size)
        x, y, z = np.clip(np.round(size / size[self.space.axes].min()), 1, FINEST).astype(int)
        parts = (int(x), int(y), int(z))
        sides = [
            np.arange((n - 1) * k + 1) / k for n, k in zip(self.volume.shape, parts, strict=True)
        ]
        places = np.meshgrid(*sides, indexing="ij")
        fine = ndimage.map_coordinates(self.volume, places, order=3, mode="nearest")
        return self.space.image(fine, parts)

    def prepare(self) -> None:
        """Make the images, before several threads want them."""
        _ = self.image, self.drawn_from

    @cached_property
    def drawn_from(self) -> "Image":
        """The mask as an image."""
        return self.space.image(self.mask.astype(np.uint8))

    @cached_property
    def share(self) -> float:
        """Share of the voxels that is drawn."""
        return float(min(1.0, SAMPLES / max(1, int(self.mask.sum()))))


def smoothed(
    volume: Float[np.ndarray, "x y z"],
    grid: Grid,
    smoothing: float,
    mask: Bool[np.ndarray, "x y z"],
) -> Float[np.ndarray, "x y z"]:
    """A volume clamped to the BRIGHTEST percentile of a mask, then smoothed by a Gaussian, float32.

    ``smoothing`` is its SD in mm.
    """
    held = np.minimum(volume, np.percentile(volume[mask], BRIGHTEST)).astype(np.float32)
    width = smoothing / np.array(grid.voxel_size)
    return np.asarray(ndimage.gaussian_filter(held, width, mode="nearest"))


def register(
    frame: Float[np.ndarray, "x y z"],
    reference: Reference,
    start: Float[np.ndarray, "6"],
    step: float,
) -> Float[np.ndarray, "6"]:
    """Pose (6,) of a frame against a reference, both smoothed alike.

    Mattes' mutual information of about SAMPLES voxels, drawn at random with a fixed seed and
    shaken off the grid, climbed from ``start`` by steps of ``step`` mm that are halved at every
    turn. The best place that was passed is taken, so that the search never ends lower than it
    began. Source: Mattes et al., IEEE Trans Med Imaging 2003;22:120.

    Raises SeriesError where ITK finds nothing to compare.
    """
    import SimpleITK as sitk  # noqa: N813

    space = reference.space
    transform = space.transform(start)
    method = sitk.ImageRegistrationMethod()
    method.SetNumberOfThreads(1)
    method.SetMetricAsMattesMutualInformation(BINS)
    method.SetMetricSamplingStrategy(method.RANDOM)
    method.SetMetricSamplingPercentage(reference.share, SEED)
    method.SetMetricFixedMask(reference.drawn_from)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetMetricUseFixedImageGradientFilter(False)
    method.SetMetricUseMovingImageGradientFilter(min(reference.image.GetSize()) >= FILTERED)
    method.SetOptimizerAsRegularStepGradientDescent(
        step / LEVER, SHORTEST_STEP / LEVER, STEPS, gradientMagnitudeTolerance=1e-7
    )
    method.SetInitialTransform(transform, inPlace=True)
    values, places = [], [transform.GetParameters()]

    def noted() -> None:
        values.append(method.GetMetricValue())
        places.append(method.GetOptimizerPosition())

    method.AddCommand(sitk.sitkIterationEvent, noted)
    try:
        method.Execute(space.image(frame), reference.image)
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1].strip()
        raise SeriesError(
            f"a frame cannot be held against the others ({reason}): leave motion in "
            f"(Preparation(motion=None), --motion off)"
        ) from error
    finally:
        method.RemoveAllCommands()  # noted holds method: a cycle through ITK, which gc cannot see
    transform.SetParameters(places[int(np.argmin(values)) if values else 0])
    return space.pose(transform)
