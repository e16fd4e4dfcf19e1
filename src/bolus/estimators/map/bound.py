"""A method whose answer is the most probable parameters of a model, bound to an arterial input."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from bolus.data import Perfusion
from bolus.estimators.fit import Fit
from bolus.estimators.map.curves import CurveFit, Fitted

Response = Callable[[Float[np.ndarray, " p"]], tuple[np.ndarray, np.ndarray]]
"""Parameters of a voxel → rising times (l,) in s and the impulse response there (l,) in 1/s."""


@dataclass(frozen=True, eq=False)
class BoundMap:
    """Maximum a posteriori fit of one arterial input, and what of it is perfusion and response.

    ``perfusion`` makes it of fitted curves, in the precision ``dtype``.
    """

    fitted: CurveFit
    dtype: np.dtype
    perfusion: Callable[[Fitted, np.dtype], Perfusion]
    response: Response

    def __call__(
        self, tissue: Float[np.ndarray, "voxels t"], noise_sd: np.ndarray | None = None
    ) -> Perfusion:
        """Perfusion with a posterior; noise_sd (voxels, t) or (voxels, 1) in the curves' unit."""
        return self.perfusion(self.fitted(tissue, noise_sd), self.dtype)

    def fit(self, curve: Float[np.ndarray, "1 t"], noise_sd: np.ndarray | None = None) -> Fit:
        """The curve of the maximum with the offset that is free in the fit, and its response."""
        fitted = self.fitted(curve, noise_sd)
        return Fit(
            self.perfusion(fitted, self.dtype),
            (self.fitted.scale * fitted.found.curves[0]).astype(self.dtype),
            *self.response(fitted.found.theta[0]),
        )
