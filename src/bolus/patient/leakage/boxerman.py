"""The published leakage correction of Boxerman, Schmainda and Weisskoff."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bolus.data import Citation, LeakageEstimate, LeakageProblem
from bolus.data.codes import PRIVATE, Concept
from bolus.physics import leak_term, running_integral

BOXERMAN = Citation(
    "Boxerman JL, Schmainda KM, Weisskoff RM. Relative cerebral blood volume maps corrected for "
    "contrast agent extravasation significantly correlate with glioma tumor grade, whereas "
    "uncorrected maps do not. AJNR Am J Neuroradiol 2006;27:859–867.",
    "AJNR 2006;27:859",
)


@dataclass(frozen=True)
class Boxerman:
    """C ≈ K1·m − K2·∫m by least squares, m being the reference curve.

    Tissue that is slower or later than m looks leaky, and agent that has left never returns.
    Source: Boxerman et al., AJNR 2006;27:859.
    """

    name: ClassVar[str] = "bsw"
    sentence: ClassVar[str] = "after Boxerman, Schmainda and Weisskoff [boxerman]"
    citations: ClassVar[dict[str, Citation]] = {"boxerman": BOXERMAN}
    code: ClassVar[Concept] = Concept(
        "leakage-bsw", PRIVATE, "Leakage correction, Boxerman-Schmainda-Weisskoff"
    )

    def fit(self, problem: LeakageProblem) -> LeakageEstimate:
        """K2 of every curve and K2·∫m."""
        m = problem.reference
        design = np.stack([m, -running_integral(m, problem.dt)], axis=1)
        k2 = np.linalg.lstsq(design, problem.tissue.T.astype(float), rcond=None)[0][1]
        return LeakageEstimate(k2, np.asarray(leak_term(k2, m, problem.dt)))
