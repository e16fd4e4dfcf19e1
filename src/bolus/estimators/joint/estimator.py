"""The method ``joint``: a grid posterior of every voxel, with a prior learned from them all."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from bolus.data import Description, Perfusion
from bolus.data.quantities import ALONE, MTT_ALONE
from bolus.estimators.baseline import baseline_noise
from bolus.estimators.fit import Fit, parametric_response
from bolus.estimators.joint.among import Known, alone, among_others
from bolus.estimators.joint.amplitude import loose, of_patient
from bolus.estimators.joint.blocks import Curves, Level
from bolus.estimators.joint.dispersion import LOOSE
from bolus.estimators.joint.noise import weights
from bolus.estimators.joint.posterior import RESIDUE_SD, one_voxel, perfusion
from bolus.estimators.joint.templates import RESIDUE, Undispersed, undispersed
from bolus.estimators.papers import BOVY, MOURIDSEN
from bolus.estimators.protocol import Capabilities, CurveScale, Places


@dataclass(frozen=True)
class Joint:
    """Posterior of CBV, CBF, MTT and delay of a voxel, given the patient's other voxels.

    The forward model C = CBF·AIF ⊗ R(t − delay) with a Weibull residue, on a grid of MTT, delay
    and shape, with the amplitude and a constant integrated out. Of loose curves each is estimated
    alone, with any tissue as likely as another. Of a patient's voxels (``together``) one dispersion
    of the arterial input, one shape of residue and a ``population`` of tissue are learned first,
    with a share that stays open, and with ``spatial`` a voxel's prior is drawn to what its
    neighbours say, where they agree. What residues leave unknown of all voxels alike is in their
    intervals (RESIDUE_SD).

    Source: Bayes' theorem on the forward model, Mouridsen et al., Neuroimage 2006;33:570; the
    population by the EM of Bovy et al., Ann Appl Stat 2011;5:1657.
    """

    population: bool = True
    spatial: bool = True

    capabilities: ClassVar[Capabilities] = Capabilities(
        posterior=True,
        delay=True,
        censoring=True,
        positive=True,
        joint=True,
        response="model",
    )
    description: ClassVar[Description] = Description(
        sentence="the posterior of each voxel on a grid of transit times, delays and residue "
        "shapes [bayes], under a population of tissue learned from all voxels of the patient "
        "[population] and its neighbours{chosen}",
        citations={"bayes": MOURIDSEN, "population": BOVY},
    )

    def bind(self, aif: Float[np.ndarray, " t"], dt: float, *, like: CurveScale) -> "BoundJoint":
        """The templates of one arterial input; answers are in the precision of ``like``."""
        scale = float(aif.max())
        return BoundJoint(self, aif, scale, undispersed(aif / scale, dt), like.dtype)


@dataclass(frozen=True, eq=False)
class BoundJoint:
    """``Joint`` bound to the arterial input ``aif``, whose highest value is ``scale``."""

    options: Joint
    aif: Float[np.ndarray, " t"]
    scale: float
    curves: Undispersed
    dtype: np.dtype

    def __call__(
        self, tissue: Float[np.ndarray, "voxels t"], noise_sd: np.ndarray | None = None
    ) -> Perfusion:
        """Perfusion of loose curves, each alone; noise_sd (voxels, t) or (voxels, 1)."""
        return self._perfusion(self._loose(tissue, noise_sd), None, together=False)

    def fit(self, curve: Float[np.ndarray, "1 t"], noise_sd: np.ndarray | None = None) -> Fit:
        """The best template of a loose curve, with the offset that is free."""
        known = self._loose(curve, noise_sd)
        answer = self._perfusion(known, None, together=False)
        return Estimated(answer, known, self.scale).fit(0)

    def together(
        self,
        tissue: Float[np.ndarray, "voxels t"],
        noise_sd: np.ndarray | None,
        places: Places,
    ) -> "Estimated":
        """The voxels of one patient that lie at ``places``."""
        curves = self._curves(tissue, noise_sd, np.float32)
        near = places if self.options.spatial else None
        if self.options.population:
            voxels = Level(curves, places)
            known = among_others(voxels, self.aif, self.curves, spatial=self.options.spatial)
        else:
            known = alone(curves, self.curves.dispersed(LOOSE), places.late)
        answer = self._perfusion(known, near, together=self.options.population)
        return Estimated(answer, known, self.scale)

    def _loose(self, tissue: np.ndarray, noise_sd: np.ndarray | None) -> Known:
        curves = self._curves(tissue, noise_sd, np.float64)
        return alone(curves, self.curves.dispersed(LOOSE), None)

    def _curves(
        self, tissue: np.ndarray, noise_sd: np.ndarray | None, dtype: type[np.floating]
    ) -> Curves:
        sd = baseline_noise(tissue, self.aif) if noise_sd is None else noise_sd
        curves = Curves((tissue / self.scale).astype(dtype), (sd / self.scale).astype(dtype))
        return curves.uncensored()

    def _perfusion(self, known: Known, near: Places | None, *, together: bool) -> Perfusion:
        found = known.found
        volume = of_patient(found, near, known.points) if together else loose(found)
        answer = perfusion(found, volume, self.dtype, RESIDUE_SD if together else 0.0)
        own = {ALONE: found.volume, MTT_ALONE: np.exp(found.middle[:, 0])} if together else {}
        further = {name: values.astype(self.dtype) for name, values in own.items()}
        residual = (answer.residual * self.scale).astype(self.dtype)
        return answer._replace(residual=residual, further=further)


@dataclass(frozen=True, eq=False)
class Estimated:
    """The ``perfusion`` of voxels whose unit is ``scale``, and what is ``known`` of them."""

    perfusion: Perfusion
    known: Known
    scale: float

    def fit(self, row: int) -> Fit:
        """The best template of a curve, with the offset that is free; perfusion is the voxel's."""
        found, voxels = self.known.found, self.known.voxels
        table = voxels.table
        form, mtt, delay = (int(n) for n in found.best[row])
        places = np.array([mtt]), np.array([delay])
        log_mtt, late, log_shape = table.cells(*places)[form]
        if voxels.late is not None:
            late += voxels.late[row]
        volume = float(found.amplitude[row])
        made = volume * table.curves(*places)[form]
        weight = weights(voxels.noise.shape[row : row + 1], table.frames)
        made = made + np.average(voxels.tissue[row] - made, weights=weight)
        span, shape = float(np.exp(log_mtt)), float(np.exp(log_shape))
        response = parametric_response(volume / span, span, float(late), RESIDUE, shape)
        dtype = self.perfusion.cbv.dtype
        return Fit(one_voxel(self.perfusion, row), (self.scale * made).astype(dtype), *response)
