"""Methods that only a study compares: the published study's program, and its other residues."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from bolus.estimators import Estimator
from bolus.estimators.protocol import Capabilities, CurveScale
from bolus.estimators.spectral.methods import CAUSAL, truncation
from bolus.estimators.spectral.problem import Toeplitz
from bolus.estimators.spectral.solve import Bank, Spectral, by_the_first


@dataclass(frozen=True)
class PlainSVD:
    """Truncated SVD of the causal matrix of rectangle sums: PWS's, where ``svd`` weighs samples.

    Singular values under ``threshold``·σmax are dropped; moved by delay. With one fixed
    λ for Tikhonov it is what the program of the published study has for oSVD and an L-curve.
    """

    threshold: float = 0.2

    capabilities: ClassVar[Capabilities] = CAUSAL

    def bind(self, aif: Float[np.ndarray, " t"], dt: float, *, like: CurveScale) -> Spectral:
        """Its matrices for one arterial input, in the precision of ``like``."""
        problem = Toeplitz(aif, dt, volterra=False)
        bank = Bank.of(problem, truncation(problem.s, self.threshold)[None], like.dtype)
        return Spectral(problem, bank, by_the_first)


EXTRA: dict[str, Estimator] = {"svd-pws": PlainSVD()}
"""Name in a study → estimator."""
RESIDUES = {"phae-paper-exponential": "exponential", "phae-paper-gamma": "gamma"}
"""Name in a study → residue that ``phae-paper`` is trained with in place of the Lorentzian; the
published study found no significant change."""
