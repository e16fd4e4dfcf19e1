"""What an estimator is: bound once to an arterial input, then called for any number of curves."""

from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int

from bolus.data import Description, Perfusion
from bolus.estimators.fit import Fit


@dataclass(frozen=True)
class CurveScale:
    """What curves a bound method is meant for.

    ``dtype`` is their precision, which is that of the answer; ``peak`` the highest value of all
    curves of the subject, in their unit (0 where none is positive). Most methods need no peak; one
    that sees curves over a subject-wide maximum must not take it from the few curves of one call.
    """

    dtype: np.dtype
    peak: float

    @classmethod
    def of(cls, tissue: Float[np.ndarray, "voxels t"]) -> "CurveScale":
        """That of all curves of a subject; those that are not finite must have been left out."""
        return cls(tissue.dtype, float(tissue.max(initial=0.0)))


@runtime_checkable
class Bound(Protocol):
    """A method bound to one arterial input: what depends on it alone has been computed."""

    def __call__(
        self, tissue: Float[np.ndarray, "voxels t"], noise_sd: np.ndarray | None = None
    ) -> Perfusion:
        """Perfusion of checked curves; noise_sd (voxels, t) or (voxels, 1) in the curves' unit."""
        ...


@runtime_checkable
class Explaining(Bound, Protocol):
    """A bound method that also says how it explains a curve."""

    def fit(self, curve: Float[np.ndarray, "1 t"], noise_sd: np.ndarray | None = None) -> Fit:
        """How one checked curve is explained; noise_sd (1, t) or (1, 1) in the curve's unit."""
        ...


@dataclass(frozen=True, eq=False)
class Places:
    """``index`` (n, 3): where each of n voxels lies on a grid of ``shape``.

    ``late`` (n,) are the seconds by which each is acquired after the arterial input; None: at once.
    """

    index: Int[np.ndarray, "n three"]
    shape: tuple[int, int, int]
    late: Float[np.ndarray, " n"] | None = None

    def some(self, rows: np.ndarray) -> "Places":
        """Those of some of the voxels."""
        late = None if self.late is None else self.late[rows]
        return Places(self.index[rows], self.shape, late)


@runtime_checkable
class Together(Protocol):
    """What a method makes of the voxels of a patient together."""

    @property
    def perfusion(self) -> Perfusion:
        """Perfusion of all voxels, in the order of their curves."""
        ...

    def fit(self, row: int) -> Fit:
        """How the curve of one of them is explained; its perfusion is that of the voxel."""
        ...


@runtime_checkable
class OfPatient(Bound, Protocol):
    """A bound method that can estimate the voxels of a patient together."""

    def together(
        self,
        tissue: Float[np.ndarray, "voxels t"],
        noise_sd: np.ndarray | None,
        places: Places,
    ) -> Together:
        """Checked curves that lie at ``places``; noise_sd as in the call."""
        ...


@runtime_checkable
class Estimator(Protocol):
    """Frozen data whose only duty is ``bind``; what else it can do, ``capabilities`` declares."""

    def bind(self, aif: Float[np.ndarray, " t"], dt: float, *, like: CurveScale) -> Bound:
        """The method ready for a checked arterial input (t,) sampled every ``dt`` s.

        ``like`` says what curves will come. Raises CurveError for a scan that it does not take.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What an estimator declares of itself; ``bolus.testing`` checks that it is true."""

    posterior: bool = False
    """It hands back a posterior of CBV, CBF and MTT, and so intervals and SD maps."""
    delay: bool = False
    """It estimates the delay of the tissue; the others leave it NaN."""
    delay_invariant: bool = False
    """A delay of whole frames between artery and tissue does not move its CBF."""
    censoring: bool = False
    """It weighs every sample by its own noise; one of infinite noise is censored, without weight.

    The others need samples at equal steps and take all of them alike.
    """
    response: Literal["samples", "model"] | None = None
    """What response it explains a curve by: the samples of a deconvolution, whose maximum is CBF,
    or a model's CBF·R(t − delay), whose area is CBV; None: its ``Bound`` has no ``fit``."""
    linear: bool = False
    """Twice the tissue is exactly twice CBV and CBF, and the same MTT."""
    positive: bool = False
    """CBV is never negative; the others follow noise to both sides of zero."""
    area: bool = False
    """CBV is the ratio of the areas of tissue curve and arterial input."""
    timeless: bool = False
    """It knows no time of its own: with another frame time only the unit of its answer changes."""
    subject_scale: bool = False
    """It sees curves over ``CurveScale.peak``, so that one voxel's answer depends on the others."""
    single_precision: bool = False
    """It computes in single precision, whatever it is given."""
    joint: bool = False
    """Its ``Bound`` is ``OfPatient``: voxels of one patient are estimated together, each with what
    the others say; loose curves are still each estimated alone, unless it needs ``places``."""
    places: bool = False
    """It takes the voxels of a patient only, with their places; loose curves are refused. Such a
    method is an entry of PATIENT_METHODS."""


def capabilities(estimator: object) -> Capabilities:
    """What an estimator declares in its class attribute ``capabilities``; by default nothing."""
    declared = getattr(estimator, "capabilities", Capabilities())
    if not isinstance(declared, Capabilities):
        raise TypeError(f"capabilities are a Capabilities, found {type(declared).__name__}")
    return declared


def description(estimator: object) -> Description | None:
    """What an estimator says of itself in its class attribute ``description``; None: nothing."""
    declared = getattr(estimator, "description", None)
    if declared is not None and not isinstance(declared, Description):
        raise TypeError(f"a description is a Description, found {type(declared).__name__}")
    return declared
