"""Diffusion-weighted images, of which the apparent diffusion coefficient (ADC) is made."""

import os
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float

from bolus.data import InputError
from bolus.io.diffusion import Diffusion
from bolus.io.nifti import load_image, read_values
from bolus.io.nifti_header import check_affine, grid_of

UNWEIGHTED, LEAST, MOST = 50.0, 500.0, 1500.0
"""s/mm²: an image counts as unweighted up to the first, and as weighted between the others; less is
perfusion too, and more is not of one exponential."""
DARK = 0.1
"""Of the 98th percentile of the unweighted image: darker voxels are no tissue, and have no ADC."""
BRIGHT = 98.0


def read_dwi(path: str | os.PathLike[str]) -> Diffusion:
    """The ADC of diffusion-weighted images: NIfTI with four axes, its b-values in NAME.bval.

    ADC = (ln S₀ − mean ln S_b)/b by least squares over all images with b between LEAST and MOST,
    S₀ being the mean of those up to UNWEIGHTED; several directions of one b are averaged as
    logarithms, which is the trace. 0 in dark voxels and where diffusion is not above 0. Source:
    Stejskal and Tanner, J Chem Phys 1965;42:288.

    Raises InputError for another shape, no file of b-values, or none of either kind.
    """
    path = Path(path)
    image = load_image(path, InputError)
    shape = tuple(int(n) for n in image.shape)
    if len(shape) != 4 or shape[3] < 2:
        raise InputError(
            f"{path}: diffusion-weighted images are a NIfTI file with four axes and at least two "
            f"volumes, found shape {shape}; a map of ADC is given by --adc"
        )
    grid = grid_of(image.header, path, InputError)
    check_affine(grid.affine, path, InputError)
    weights = _weights(path, shape[3])
    signal = read_values(image, path, InputError)
    without = signal[..., weights <= UNWEIGHTED].mean(axis=3)
    with_it = (weights >= LEAST) & (weights <= MOST)
    adc = adc_of(without, signal[..., with_it], weights[with_it])
    return Diffusion(adc=adc, image=np.nan_to_num(without), grid=grid, name=str(path), unit=1.0)


def adc_of(
    without: Float[np.ndarray, "x y z"],
    weighted: Float[np.ndarray, "x y z n"],
    weights: Float[np.ndarray, " n"],
) -> Float[np.ndarray, "x y z"]:
    """ADC in mm²/s of an unweighted image and ``weighted`` ones of b-values (n,), s/mm².

    Σ b·ln(S₀/S_b) / Σ b², 0 where a signal is not above 0.
    """
    seen = _tissue(without) & (weighted > 0).all(axis=3)
    safe = np.where(seen[..., None], weighted, 1.0)
    fallen = np.log(np.where(seen, without, 1.0))[..., None] - np.log(safe)
    slope = (fallen * weights).sum(axis=3) / np.square(weights).sum()
    return np.where(seen & (slope > 0), slope, 0.0)


def _tissue(without: Float[np.ndarray, "x y z"]) -> Bool[np.ndarray, "x y z"]:
    known = np.isfinite(without) & (without > 0)
    if not known.any():
        return known
    return np.asarray(known & (without > DARK * np.percentile(without[known], BRIGHT)))


def _weights(path: Path, volumes: int) -> Float[np.ndarray, " n"]:
    """The b-values beside a file. Raises InputError for none that fit."""
    beside = path.with_name(path.name.removesuffix(".gz").removesuffix(".nii") + ".bval")
    if not beside.exists():
        raise InputError(f"{path}: its b-values are expected in {beside.name} beside it")
    words = beside.read_text(encoding="utf-8").split()
    try:
        found = np.array([float(word) for word in words])
    except ValueError:
        raise InputError(
            f"{beside}: numbers are expected, found {' '.join(words)[:60]!r}"
        ) from None
    if found.size != volumes:
        raise InputError(
            f"{beside}: a b-value for each of {volumes} volumes is expected, found {found.size}"
        )
    for kind, some in (
        (f"without weighting (b up to {UNWEIGHTED:g} s/mm2)", found <= UNWEIGHTED),
        (f"with b from {LEAST:g} to {MOST:g} s/mm2", (found >= LEAST) & (found <= MOST)),
    ):
        if not some.any():
            raise InputError(f"{beside}: a volume {kind} is expected, found {found.tolist()}")
    return found
