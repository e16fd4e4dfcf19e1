"""The method ``phae-paper``: the published autoencoder on new curves."""

from dataclasses import dataclass, field
from functools import partial

import numpy as np
from jaxtyping import Float

from bolus.data import Perfusion, WeightsError
from bolus.estimators.blocks import in_blocks
from bolus.estimators.phae.paper.config import PaperConfig
from bolus.estimators.phae.weights import Weights, shipped_weights
from bolus.physics import RESIDUES, blood_flow, blood_volume, tissue_curve

KINDS = ("phae-paper", "spinned")
ROWS = 1024


@dataclass(frozen=True)
class PhaePaper:
    """The published autoencoder: MTT from a convolutional encoder, CBV = ∫C/∫AIF, CBF = CBV/MTT.

    It knows neither delay nor repetition time: tissue that arrives late, or a TR it was not
    trained at, bias it. No posterior and no delay; every residue it decodes is highest at once,
    so Tmax is 0. Weights of its supervised twin (kind 'spinned') run just the same. Needs torch,
    which is loaded at the first call.
    """

    weights: Weights = field(default_factory=partial(shipped_weights, "phae-paper"))

    def __post_init__(self) -> None:
        if self.weights.kind not in KINDS:
            raise WeightsError(
                f"these are weights of '{self.weights.kind}', expected {' or '.join(KINDS)}"
            )
        self.weights.check_shapes(PaperConfig.from_dict(self.weights.config).shapes())

    def __call__(
        self,
        tissue: Float[np.ndarray, "voxels t"],
        aif: Float[np.ndarray, " t"],
        dt: float,
        noise_sd: np.ndarray | None = None,
    ) -> Perfusion:
        """Perfusion without posterior; the noise is not used."""
        from bolus.estimators.phae.paper.inference import estimate_mtt, load_encoder

        config = PaperConfig.from_dict(self.weights.config)
        encoder = load_encoder(self.weights)
        peak = max(float(aif.max()), float(tissue.max(initial=0.0)))
        mtt = estimate_mtt(encoder, tissue.astype(np.float32), aif, peak).astype(tissue.dtype)
        cbv = blood_volume(tissue, aif).astype(tissue.dtype)
        cbf = blood_flow(cbv, mtt)

        def misfit(curves: np.ndarray, flow: np.ndarray, transit: np.ndarray) -> tuple[np.ndarray]:
            extra = {"shape": config.gamma_shape} if config.residue == "gamma" else {}
            rebuilt = tissue_curve(
                aif.astype(curves.dtype),
                dt,
                flow,
                transit,
                RESIDUES[config.residue],
                np.zeros_like(transit),
                quadrature=config.quadrature,
                **extra,
            )
            return (np.sqrt(np.mean(np.square(curves - rebuilt), axis=1)),)

        nothing = np.full_like(mtt, np.nan)
        return Perfusion(
            cbv=cbv,
            cbf=cbf,
            mtt=mtt,
            tmax=np.zeros_like(mtt),
            delay=nothing,
            residual=in_blocks(misfit, tissue, cbf, mtt, size=ROWS)[0] if mtt.size else nothing,
        )
