"""Standardised rCBV: blood volume on a fixed scale, without a reference region."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from bolus.tissue.classes import TissueError

PERCENTILES = (20.0, 40.0, 60.0, 80.0)
"""Landmarks of the histogram of CBV in the brain."""
STANDARD = (1.106, 1.471, 1.803, 2.119)
"""Their mean place where normal white matter is 1, on simulated adult patients at SNR 30 to 100
(development seeds)."""
LANDMARKS = 0.04
"""SD of the log of the scale between patients, by which landmarks lie elsewhere."""
LEAST = 500
"""Voxels of a histogram at least."""


class Standardised(NamedTuple):
    """The map (x, y, z), and by what a small change of CBV is multiplied there."""

    volume: Float[np.ndarray, "x y z"]
    slope: Float[np.ndarray, "x y z"]


def standardised(
    volume: Float[np.ndarray, "x y z"], brain: Bool[np.ndarray, "x y z"]
) -> Standardised:
    """CBV (x, y, z) on the standard scale, by landmarks of its histogram in ``brain``.

    PERCENTILES of the brain's CBV (without the lesion, best) are brought to STANDARD, linearly in
    between and in proportion beyond. 1 is adult normal white matter. Source: Bedekar, Jensen and
    Schmainda, Magn Reson Med 2010;64:913; Nyúl, Udupa and Zhang, IEEE Trans Med Imaging
    2000;19:143. The landmarks are ours.

    Raises TissueError for a brain of fewer than LEAST voxels with a value, and for landmarks that
    do not rise from above 0.
    """
    values = volume[brain & np.isfinite(volume)].astype(float)
    if values.size < LEAST:
        raise TissueError(
            f"no standardised CBV: {values.size} voxels of brain outside the lesion have a CBV, "
            f"{LEAST} are needed"
        )
    own = np.percentile(values, PERCENTILES)
    if not (own[0] > 0 and (np.diff(own) > 0).all()):
        raise TissueError(
            "no standardised CBV: landmarks of the histogram that rise from above 0 are expected, "
            f"found {', '.join(f'{one:.3g}' for one in own)}"
        )
    standard = np.array(STANDARD)
    low, high = standard[0] / own[0], standard[-1] / own[-1]
    slopes = np.concatenate([[low], np.diff(standard) / np.diff(own), [high]])
    slope = slopes[np.searchsorted(own, np.nan_to_num(volume))]
    inside = np.interp(np.nan_to_num(volume), own, standard)
    found = np.where(
        volume < own[0], low * volume, np.where(volume > own[-1], high * volume, inside)
    )
    found = np.where(np.isfinite(volume), found, np.nan)
    return Standardised(found.astype(np.float32), slope.astype(np.float32))
