"""Smooth random fields: the natural variation of tissue, warps and heterogeneous tumours."""

import numpy as np
from jaxtyping import Bool, Float


def smooth_field(
    rng: np.random.Generator,
    shape: tuple[int, int, int],
    voxel: tuple[float, float, float],
    length: float,
    within: Bool[np.ndarray, "x y z"] | None = None,
) -> Float[np.ndarray, "x y z"]:
    """Gaussian random field of mean 0 and SD 1 over ``within`` (None: everywhere).

    ``voxel`` and the correlation ``length`` (the smoothing kernel's SD) in mm. A mask of fewer
    than two voxels, or a grid of one voxel, gives zeros.
    """
    from scipy.ndimage import gaussian_filter

    sigma = [length / edge for edge in voxel]
    noise = gaussian_filter(rng.standard_normal(shape), sigma, mode="reflect", truncate=3)
    inside = noise.ravel() if within is None else noise[within]
    if inside.size < 2:
        return np.zeros(shape)
    return (noise - inside.mean()) / max(float(inside.std()), 1e-12)
