"""Connected components of a region: clusters of voxels, the small ones left out."""

import numpy as np
from jaxtyping import Bool


def without_small(
    region: Bool[np.ndarray, "x y z"], voxel: float, least: float
) -> Bool[np.ndarray, "x y z"]:
    """The clusters of a region (x, y, z) of at least ``least`` mL; those of a voxel are ``voxel``.

    Voxels that share a face belong to one cluster.
    """
    from scipy.ndimage import label

    if least <= voxel:
        return region.copy()
    clusters, _ = label(region)
    kept = np.bincount(clusters.ravel()) * voxel >= least
    kept[0] = False
    return np.asarray(kept[clusters])
