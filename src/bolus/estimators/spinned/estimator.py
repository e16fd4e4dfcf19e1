"""The method ``spinned``: a network trained on simulation deconvolves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar, NamedTuple

import numpy as np
from jaxtyping import Float

from bolus.data import CurveError, Description, Perfusion, WeightsError
from bolus.estimators.baseline import baseline_noise
from bolus.estimators.blocks import in_blocks
from bolus.estimators.fit import BEFORE, Fit
from bolus.estimators.papers import ASADUDDIN
from bolus.estimators.protocol import Capabilities, CurveScale
from bolus.estimators.spinned.decoder import HatCurves
from bolus.estimators.spinned.inputs import Grid, scaled
from bolus.estimators.spinned.network import AREAS, NODES, respond_shared, shapes
from bolus.estimators.weights import Weights, hidden_widths, shipped_weights

KIND = "spinned"
SHORTEST_TR, LONGEST_TR, SHORTEST_SCAN = 0.45, 3.3, 38.0
"""What scans the network was trained on, s, with a small margin."""
ROWS = 1024
TRUST, SMALLEST = 0.2, 0.2
"""Relative SD of the size that the network says, and the least share of it that is believed."""
QUIETEST = 1e-6
"""Least variance of the noise over the energy of a curve."""


@dataclass(frozen=True)
class Spinned:
    """Simulation-trained deconvolution: tissue curve and arterial input → residue function.

    A multilayer perceptron sees both on a grid of a second and says CBF, the delay and the residue
    at NODES, which falls from 1; all of it was learned from simulated residues, arterial inputs
    and noise. Its size is drawn to what fits the curve best by least squares, the more the less the
    noise. MTT is the residue's area, CBV = CBF·MTT, Tmax is the delay. No posterior.

    Source: the idea of SPINNED, Asaduddin et al., Magn Reson Med 2024;92:1205; its network,
    simulation and weights are not public, and these are not they.
    """

    weights: Weights = field(default_factory=partial(shipped_weights, KIND))

    capabilities: ClassVar[Capabilities] = Capabilities(
        delay=True, response="model", linear=True, positive=True
    )
    description: ClassVar[Description] = Description(
        sentence="a network that was trained on simulated residue functions, arterial inputs and "
        "noise to deconvolve, after the idea of SPINNED [spinned]{chosen}",
        citations={"spinned": ASADUDDIN},
    )

    def __post_init__(self) -> None:
        if self.weights.kind != KIND:
            raise WeightsError(f"these are weights of '{self.weights.kind}', expected '{KIND}'")
        self.weights.check_shapes(shapes(hidden_widths(self.weights)))

    def bind(self, aif: Float[np.ndarray, " t"], dt: float, *, like: CurveScale) -> "BoundSpinned":
        """The grid and decoder of one arterial input, in the precision of ``like``.

        Raises CurveError for a scan unlike those it was trained on: TR 0.5–3 s, 40 s or longer.
        """
        if not (SHORTEST_TR <= dt <= LONGEST_TR and aif.size * dt >= SHORTEST_SCAN):
            raise CurveError(
                f"{KIND} is trained for a TR of 0.5 to 3 s and scans of 40 s or more, found "
                f"{dt:g} s and {aif.size * dt:g} s; 'osvd' takes any"
            )
        return BoundSpinned(
            aif=aif,
            grid=Grid.of(aif, dt),
            decoder=HatCurves.of(aif, dt, like.dtype),
            parameters={k: v.astype(like.dtype) for k, v in self.weights.tensors.items()},
        )


class _Said(NamedTuple):
    """CBF (n,) in 1/s, delay and MTT (n,) in s, residue (n, NODES), and the decoded curves."""

    cbf: Float[np.ndarray, " n"]
    delay: Float[np.ndarray, " n"]
    mtt: Float[np.ndarray, " n"]
    residue: Float[np.ndarray, "n nodes"]
    curves: Float[np.ndarray, "n t"]


@dataclass(frozen=True, kw_only=True, eq=False)
class BoundSpinned:
    """``Spinned`` bound to the arterial input ``aif``."""

    aif: Float[np.ndarray, " t"]
    grid: Grid
    decoder: HatCurves
    parameters: Mapping[str, np.ndarray]

    def __call__(
        self, tissue: Float[np.ndarray, "voxels t"], noise_sd: np.ndarray | None = None
    ) -> Perfusion:
        """Perfusion without posterior; noise_sd (voxels, t) or (voxels, 1) in the curves' unit."""

        def block(curves: np.ndarray, sd: np.ndarray) -> tuple[np.ndarray, ...]:
            said = self._said(curves, sd)
            left = curves - said.curves
            return said.cbf, said.mtt, said.delay, np.sqrt(np.mean(np.square(left), axis=1))

        cbf, mtt, delay, residual = in_blocks(
            block, tissue, self._noise(tissue, noise_sd), size=ROWS
        )
        return Perfusion(
            cbv=cbf * mtt, cbf=cbf, mtt=mtt, tmax=delay, delay=delay, residual=residual
        )

    def fit(self, curve: Float[np.ndarray, "1 t"], noise_sd: np.ndarray | None = None) -> Fit:
        """The decoded curve, and the residue at the nodes times CBF."""
        said = self._said(curve, self._noise(curve, noise_sd))
        start = float(said.delay[0])
        return Fit(
            self(curve, noise_sd),
            said.curves[0],
            start + np.concatenate([[-BEFORE, 0.0], NODES, NODES[-1:]]),
            np.concatenate([[0.0, 0.0], said.cbf[0] * said.residue[0], [0.0]]),
        )

    def _noise(self, tissue: np.ndarray, noise_sd: np.ndarray | None) -> np.ndarray:
        given = baseline_noise(tissue, self.aif) if noise_sd is None else noise_sd
        return given.mean(axis=1, keepdims=True)

    def _said(self, curves: np.ndarray, sd: np.ndarray) -> _Said:
        """What the network says, its size drawn to what fits the curve best."""
        own, scale = scaled(curves, self.grid)
        said = respond_shared(self.parameters, own, self.grid.known.astype(curves.dtype))
        cbf = np.exp(said.log_flow) * scale / curves.dtype.type(self.grid.area)
        decoded = self.decoder(cbf, said.delay, said.residue)
        size = _size(curves, decoded, sd)
        mtt = said.residue @ AREAS.astype(curves.dtype)
        return _Said(size * cbf, said.delay, mtt, said.residue, size[:, None] * decoded)


def _size(
    curves: Float[np.ndarray, "n t"], decoded: Float[np.ndarray, "n t"], sd: np.ndarray
) -> Float[np.ndarray, " n"]:
    """Factor (n,) of the decoded curves: least squares, the error of S0 free, about 1 ± TRUST."""
    centred = decoded - decoded.mean(axis=1, keepdims=True)
    energy = np.einsum("ij,ij->i", centred, centred)
    variance = np.maximum(np.square(sd[:, 0]), QUIETEST * energy)
    weight = TRUST**2 / np.maximum(variance, np.finfo(sd.dtype).tiny)
    size = (1 + weight * np.einsum("ij,ij->i", centred, curves)) / (1 + weight * energy)
    return np.maximum(size, SMALLEST).astype(curves.dtype)
