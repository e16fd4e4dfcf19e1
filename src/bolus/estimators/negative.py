"""Where noise makes a volume negative: one rule for every method whose CBV is a ratio of areas."""

import numpy as np
from jaxtyping import Float


def not_negative(
    cbv: Float[np.ndarray, " n"], cbf: Float[np.ndarray, " n"], mtt: Float[np.ndarray, " n"]
) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    """CBF clamped to 0 or more, and MTT, NaN where CBV or CBF is not positive.

    The area under a noisy curve can be negative. CBV keeps its sign, so that the mean over a region
    stays that of its area. CBF = CBV/MTT would be hugely negative in such voxels, at the
    shortest MTT a method knows, and rule the mean over a region; a flow below 0 does not exist.
    How this was chosen: docs/methods.md.
    """
    known = np.isfinite(mtt) & (mtt > 0) & (cbv > 0) & (cbf > 0)
    return np.maximum(cbf, 0), np.where(known, mtt, np.nan).astype(mtt.dtype)
