"""By what method maps are made."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from bolus.base.options import option

if TYPE_CHECKING:
    from bolus.estimators import Estimator


def methods(start: str) -> list[str]:
    """Names of methods that begin so, for shell completion."""
    from bolus.estimators import EVERY_METHOD

    return [name for name in EVERY_METHOD if name.startswith(start)]


@dataclass(frozen=True, kw_only=True)
class Estimation:
    """By what method."""

    panel: ClassVar[str] = "Method"

    method: str | None = option(
        None,
        "--method",
        "-m",
        metavar="NAME",
        complete=methods,
        help="joint (default, all voxels together), phae or bayes (slow), with uncertainty; "
        "osvd, csvd, svd, tikhonov, tikhonov-fixed, svd-pws, vascular, cpi, spinned, "
        "phae-paper, or pinn (slow: a few slices).",
    )
    weights: Path | None = option(
        None, "--weights", metavar="FILE", help="Weights made by bolus train."
    )
    patient_prior: bool = option(
        True,
        "--patient-prior/--no-patient-prior",
        help="With joint: learn what tissue the patient has from all voxels.",
    )
    spatial: bool = option(
        True, "--spatial/--no-spatial", help="With joint: let neighbouring voxels help."
    )
    any_size: bool = option(
        False,
        "--any-size/--no-any-size",
        help="With pinn: train on any number of voxels, however long it takes.",
    )

    def chosen(self) -> "str | Estimator":
        """The method, as configured. Raises MethodError and WeightsError."""
        from bolus.patient.methods import method_or_weights, of_any_size, with_prior

        plain = method_or_weights(self.method, self.weights)
        if self.any_size:
            plain = of_any_size(plain)
        return with_prior(plain, population=self.patient_prior, spatial=self.spatial)
