"""What a model of contrast agent leakage is: how it corrects curves, and how it is named."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float, Int

from bolus.data.codes import Concept
from bolus.data.description import Citation


@dataclass(frozen=True, eq=False)
class LeakagePlaces:
    """Where curves were measured: ``index`` (n, 3) on the grid, and which are ``tumor`` (n,)."""

    index: Int[np.ndarray, "n three"]
    tumor: Bool[np.ndarray, " n"]


class LeakageProblem(NamedTuple):
    """What a leakage model is given.

    ``tissue`` (n, t) are finite concentration curves with baseline noise ``noise_sd`` (n,), in the
    unit of ``reference`` (t,), the mean curve of brain that does not leak, and of the arterial
    input ``aif`` (t,). ``dt`` and ``te`` in s; ``te`` is 1 for curves of TE·ΔR2*.
    ``places`` is None for curves of which it is not known where they were measured.
    """

    tissue: Float[np.ndarray, "n t"]
    noise_sd: Float[np.ndarray, " n"]
    reference: Float[np.ndarray, " t"]
    aif: Float[np.ndarray, " t"]
    dt: float
    te: float
    places: LeakagePlaces | None = None


class LeakageEstimate(NamedTuple):
    """K2 (n,) in 1/s, and ``taken`` (n, t), what leakage took off the curves, in their unit.

    ``area_sd`` (n,) is the SD of the area of ``taken``, in that unit times s; None: not known.
    """

    k2: Float[np.ndarray, " n"]
    taken: Float[np.ndarray, "n t"]
    area_sd: Float[np.ndarray, " n"] | None = None


@runtime_checkable
class LeakageModel(Protocol):
    """A model of leakage: a frozen object that also says what every output says of it."""

    @property
    def name(self) -> str:
        """What the command line, the summary and the sidecars call it."""
        ...

    @property
    def sentence(self) -> str:
        """The rest of 'Curves were corrected for leakage of contrast agent …', without a full stop.

        It cites by ``[key]``, a key of ``citations``.
        """
        ...

    @property
    def citations(self) -> dict[str, Citation]:
        """Key → publication, for every one that ``sentence`` cites."""
        ...

    @property
    def code(self) -> Concept:
        """What DICOM's parametric maps say of how they were measured."""
        ...

    def fit(self, problem: LeakageProblem) -> LeakageEstimate:
        """K2 (CAPLEX Q.LC1.002) of every curve, > 0 where T1 shortens and the signal rises."""
        ...
