"""Voxels made of pieces: what a scanner samples of a head that does not fit its grid."""

import numpy as np
from jaxtyping import Float, Shaped

from bolus.data import Grid

Pieces = tuple[int, int, int]
WHOLE: Pieces = (1, 1, 1)
RIM = 0.5
"""Usual weight of the rim of k-space: between no window (1) and that of Hamming (0.08)."""


def divided(grid: Grid, pieces: Pieces) -> Grid:
    """The grid whose voxels are cut into so many pieces along x, y and z."""
    affine = grid.affine.copy()
    affine[:3, :3] = grid.affine[:3, :3] / pieces
    affine[:3, 3] += affine[:3, :3] @ ((1 - np.array(pieces)) / 2)
    (x, y, z), (a, b, c) = grid.shape, pieces
    return Grid(shape=(x * a, y * b, z * c), affine=affine)


def share(
    values: Shaped[np.ndarray, "i j k *rest"], pieces: Pieces
) -> Float[np.ndarray, "x y z *rest"]:
    """Mean over the pieces of every voxel."""
    (a, b, c), (i, j, k) = pieces, values.shape[:3]
    cut = values.reshape(i // a, a, j // b, b, k // c, c, *values.shape[3:])
    return np.asarray(cut.mean(axis=(1, 3, 5), dtype=float))


def sampled(
    signal: Float[np.ndarray, "i j k t"], pieces: Pieces, rim: float = RIM
) -> Float[np.ndarray, "x y z t"]:
    """The image of a signal (i, j, k, t) that is known piece by piece.

    Through the slices the pieces are averaged. Within a slice the scanner reads as much of k-space
    as its voxels are large: the transform is cut there, under the window ``rim`` + (1 − ``rim``)·
    cos² that is ``rim`` there, and the magnitude is taken. So, as on a scanner and unlike with
    box-shaped voxels, a shift by part of a voxel is hardly lost. Whole voxels stay as they are.
    """
    if pieces == WHOLE:
        return signal
    image = share(signal, (1, 1, pieces[2]))
    for axis in (0, 1):
        image = _cut(image, axis, pieces[axis], rim)
    return np.abs(image)


def _cut(
    image: Float[np.ndarray, "i j k t"], axis: int, pieces: int, rim: float
) -> Float[np.ndarray, "x y z t"]:
    """One axis at the resolution of whole voxels, read at their middles."""
    fine = image.shape[axis]
    count = fine // pieces
    order = np.rint(np.fft.fftfreq(count) * count).astype(int)
    kept = 2 * np.abs(order) < count
    window = rim + (1 - rim) * np.cos(np.pi * order / count) ** 2
    middle = np.exp(1j * np.pi * (pieces - 1) * order / fine)
    weight = np.where(kept, window * middle / pieces, 0)
    beside = [1] * image.ndim
    beside[axis] = count
    spectrum = np.take(np.fft.fft(image, axis=axis), order, axis=axis, mode="wrap")
    return np.asarray(np.fft.ifft(spectrum * weight.reshape(beside), axis=axis).real)
