"""The method ``pinn``: response functions of a patient by a network trained on that patient."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from bolus.base.extras import need
from bolus.data import CurveError, Description, InputError, MethodError, Perfusion
from bolus.data.perfusion import NUMBERS
from bolus.estimators.baseline import baseline_noise
from bolus.estimators.fit import Fit
from bolus.estimators.negative import not_negative
from bolus.estimators.papers import ROTKOPF
from bolus.estimators.pinn.convolution import convolution, response_times
from bolus.estimators.protocol import Capabilities, CurveScale, Places
from bolus.physics import blood_volume, transit_time
from bolus.physics.sampling import sampled_later

MILLISECONDS = 0.5
"""What a voxel took an epoch on one busy core: to say how long a volume would take."""
FLOW = 0.01
"""Unit of responses in the network, 1/s."""


@dataclass(frozen=True, kw_only=True)
class Pinn:
    """Physics-informed network of one patient: place and time → response CBF·R(t − delay).

    For every patient anew a network of Fourier features learns the response at every place and
    time, by the misfit of the response convolved with the arterial input (in units of the noise),
    total variation between neighbours, weighed ``variation``, and an elastic net, ``absolute`` and
    ``squared``. CBF is the response's maximum, CBV = ∫C/∫AIF, MTT = CBV/CBF, Tmax the time of the
    maximum. It takes the voxels of a patient, with their places; of loose curves it knows nothing.

    More voxels than ``most_voxels`` are refused, for the time they take; None takes any number.
    The same ``seed`` gives the same maps on the same machine and number of threads.

    Source: Rotkopf et al., Med Phys 2024 (September), whose network and weights of the loss are not
    public; those here are chosen.
    """

    variation: float = 0.3
    absolute: float = 0.01
    squared: float = 0.002
    epochs: int = 60
    learning_rate: float = 5e-3
    hidden: int = 96
    seed: int = 0
    most_voxels: int | None = 20_000

    capabilities: ClassVar[Capabilities] = Capabilities(
        joint=True, places=True, response="samples", area=True
    )
    description: ClassVar[Description] = Description(
        sentence="a physics-informed network that learned the response functions of this patient's "
        "voxels over space and time, with total variation and an elastic net [pinn]{chosen}; CBV "
        "was the ratio of the areas of tissue curve and arterial input, and MTT = CBV/CBF",
        citations={"pinn": ROTKOPF},
    )

    def __post_init__(self) -> None:
        weights = (self.variation, self.absolute, self.squared)
        if min(weights) < 0 or self.epochs < 1 or self.hidden < 1 or not self.learning_rate > 0:
            raise InputError(
                f"weights of the loss are 0 or more, epochs and hidden at least 1, found {self}"
            )

    def bind(self, aif: Float[np.ndarray, " t"], dt: float, *, like: CurveScale) -> "BoundPinn":
        """The forward model of one arterial input. Raises InputError where torch is missing."""
        need("torch", "the method 'pinn'")
        return BoundPinn(self, aif, dt, like.dtype)


@dataclass(frozen=True, eq=False)
class BoundPinn:
    """``Pinn`` bound to the arterial input ``aif``."""

    options: Pinn
    aif: Float[np.ndarray, " t"]
    dt: float
    dtype: np.dtype

    def __call__(
        self, tissue: Float[np.ndarray, "voxels t"], noise_sd: np.ndarray | None = None
    ) -> Perfusion:
        """Refused with MethodError: curves without places are no image."""
        raise MethodError("'pinn' is trained on the voxels of a patient and needs their places")

    def together(
        self,
        tissue: Float[np.ndarray, "voxels t"],
        noise_sd: np.ndarray | None,
        places: Places,
    ) -> "Learned":
        """Train on the voxels of one patient. Raises CurveError for more than ``most_voxels``."""
        most = self.options.most_voxels
        if most is not None and len(tissue) > most:
            hours = len(tissue) * MILLISECONDS * self.options.epochs / 3.6e6
            raise CurveError(
                f"{len(tissue)} voxels would train for about {hours:.2g} h on one core, more than "
                f"'pinn' does unasked ({most} voxels); give a mask of fewer slices, or --any-size "
                "(Pinn(most_voxels=None))"
            )
        from bolus.estimators.pinn.training import Loss, Measured, responses

        noise = baseline_noise(tissue, self.aif) if noise_sd is None else noise_sd
        curves = _at_once(tissue, places, self.dt)
        matrix = FLOW * convolution(self.aif, self.dt)
        unit = float(np.median(np.abs(tissue).max(axis=1, initial=0))) if tissue.size else 1.0
        level = float(np.median(noise)) if noise.size else 1.0
        weight = np.clip(np.square(level / noise), 0, 10)
        chosen, quiet = self.options, level / unit
        loss = Loss(
            variation=chosen.variation * quiet,
            absolute=chosen.absolute * quiet,
            squared=chosen.squared * quiet,
            epochs=chosen.epochs,
            learning_rate=chosen.learning_rate,
            hidden=chosen.hidden,
            seed=chosen.seed,
        )
        patient = Measured(
            curves / unit,
            np.broadcast_to(weight, tissue.shape),
            matrix / unit,
            places.index,
            places.shape,
        )
        found = FLOW * responses(patient, loss) if len(tissue) else np.empty((0, len(matrix)))
        return Learned.of(self, curves, found)


def _at_once(
    tissue: Float[np.ndarray, "n t"], places: Places, dt: float
) -> Float[np.ndarray, "n t"]:
    """Curves as if all slices had been acquired with the arterial input."""
    if places.late is None:
        return tissue.astype(float)
    curves = np.empty(tissue.shape)
    for late in np.unique(places.late):
        rows = places.late == late
        curves[rows] = sampled_later(tissue[rows].astype(float), -float(late), dt)
    return curves


@dataclass(frozen=True, eq=False)
class Learned:
    """What was learned of a patient: ``perfusion``, and responses (n, l) of its curves (n, t)."""

    perfusion: Perfusion
    rebuilt: Float[np.ndarray, "n t"]
    response: Float[np.ndarray, "n l"]
    times: Float[np.ndarray, " l"]

    @classmethod
    def of(
        cls,
        bound: BoundPinn,
        curves: Float[np.ndarray, "n t"],
        response: Float[np.ndarray, "n l"],
    ) -> "Learned":
        """Perfusion from the responses' maxima and the curves' areas."""
        times, dtype = response_times(bound.aif.size, bound.dt), bound.dtype
        rebuilt = response @ convolution(bound.aif, bound.dt)
        cbv, peak = blood_volume(curves, bound.aif), response.max(axis=1, initial=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            cbf, mtt = not_negative(cbv, peak, transit_time(cbv, peak))
        where = response.argmax(axis=1) if len(response) else np.empty(0, int)
        residual = np.sqrt(np.square(curves - rebuilt).mean(axis=1))
        nothing = np.full(len(curves), np.nan)
        answer = Perfusion(
            cbv.astype(dtype),
            cbf.astype(dtype),
            mtt.astype(dtype),
            times[where].astype(dtype),
            nothing.astype(dtype),
            residual.astype(dtype),
        )
        return cls(answer, rebuilt.astype(dtype), response, times)

    def fit(self, row: int) -> Fit:
        """The response of one voxel, and what it explains of the curve."""
        numbers = {name: getattr(self.perfusion, name)[row : row + 1] for name in NUMBERS}
        return Fit(Perfusion(**numbers), self.rebuilt[row], self.times, self.response[row])
