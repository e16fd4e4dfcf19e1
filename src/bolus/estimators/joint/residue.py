"""The shape of a patient's residue functions, which is seen in many voxels together."""

import numpy as np
from jaxtyping import Float
from scipy.special import softmax

from bolus.estimators.joint.gaussian import ANYTHING, Gaussian
from bolus.estimators.joint.moments import Voxels, log_likelihood
from bolus.estimators.joint.templates import NEVER, SHAPES

MEANS = np.log(np.geomspace(SHAPES[0], SHAPES[-1], 60))
"""Mean log shapes that a patient's residues may have …"""
SPREAD = 0.15
"""… and the SD of tissue around them."""
EXPECTED = (float(ANYTHING.mean[2]), float(np.sqrt(ANYTHING.covariance[2, 2])))
"""Mean and SD of patients' mean log shapes."""
OPEN = 0.2
"""Weight of any shape at all: what a curve may say is bounded by it."""
SURE = 0.05
"""What a curve is worth: errors of the model are the same in all."""
MIXED = 0.1
"""By which the log shape of tissue is above that of points, whose curves are means of tissue of
unlike transit times and delays, held against an arterial input between whose samples one does not
see. Chosen on 23 simulated brains, whose MTT is right in the median with it."""


def evidence_of_shape(voxels: Voxels) -> Float[np.ndarray, "n shapes"]:
    """Log likelihood of each of SHAPES in curves, at the best MTT and delay of their windows.

    Not the mean over them: shapes differ in how many transit times and delays fit a curve nearly as
    well, and that, added up over curves, would decide.
    """
    out = np.empty((len(voxels.tissue), SHAPES.size))
    for window in voxels.windows:
        held = voxels.scored(window)
        likely = np.where(held.seen, log_likelihood(held.score), NEVER)
        out[window.rows] = likely.reshape(len(likely), SHAPES.size, -1).max(axis=2)
    return out


def tissue_of(evidence: Float[np.ndarray, "n shapes"]) -> Gaussian:
    """Any tissue of a patient, from curves' log evidence of SHAPES: ANYTHING about another shape.

    A curve alone says little of the shape of its residue: one that is like a box with a short MTT
    looks like one with a tail and a longer MTT. A thousand say it well. The shapes are normally
    distributed about the patient's mean (SPREAD), but for outliers (OPEN).
    ANYTHING stays as wide as it is: with a narrower one late tissue is read as slower and earlier.
    """
    at = np.log(SHAPES)
    share = np.exp(-0.5 * ((at - MEANS[:, None]) / SPREAD) ** 2)
    share /= share.sum(axis=1, keepdims=True)
    seen = softmax(evidence, axis=1) @ share.T
    told = SURE * np.log((1 - OPEN) * seen + OPEN / SHAPES.size).sum(axis=0)
    weight = softmax(told - 0.5 * ((MEANS - EXPECTED[0]) / EXPECTED[1]) ** 2)
    mean = float(weight @ MEANS) + MIXED
    return Gaussian(np.array([*ANYTHING.mean[:2], mean]), ANYTHING.covariance)
