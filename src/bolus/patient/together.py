"""What a method that estimates the voxels of a patient together is told of them."""

import numpy as np
from jaxtyping import Float

from bolus.data import TissueCurves
from bolus.estimators import Estimator, Places, sample_noise
from bolus.patient.measure import Measured
from bolus.patient.timing import lateness
from bolus.physics import noise_gain


def among_others(
    chosen: Estimator, measured: Measured, curves: TissueCurves
) -> tuple[Places, Float[np.ndarray, "n t"]]:
    """Where and when the voxels of the mask were measured, and the noise of every sample.

    The noise of a sample grows as the signal falls; it is infinite in censored samples.
    """
    series, tissue = measured.series, curves.curves
    late = lateness(series, measured.aif)
    noise_sd = sample_noise(chosen, curves.noise_sd, series)
    gain = noise_gain(np.maximum(tissue, 0), series.te or 1.0)
    noise = noise_sd.reshape(len(tissue), -1) * gain
    index = np.argwhere(series.mask)
    return Places(index, series.grid.shape, late if late.any() else None), noise
