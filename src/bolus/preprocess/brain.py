"""Which voxels are head, and which of them brain."""

import numpy as np
from jaxtyping import Bool, Float, Num
from scipy import ndimage

from bolus.data import DSCSeries, FrameWindow, MaskError
from bolus.preprocess.detect import first_pass
from bolus.preprocess.frames import find_series_frames

MIN_VOXELS = 100
MIN_CONTRAST = 2.0
"""Smallest ratio of the mean signal above the threshold to that below it."""

SPREAD = 1e-6
"""Least spread of the mean image, as a part of it, of which a histogram can be made."""

SHARE = 0.02
"""Size of a further part of the brain, as a part of the largest."""
DEPTH = 0.4
"""First pass in a further part, as a part of that in the largest: brain has about as much, muscle
and scalp a fifth, eyes none."""
CLEAR = 5.0
"""Noise SDs of that first pass."""
OPENING_MM = 4.0
CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], dtype=bool)[:, :, None]


def head_mask(image: Float[np.ndarray, "x y z"]) -> Bool[np.ndarray, "x y z"]:
    """Voxels of a mean image brighter than the background, by Otsu's threshold.

    The image is clamped to its 98th percentile among the voxels with signal, lest bright fluid or
    scalp draws the threshold up. Raises MaskError when the two classes differ by less than a
    factor of 2 or fewer than 100 voxels are bright. Source: Otsu, IEEE Trans SMC 1979;9:62.
    """
    positive = image[image > 0]
    if positive.size < MIN_VOXELS:
        raise MaskError(f"{positive.size} voxels have signal; {MIN_VOXELS} are needed")
    held = np.clip(image, 0.0, np.percentile(positive, 98))
    if np.ptp(held) <= SPREAD * held.max():
        raise MaskError(
            f"head and background cannot be told apart: the mean image lies between "
            f"{held.min():.6g} and {held.max():.6g}; give a mask"
        )
    head = held > _otsu(held.ravel())
    inside, outside = (
        float(np.sum(held, where=part) / max(part.sum(), 1)) for part in (head, ~head)
    )
    if head.sum() < MIN_VOXELS or head.all() or inside < MIN_CONTRAST * outside:
        raise MaskError(
            f"head and background cannot be told apart: {int(head.sum())} bright voxels of mean "
            f"signal {inside:.4g} against {outside:.4g}; give a mask"
        )
    return np.asarray(head)


def brain_mask(series: DSCSeries, frames: FrameWindow | None = None) -> Bool[np.ndarray, "x y z"]:
    """Brain voxels (x, y, z) of a series, from the mean of its baseline frames.

    Bright voxels by Otsu's threshold; then, slice by slice, an opening of about 4 mm that cuts
    scalp and eyes loose. Of what is left the largest connected part is kept, and others of a
    fiftieth of its size in which the mean curve holds DEPTH of its first pass: in low slices
    cerebellum and temporal lobes lie apart, but so do eyes and muscles. Holes are filled. Works on
    a single slice. ``frames`` None are found first. Voxels with NaN count as dark.

    Raises MaskError when fewer than 100 voxels are found or head and background look alike (give
    a mask then), and as ``find_frames`` when there are no frames.
    """
    window = frames or find_series_frames(series, head_mask(mean_image(series.signal)))
    head = head_mask(mean_image(series.signal[..., window.baseline]))
    brain = _brain_parts(head, series, window)
    if brain.sum() < MIN_VOXELS:
        raise MaskError(
            f"the brain was found in {int(brain.sum())} voxels only, at least {MIN_VOXELS} are "
            f"expected; give a mask"
        )
    return brain


def mean_image(signal: Num[np.ndarray, "x y z t"]) -> Float[np.ndarray, "x y z"]:
    """Mean over frames, (x, y, z) in scanner units; 0 for voxels with a sample not finite."""
    with np.errstate(invalid="ignore"):
        image = np.mean(signal, axis=3, dtype=float)
    return np.where(np.isfinite(image), image, 0.0)


def _otsu(values: Float[np.ndarray, " n"]) -> float:
    """Threshold of largest between-class variance."""
    counts, edges = np.histogram(values, bins=256)
    centres = 0.5 * (edges[1:] + edges[:-1])
    below = np.cumsum(counts)[:-1]
    above = values.size - below
    total = np.cumsum(counts * centres)
    with np.errstate(invalid="ignore", divide="ignore"):
        gap = total[:-1] / below - (total[-1] - total[:-1]) / above
    between = np.nan_to_num(below * above * gap**2)
    return float(edges[1 + int(np.argmax(between))])


def _opening(voxel_size: tuple[float, float, float]) -> int:
    """Opening radius in voxels for an in-plane voxel size in mm: 1 to 3."""
    return int(np.clip(round(OPENING_MM / max(min(voxel_size[:2]), 0.1)), 1, 3))


def _brain_parts(
    head: Bool[np.ndarray, "x y z"], series: DSCSeries, frames: FrameWindow
) -> Bool[np.ndarray, "x y z"]:
    """Opening in plane, parts in space that the bolus passes, holes filled slice by slice."""
    radius = _opening(series.grid.voxel_size)
    core = ndimage.binary_erosion(head, CROSS, iterations=radius, border_value=1)
    labels, parts = ndimage.label(core)
    if parts == 0:
        return core
    brain = np.zeros_like(head)
    sizes, boxes = np.bincount(labels.ravel())[1:], ndimage.find_objects(labels)
    most = 1 + 2 * radius * (radius + 1)  # voxels that one grows to
    least = 0.0
    for part in np.argsort(-sizes, kind="stable"):
        if most * sizes[part] < least:
            break
        box = _wider(boxes[part], radius)
        grown = ndimage.binary_dilation(
            labels[box] == part + 1, CROSS, iterations=radius, mask=head[box]
        )
        signal, size = series.signal[box], int(grown.sum())
        if not least:
            shape, least = _concentration(signal[grown], frames), SHARE * size
            brain[box] |= grown
        elif size >= least and _passed(signal[grown], frames, shape):
            brain[box] |= grown
    return np.stack([ndimage.binary_fill_holes(plane) for plane in np.moveaxis(brain, 2, 0)], 2)


def _wider(box: tuple[slice, ...], voxels: int) -> tuple[slice, ...]:
    """A box that reaches so many voxels further in plane."""
    x, y, z = box
    return (*(slice(max(0, one.start - voxels), one.stop + voxels) for one in (x, y)), z)


def _passed(
    signal: Num[np.ndarray, "n t"], frames: FrameWindow, expected: Float[np.ndarray, " t"]
) -> bool:
    """Whether a part's mean curve holds DEPTH of the bolus of an ``expected`` one, out of noise.

    C = k·first pass + error, by least squares; the noise of k is that of the baseline.
    """
    curve = _concentration(signal, frames)
    template = first_pass(expected, frames.onset - frames.first)
    height = float(expected.max())
    power = float((template**2).sum())
    if not (power > 0 and np.isfinite(curve).all()):
        return False
    before = curve[: frames.onset - frames.first]
    found = float(curve @ template) / power
    return bool(found > max(DEPTH * height, CLEAR * before.std(ddof=1) / np.sqrt(power)))


def _concentration(
    signal: Num[np.ndarray, "n t"], frames: FrameWindow
) -> Float[np.ndarray, " used"]:
    """−ln(S/S0) of the mean signal of some voxels over the used frames."""
    curve = np.nanmean(signal[:, frames.used], axis=0, dtype=float)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(-np.log(curve / curve[: frames.onset - frames.first].mean()))
