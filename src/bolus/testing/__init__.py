"""Laws for authors: what a residue, an estimator or a leakage model of one's own must hold to.

``check_residue``, ``check_estimator`` and ``check_leakage_model`` run every law that there is and
raise ``LawError`` at the first that does not hold, with what was found and expected. The laws are
also there one by one, in RESIDUE_LAWS, ESTIMATOR_LAWS and LEAKAGE_LAWS, for a test each::

    @pytest.mark.parametrize("law", ESTIMATOR_LAWS)
    def test_law(law):
        law(MyEstimator())

The package's own residues, methods and models are tested by the same laws.
"""

from bolus.testing.cases import Case, gamma_variate, mixture
from bolus.testing.estimator import ESTIMATOR_LAWS, check_estimator
from bolus.testing.law import LawError
from bolus.testing.leakage import LEAKAGE_LAWS, check_leakage_model
from bolus.testing.residue import RESIDUE_LAWS, check_residue

__all__ = [
    "ESTIMATOR_LAWS",
    "LEAKAGE_LAWS",
    "RESIDUE_LAWS",
    "Case",
    "LawError",
    "check_estimator",
    "check_leakage_model",
    "check_residue",
    "gamma_variate",
    "mixture",
]
