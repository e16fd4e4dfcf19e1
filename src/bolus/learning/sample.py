"""What and how much a network is trained on."""

from dataclasses import dataclass

from bolus.data import InputError, LeakageCorrection, Preparation

VALIDATION, VOXELS = 0.2, 8192
"""Share of a cohort that is held out, and most voxels of a series, if nothing else is said."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What and how much is trained on; None is the preset's own.

    ``voxels`` are the most of each series or simulated patient. ``validation`` is the share of a
    cohort's patients that is held out. ``patients`` are simulated, for presets that simulate
    whole patients; a cohort has those it has. ``epochs`` and ``batch`` (voxels or slices, where
    the recipe has such) go before the recipe's own. ``target`` is the method whose maps a
    surrogate learns. ``smoke``: seconds of work that show that all parts work; the weights are
    marked, and ``read_weights`` refuses them.
    ``preparation`` is that of a cohort's series, None that of ``bolus maps``: head motion is
    corrected, and leakage is not, for nobody says where the tumours are.

    Raises InputError for numbers that make no sense.
    """

    voxels: int | None = None
    validation: float | None = None
    patients: int | None = None
    epochs: int | None = None
    batch: int | None = None
    preparation: Preparation | None = None
    target: str | None = None
    smoke: bool = False

    def __post_init__(self) -> None:
        for name in ("voxels", "patients", "epochs", "batch"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InputError(f"{name}: 1 or more is expected, found {value}")
        if self.validation is not None and not 0 <= self.validation < 1:
            raise InputError(
                f"the share for validation is from 0 to below 1, found {self.validation:g}"
            )

    def share(self) -> float:
        """Share of a cohort's patients that is held out."""
        return VALIDATION if self.validation is None else self.validation

    def prepared(self) -> Preparation:
        """How a cohort's series are prepared."""
        if self.preparation is not None:
            return self.preparation
        return Preparation(leakage=LeakageCorrection(use=False))

    def most(self) -> int:
        """Most voxels of a series of a cohort."""
        return VOXELS if self.voxels is None else self.voxels
