"""The method ``phae-paper``: the published autoencoder on new curves."""

from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from bolus.data import Description, Perfusion, WeightsError
from bolus.estimators.blocks import in_blocks
from bolus.estimators.fit import Fit, parametric_response
from bolus.estimators.negative import not_negative
from bolus.estimators.paper.config import PaperConfig
from bolus.estimators.paper.inference import Encoder, estimate_mtt, load_encoder
from bolus.estimators.papers import PHAE
from bolus.estimators.protocol import Capabilities, CurveScale
from bolus.estimators.weights import Weights, shipped_weights
from bolus.physics import blood_flow, blood_volume

KIND = "phae-paper"
ROWS = 1024


@dataclass(frozen=True)
class PhaePaper:
    """The published autoencoder: MTT from a convolutional encoder, CBV = ∫C/∫AIF, CBF = CBV/MTT.

    It knows neither delay nor repetition time: tissue that arrives late, or a TR it was not
    trained at, bias it. No posterior and no delay; every residue it decodes is highest at once,
    so Tmax is 0.
    """

    weights: Weights = field(default_factory=partial(shipped_weights, KIND))

    capabilities: ClassVar[Capabilities] = Capabilities(
        response="model", area=True, subject_scale=True, single_precision=True
    )
    description: ClassVar[Description] = Description(
        sentence="the published physics-informed autoencoder with a Lorentzian residue function "
        "[phae]{chosen}; CBV was the ratio of the areas of tissue curve and arterial input, and "
        "CBF = CBV/MTT",
        citations={"phae": PHAE},
    )

    def __post_init__(self) -> None:
        if self.weights.kind != KIND:
            raise WeightsError(f"these are weights of '{self.weights.kind}', expected '{KIND}'")
        self.weights.check_shapes(PaperConfig.from_dict(self.weights.config).shapes())

    def bind(self, aif: Float[np.ndarray, " t"], dt: float, *, like: CurveScale) -> "BoundPaper":
        """The network ready for one subject: it sees curves over the highest of all."""
        return BoundPaper(
            encoder=load_encoder(self.weights),
            config=PaperConfig.from_dict(self.weights.config),
            aif=aif,
            dt=dt,
            peak=max(float(aif.max()), like.peak),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class BoundPaper:
    """``PhaePaper`` bound to an arterial input, and curves none of which passes ``peak``."""

    encoder: Encoder
    config: PaperConfig
    aif: Float[np.ndarray, " t"]
    dt: float
    peak: float

    def __call__(
        self, tissue: Float[np.ndarray, "voxels t"], noise_sd: np.ndarray | None = None
    ) -> Perfusion:
        """Perfusion without posterior; the noise is not used."""
        transit, cbv, rate = self._estimate(tissue)
        cbf, mtt = not_negative(cbv, rate, transit)

        def misfit(curves: np.ndarray, flow: np.ndarray, transit: np.ndarray) -> tuple[np.ndarray]:
            left = curves - self._rebuilt(curves.dtype, flow, transit)
            return (np.sqrt(np.mean(np.square(left), axis=1)),)

        nothing = np.full_like(mtt, np.nan)
        return Perfusion(
            cbv=cbv,
            cbf=cbf,
            mtt=mtt,
            tmax=np.zeros_like(mtt),
            delay=nothing,
            residual=in_blocks(misfit, tissue, cbf, transit, size=ROWS)[0] if mtt.size else nothing,
        )

    def fit(self, curve: Float[np.ndarray, "1 t"], noise_sd: np.ndarray | None = None) -> Fit:
        """The decoded curve; its response begins at once."""
        perfusion, (mtt, _, _) = self(curve), self._estimate(curve)
        cbf = perfusion.cbf
        rebuilt = self._rebuilt(curve.dtype, cbf, mtt)[0]
        residue, shape = self.config.residue, self.config.shape
        told = parametric_response(float(cbf[0]), float(mtt[0]), 0.0, residue, shape)
        return Fit(perfusion, rebuilt, *told)

    def _estimate(self, tissue: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The encoder's MTT, CBV and their quotient, (voxels,) each."""
        single = estimate_mtt(self.encoder, tissue.astype(np.float32), self.aif, self.peak)
        mtt = single.astype(tissue.dtype)
        cbv = blood_volume(tissue, self.aif).astype(tissue.dtype)
        return mtt, cbv, blood_flow(cbv, mtt)

    def _rebuilt(
        self, dtype: np.dtype, flow: np.ndarray, transit: np.ndarray
    ) -> Float[np.ndarray, "voxels t"]:
        model = self.config.forward(self.aif.astype(dtype), self.dt)
        return np.asarray(model(flow, transit, np.zeros_like(transit), self.config.shape))
